/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables. All CPUs have the same. Made at boot, by
 * one CPU; from then on only entries of the fixed map change, and those of what
 * has not been mapped before.
 */
#include <cpu/clear.h>
#include <cpu/fixed_map.h>
#include <cpu/layout.h>
#include <cpu/paging_tables.h>
#include <cpu/ram_probe.h>
#include <x86/pte.h>
#include <xen/bits.h>
#include <xen/bootmem.h>
#include <xen/bug.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>
#include <xen/tlb.h>

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
uint64_t *paging_entry(uintptr_t va, unsigned int level)
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

static uint64_t leaf_flags(enum paging_rights rights)
{
    switch (rights) {
    case PAGING_EXECUTE: return READ_EXEC;
    case PAGING_READ: return READ_ONLY;
    case PAGING_WRITE: return READ_WRITE;
    case PAGING_GUESTS_READ: return GUESTS_READ_ONLY;
    }

    return 0;
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
int paging_map_range(uintptr_t va, paddr_t address, uint64_t size,
                     enum paging_rights rights, unsigned int max_level)
{
    uint64_t flags = leaf_flags(rights);

    while (size) {
        unsigned int level = best_level(va, address, size, max_level);
        uint64_t *entry = paging_entry(va, level);
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

int paging_begin(void)
{
    root = alloc_table();
    fixed_table = root ? paging_entry(FIXED_MAP, 1) : NULL;

    return fixed_table ? 0 : -ENOMEM;
}

void paging_give_up(void)
{
    root = NULL;
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
    return paging_map_range((uintptr_t)va, mfn_to_maddr(mfn), nr << PAGE_SHIFT,
                            rights, 2);
}

void paging_unmap_range(uintptr_t va, uint64_t size)
{
    uintptr_t end = va + size;

    while (va < end) {
        unsigned int level;
        uint64_t leaf = paging_lookup((void *)va, &level);

        if (leaf)
            *paging_entry(va, level) = 0;
        va = ALIGN_DOWN(va, BIT(PTE_SHIFT(level))) + BIT(PTE_SHIFT(level));
    }
    flush_tlb_mask(&cpu_online_map);
}

/* Those of boot map what boot's RAM needs: one that is empty came from the
 * heap.
 */
static void free_if_empty(uint64_t *entry)
{
    const uint64_t *table = table_below(*entry);

    if (!(*entry & PTE_PRESENT) || (*entry & PTE_LARGE))
        return;
    for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
        if (table[i])
            return;
    *entry = 0;
    flush_tlb_mask(&cpu_online_map);
    free_heap_pages(mfn_to_page(maddr_to_mfn(virt_to_maddr(table))), 0,
                    TLB_NO_DEBT);
}

void paging_free_tables(uintptr_t va, uint64_t size)
{
    uintptr_t at = ALIGN_DOWN(va, BIT(PTE_SHIFT(3)));

    for (; at < va + size; at += BIT(PTE_SHIFT(3)))
        free_if_empty(paging_entry(at, 3));
}

int paging_prepare(void *va, unsigned long nr)
{
    uintptr_t at = ALIGN_DOWN((uintptr_t)va, BIT(PTE_SHIFT(3)));
    uintptr_t end = (uintptr_t)va + (nr << PAGE_SHIFT);

    for (; at < end; at += BIT(PTE_SHIFT(3)))
        if (!paging_entry(at, 2))
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

    *paging_entry((uintptr_t)va, 1) = 0;
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
