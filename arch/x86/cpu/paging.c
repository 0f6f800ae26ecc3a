/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables. All CPUs have the same. Made at boot, by
 * one CPU; from then on only entries of the fixed map change.
 */
#include <asm/contents.h>
#include <cpu/clear.h>
#include <cpu/fixed_map.h>
#include <cpu/image.h>
#include <cpu/layout.h>
#include <cpu/paging.h>
#include <cpu/ram_probe.h>
#include <cpu/registers.h>
#include <cpu/stacks.h>
#include <public/xen.h>
#include <x86/cpuid.h>
#include <x86/pte.h>
#include <xen/arch.h>
#include <xen/bootmem.h>
#include <xen/bug.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/page_table.h>
#include <xen/printk.h>

_Static_assert(DIRECT_MAP + DIRECT_MAP_SIZE +
                       (CONFIG_BIGMEM ? FRAME_TABLE_SIZE : 0) ==
                   HYPERVISOR_END,
               "the address map ends where the guests' begins");
_Static_assert(PTE_INDEX(GUESTS_M2P, 4) == HYPERVISOR_SLOT_FIRST &&
                   PTE_INDEX(HYPERVISOR_END, 4) ==
                       HYPERVISOR_SLOT_FIRST + HYPERVISOR_SLOTS,
               "a guest's table has other slots for us");
_Static_assert(HYPERVISOR_END == HYPERVISOR_VIRT_END &&
                   GUESTS_M2P == MACH2PHYS_VIRT_START &&
                   GUESTS_M2P + M2P_SIZE == MACH2PHYS_VIRT_END,
               "the guests' interface says otherwise");
_Static_assert(GUESTS_M2P + M2P_SIZE <= M2P && M2P + M2P_SIZE <= FIXED_MAP,
               "the M2P overlaps");
_Static_assert(CONTENTS_BASE == DIRECT_MAP && CONTENTS_LIMIT == DIRECT_MAP_SIZE,
               "<asm/contents.h> has another direct map");
_Static_assert(CONFIG_TABLE_BITS == 9, "the CPU's tables have 512 entries");
_Static_assert(1UL << PTE_SHIFT(2) == SUPERPAGE_SIZE, "levels miscounted");

/* The CPU need not note a use that is noted already. */
#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITABLE | PTE_ACCESSED)
#define LEAF_FLAGS  (PTE_PRESENT | PTE_ACCESSED | PTE_GLOBAL)
#define READ_EXEC   LEAF_FLAGS
#define READ_ONLY   (LEAF_FLAGS | PTE_NX)
#define READ_WRITE  (LEAF_FLAGS | PTE_NX | PTE_WRITABLE | PTE_DIRTY)

#define DEVICE (READ_WRITE | PTE_UNCACHED | PTE_THROUGH)

/* What guests read no entry at any level lets anybody write. */
#define GUESTS_TABLE_FLAGS (PTE_PRESENT | PTE_USER | PTE_ACCESSED)
#define GUESTS_READ_ONLY   (READ_ONLY | PTE_USER)

_Static_assert(NR_FIXED == PTES_PER_TABLE, "the fixed map is one table");

/* The table of level 4; NULL until paging_init(). */
static uint64_t *root;

/* The one of level 1 that maps FIXED_MAP. */
static uint64_t *fixed_table;

static bool has_level3_leaves(void)
{
    return cpuid(CPUID_EXT_FEATURES).edx & CPUID_EXT_EDX_PAGE1GB;
}

/* The boot allocator has nothing left once there is a heap. */
static mfn_t alloc_frame(void)
{
    struct page_info *pg;

    if (bootmem_nr_free() > 0)
        return bootmem_alloc(1, 1, BOOT_MAP_SIZE, "page tables");
    pg = alloc_heap_pages(0, DIRECT_MAP_SIZE, HEAP_LONG_LIVED, NULL);

    return pg ? page_to_mfn(pg) : INVALID_MFN;
}

static uint64_t *alloc_table(void)
{
    mfn_t mfn = alloc_frame();
    void *table;

    if (mfn_eq(mfn, INVALID_MFN))
        return NULL;

    table = maddr_to_virt(mfn_to_maddr(mfn));
    if (!ram_keeps_what_is_written(table, mfn_to_maddr(mfn)))
        return NULL;
    clear_frames(table, 1);

    return table;
}

