/* SPDX-License-Identifier: MIT */
/* What the hypervisor's page tables map from the start, and RAM that comes
 * later. */
#include <asm/contents.h>
#include <cpu/image.h>
#include <cpu/layout.h>
#include <cpu/paging.h>
#include <cpu/paging_tables.h>
#include <cpu/registers.h>
#include <cpu/stacks.h>
#include <public/xen.h>
#include <x86/cpuid.h>
#include <x86/pte.h>
#include <xen/bits.h>
#include <xen/bug.h>
#include <xen/errno.h>
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

static bool has_level3_leaves(void)
{
    return cpuid(CPUID_EXT_FEATURES).edx & CPUID_EXT_EDX_PAGE1GB;
}

static int map_section(const char *start, const char *end,
                       enum paging_rights rights)
{
    return paging_map_range((uintptr_t)start, image_maddr(start),
                            (uint64_t)(end - start), rights, 1);
}

/* In 4 KiB pages, since sections and guards begin anywhere. */
static int map_image(void)
{
    const void *guard;
    int rc;

    rc = map_section(image_start, image_text_end, PAGING_EXECUTE);
    rc = rc ?: map_section(image_text_end, image_rodata_end, PAGING_READ);
    rc = rc ?: map_section(image_rodata_end, image_end, PAGING_WRITE);
    if (rc)
        return rc;

    for (unsigned int i = 0; (guard = stacks_guard(&boot_stacks, i)); i++)
        *paging_entry((uintptr_t)guard, 1) = 0;

    return 0;
}

/* The part of [@start, @end) inside [@from, @to), into the direct map. */
static int map_part(paddr_t start, paddr_t end, paddr_t from, paddr_t to,
                    enum paging_rights rights)
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

    return paging_map_range(DIRECT_MAP + start, start, end - start, rights,
                            max_level);
}

/* The image's text and constants must not be written by this way either. */
static int map_directly(paddr_t start, paddr_t end)
{
    paddr_t fixed = image_maddr(image_start);
    paddr_t fixed_end = image_maddr(image_rodata_end);
    int rc;

    printk(LOG_DEBUG, "paging: [%#lx, %#lx) goes into the direct map\n", start,
           end);
    rc = map_part(start, end, 0, fixed, PAGING_WRITE);
    rc = rc ?: map_part(start, end, fixed, fixed_end, PAGING_READ);
    rc = rc ?: map_part(start, end, fixed_end, DIRECT_MAP_SIZE, PAGING_WRITE);

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

/* They stay for ever, so what stands in guests' tables is never out of date. */
static int make_slots(void)
{
    for (uintptr_t va = GUESTS_M2P; va < HYPERVISOR_END;
         va += BIT(PTE_SHIFT(4)))
        if (!paging_entry(va, 3))
            return -ENOMEM;

    return 0;
}

int paging_init(const struct memory_map *map)
{
    int rc;

    rc = paging_begin();
    rc = rc ?: map_image();
    rc = rc ?: map_memory(map);
    rc = rc ?: make_slots();
    if (rc) {
        paging_give_up();
        return rc;
    }
    write_cr3(paging_root());

    return 0;
}

static paddr_t below_limit(paddr_t address)
{
    return address < DIRECT_MAP_SIZE ? address : DIRECT_MAP_SIZE;
}

void paging_unmap_memory(paddr_t start, paddr_t end)
{
    start = below_limit(start);
    paging_unmap_range(DIRECT_MAP + start, below_limit(end) - start);
    paging_free_tables(DIRECT_MAP + start, below_limit(end) - start);
}

int paging_map_memory(paddr_t start, paddr_t end)
{
    int rc = map_directly(start, end);

    if (rc)
        paging_unmap_memory(start, end);

    return rc;
}