static uint64_t table_flags(uintptr_t va)
{
    return va - GUESTS_M2P < M2P_SIZE ? GUESTS_TABLE_FLAGS : TABLE_FLAGS;
}

static uint64_t *table_below(uint64_t entry)
{
    return maddr_to_virt(entry & PTE_ADDRESS);
}

/* The entry of @level for @va, with the tables above it; NULL: no memory. */
static uint64_t *make_entry(uintptr_t va, unsigned int level)
{
    uint64_t *table = root;

    for (unsigned int l = PAGETABLE_LEVELS; l > level; l--) {
        uint64_t *entry = &table[PTE_INDEX(va, l)];

        if (!(*entry & PTE_PRESENT)) {
            table = alloc_table();
            if (!table)
                return NULL;
            *entry = virt_to_maddr(table) | table_flags(va);
        }
        table = table_below(*entry);
    }

    return &table[PTE_INDEX(va, level)];
}

/* The largest level, up to @max, of which one leaf at most fills @size. */
static unsigned int best_level(uintptr_t va, paddr_t address, uint64_t size,
                               unsigned int max)
{
    unsigned int level = max;

    while (level > 1 && (!IS_ALIGNED(va | address, BIT(PTE_SHIFT(level))) ||
                         size < BIT(PTE_SHIFT(level))))
        level--;

    return level;
}

/*
 * Map [@address, @address + @size), whole frames, at @va. Each range is mapped
 * once, and ranges do not overlap: so no leaf stands where a table is wanted.
 */
static int map_range(uintptr_t va, paddr_t address, uint64_t size,
                     uint64_t flags, unsigned int max_level)
{
    while (size) {
        unsigned int level = best_level(va, address, size, max_level);
        uint64_t *entry = make_entry(va, level);
        uint64_t step = BIT(PTE_SHIFT(level));

        if (!entry)
            return -ENOMEM;

        /* And on in the same table, which starts where a larger leaf may. */
        do {
            *entry++ = address | flags | (level > 1 ? PTE_LARGE : 0);
            va += step;
            address += step;
            size -= step;
        } while (size >= step && PTE_INDEX(va, level) > 0);
    }

    return 0;
}

static int map_section(const char *start, const char *end, uint64_t flags)
{
    return map_range((uintptr_t)start, image_maddr(start),
                     (uint64_t)(end - start), flags, 1);
}

/* In 4 KiB pages, since sections and guards begin anywhere. */
static int map_image(void)
{
    const void *guard;
    int rc;

    rc = map_section(image_start, image_text_end, READ_EXEC);
    rc = rc ?: map_section(image_text_end, image_rodata_end, READ_ONLY);
    rc = rc ?: map_section(image_rodata_end, image_end, READ_WRITE);
    if (rc)
        return rc;

    for (unsigned int i = 0; (guard = stacks_guard(&boot_stacks, i)); i++)
        *make_entry((uintptr_t)guard, 1) = 0;

    return 0;
}

/* The part of [@start, @end) inside [@from, @to), into the direct map. */
static int map_part(paddr_t start, paddr_t end, paddr_t from, paddr_t to,
                    uint64_t flags)
{
    static unsigned int max_level;

    if (!max_level)
        max_level = has_level3_leaves() ? 3 : 2;
    if (start < from)
        start = from;
    if (end > to)
        end = to;
    if (start >= end)
        return 0;

    return map_range(DIRECT_MAP + start, start, end - start, flags, max_level);
}

/* The image's text and constants must not be written by this way either. */
static int map_directly(paddr_t start, paddr_t end)
{
    paddr_t fixed = image_maddr(image_start);
    paddr_t fixed_end = image_maddr(image_rodata_end);
    int rc;

    printk(LOG_DEBUG, "paging: [%#lx, %#lx) goes into the direct map\n", start,
           end);
    rc = map_part(start, end, 0, fixed, READ_WRITE);
    rc = rc ?: map_part(start, end, fixed, fixed_end, READ_ONLY);
    rc = rc ?: map_part(start, end, fixed_end, DIRECT_MAP_SIZE, READ_WRITE);

    return rc;
}

static bool is_mapped_kind(enum memory_kind kind)
{
    return kind == MEMORY_RAM || kind == MEMORY_ACPI || kind == MEMORY_NVS;
}

struct run {
    paddr_t start, end; /* [start, end), whole frames */
};

/*
 * The next run of frames for the direct map, from range *@i of @map on; an
 * empty one if there is none. Runs do not touch, though ranges may, or even
 * share a frame.
 */
static struct run next_run(const struct memory_map *map, unsigned int *i)
{
    struct run run = { 0, 0 };

    for (; *i < map->nr; (*i)++) {
        const struct memory_range *range = &map->range[*i];
        paddr_t start = ALIGN_DOWN(range->start, PAGE_SIZE);

        if (run.end && start > run.end)
            break;
        if (!is_mapped_kind(range->kind))
            continue;
        if (!run.end)
            run.start = start;
        run.end = ALIGN_UP(range->end, PAGE_SIZE);
    }

    return run;
}

static int map_memory(const struct memory_map *map)
{
    unsigned int i = 0;
    struct run run;
    int rc = 0;

    while (!rc && (run = next_run(map, &i)).end)
        rc = map_directly(run.start, run.end);
    if (memory_map_ram_end(map) > DIRECT_MAP_SIZE)
        printk(LOG_WARNING, "RAM above %#lx is not in the direct map\n",
               DIRECT_MAP_SIZE);

    return rc;
}

static int make_fixed_map(void)
{
    fixed_table = make_entry(FIXED_MAP, 1);

    return fixed_table ? 0 : -ENOMEM;
}

/* They stay for ever, so what stands in guests' tables is never out of date. */
static int make_slots(void)
{
    for (uintptr_t va = GUESTS_M2P; va < HYPERVISOR_END;
         va += BIT(PTE_SHIFT(4)))
        if (!make_entry(va, 3))
            return -ENOMEM;

    return 0;
}

int paging_init(const struct memory_map *map)
{
    int rc;

    root = alloc_table();
    if (!root)
        return -ENOMEM;

    rc = map_image();
    rc = rc ?: map_memory(map);
    rc = rc ?: make_fixed_map();
    rc = rc ?: make_slots();
    if (rc) {
        root = NULL;
        return rc;
    }
    write_cr3(virt_to_maddr(root));

    return 0;
}

uint64_t paging_lookup(const void *va, unsigned int *level)
{
    const uint64_t *table = root;
    uint64_t entry;

    *level = PAGETABLE_LEVELS;
    if (!table)
        return 0;

    for (;; --*level) {
        entry = table[PTE_INDEX((uintptr_t)va, *level)];
        if (!(entry & PTE_PRESENT))
            return 0;
        if (*level == 1 || (entry & PTE_LARGE))
            return entry;
        table = table_below(entry);
    }
}

paddr_t paging_root(void)
{
    return virt_to_maddr(root);
}

uint64_t paging_slot(unsigned int slot)
{
    return root[slot];
}

int paging_map(void *va, mfn_t mfn, unsigned long nr, enum paging_rights rights)
{
    return map_range((uintptr_t)va, mfn_to_maddr(mfn), nr << PAGE_SHIFT,
                     rights == PAGING_WRITE ? READ_WRITE : GUESTS_READ_ONLY, 2);
}

int paging_prepare(void *va, unsigned long nr)
{
    uintptr_t at = ALIGN_DOWN((uintptr_t)va, BIT(PTE_SHIFT(3)));
    uintptr_t end = (uintptr_t)va + (nr << PAGE_SHIFT);

    for (; at < end; at += BIT(PTE_SHIFT(3)))
        if (!make_entry(at, 2))
            return -ENOMEM;

    return 0;
}

int paging_map_frame(void *va, mfn_t mfn)
{
    return paging_map(va, mfn, 1, PAGING_WRITE);
}

mfn_t paging_unmap_frame(void *va)
{
    unsigned int level;
    uint64_t entry = paging_lookup(va, &level);

    if (!entry)
        return INVALID_MFN;

    *make_entry((uintptr_t)va, 1) = 0;
    return maddr_to_mfn(entry & PTE_ADDRESS);
}

/* Relaxed: who tells others of it, or frees the frame, has its own ordering. */
static void set_fixed(unsigned int slot, uint64_t entry)
{
    ASSERT(slot < NR_FIXED);
    __atomic_store_n(&fixed_table[slot], entry, __ATOMIC_RELAXED);
}

void fixed_map(unsigned int slot, mfn_t mfn)
{
    set_fixed(slot, mfn_to_maddr(mfn) | READ_WRITE);
}

void fixed_map_device(unsigned int slot, mfn_t mfn)
{
    set_fixed(slot, mfn_to_maddr(mfn) | DEVICE);
}

void fixed_unmap(unsigned int slot)
{
    set_fixed(slot, 0);
}
