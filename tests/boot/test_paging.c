/* SPDX-License-Identifier: MIT */
/* What may be done at which address, tried on the machine and read in its
 * page tables. */
#include <test.h>

#include <boot/setup.h>
#include <cpu/fixed_map.h>
#include <cpu/image.h>
#include <cpu/lapic.h>
#include <cpu/paging.h>
#include <cpu/registers.h>
#include <cpu/stacks.h>
#include <x86/cpuid.h>
#include <x86/msr.h>
#include <x86/pte.h>
#include <xen/bits.h>
#include <xen/bootmem.h>
#include <xen/machine.h>
#include <xen/mm-frame.h>
#include <xen/page_table.h>

#define HYPERVISOR_START GUESTS_M2P

#define DEVICE_FLAGS (PTE_UNCACHED | PTE_THROUGH | PTE_NX | PTE_WRITABLE)

static bool is_readable(const void *va)
{
    uint8_t byte;

    return machine_probe_read(va, &byte);
}

/* Writes what is there anyway: if it works, only the test is harmed. */
static bool is_writable(const void *va)
{
    uint8_t byte;

    return machine_probe_read(va, &byte) &&
           machine_probe_write((void *)va, byte);
}

TEST(paging, text_and_constants_cannot_be_written)
{
    for (const char *va = image_start; va < image_rodata_end; va += PAGE_SIZE) {
        EXPECT(is_readable(va));
        EXPECT(!is_writable(va));
        EXPECT(!is_writable(va + PAGE_SIZE - 1));
    }
    EXPECT(is_writable(image_rodata_end));
    EXPECT(is_writable((const void *)((uintptr_t)image_end - 1)));
}

TEST(paging, text_and_constants_cannot_be_written_in_the_direct_map)
{
    paddr_t start = image_maddr(image_start);
    paddr_t end = image_maddr(image_rodata_end);

    for (paddr_t at = start; at < end; at += PAGE_SIZE) {
        EXPECT(is_readable(maddr_to_virt(at)));
        EXPECT(!is_writable(maddr_to_virt(at)));
    }
    EXPECT(is_writable(maddr_to_virt(start - 1)));
    EXPECT(is_writable(maddr_to_virt(end)));
}

TEST(paging, the_identity_map_is_gone)
{
    EXPECT(!is_readable((const void *)0));
    EXPECT(!is_readable((const void *)PAGE_SIZE));
    EXPECT(!is_readable((const void *)image_maddr(image_start)));
    EXPECT(!is_readable((const void *)(BOOT_MAP_SIZE - 1)));
}

TEST(paging, no_guard_page_is_mapped)
{
    const uint8_t *guard;
    unsigned int i = 0;

    for (; (guard = stacks_guard(&boot_stacks, i)) != NULL; i++) {
        EXPECT(!is_readable(guard));
        EXPECT(!is_readable(guard + PAGE_SIZE - 1));
        EXPECT(is_writable(guard + PAGE_SIZE));
    }
    EXPECT_EQ(i, 1 + NR_IST);
}

/* A leaf of the page tables: what it maps, where and how. */
struct leaf {
    uintptr_t va;
    paddr_t start, end;
    uint64_t flags;
};

/* Call @check for each leaf there is, anywhere. */
static void for_each_leaf(void (*check)(const struct leaf *leaf))
{
    uintptr_t va = 0;

    do {
        unsigned int level;
        uint64_t entry = paging_lookup((const void *)va, &level);
        uint64_t size = BIT(PTE_SHIFT(level));
        paddr_t start = entry & PTE_ADDRESS & ~(size - 1);

        if (entry) {
            struct leaf leaf = { va, start, start + size, entry };

            check(&leaf);
        }
        va += size;
        if (va == BIT(47))
            va = HYPERVISOR_START; /* between them no address exists */
    } while (va != 0);
}

static bool overlaps(const struct leaf *leaf, const char *start,
                     const char *end)
{
    return leaf->start < image_maddr(end) && leaf->end > image_maddr(start);
}

static void check_rights(const struct leaf *leaf)
{
    bool writable = leaf->flags & PTE_WRITABLE;
    bool executable = !(leaf->flags & PTE_NX);

    EXPECT(!(writable && executable));
    EXPECT(!writable || !overlaps(leaf, image_start, image_rodata_end));
    if (executable) {
        EXPECT(leaf->va >= (uintptr_t)image_start);
        EXPECT(leaf->va < (uintptr_t)image_text_end);
    }
}

TEST(paging, nothing_is_both_writable_and_executable_anywhere)
{
    for_each_leaf(check_rights);
}

static void check_slot(const struct leaf *leaf)
{
    bool is_guests = leaf->va - GUESTS_M2P < M2P_SIZE;

    EXPECT(leaf->va >= HYPERVISOR_START);
    EXPECT(leaf->va < HYPERVISOR_END);
    EXPECT_EQ(leaf->flags & (PTE_USER | PTE_WRITABLE | PTE_NX),
              is_guests ? PTE_USER | PTE_NX
                        : leaf->flags & (PTE_WRITABLE | PTE_NX));
}

TEST(paging, only_the_hypervisors_slots_are_used_and_users_read_the_m2p_alone)
{
    for_each_leaf(check_slot);
}

TEST(paging, of_the_slots_only_the_m2ps_is_open_to_users)
{
    for (unsigned int i = 0; i < PTES_PER_TABLE; i++) {
        uint64_t entry = paging_slot(i);
        bool is_ours = is_hypervisor_slot(4, i);

        EXPECT_EQ(entry != 0, is_ours);
        EXPECT_EQ(!!(entry & PTE_USER), i == HYPERVISOR_SLOT_FIRST);
        EXPECT_EQ(!!(entry & PTE_WRITABLE),
                  is_ours && i != HYPERVISOR_SLOT_FIRST);
    }
}

/* Where the direct map ends, if it does so in @range. */
static paddr_t mapped_end(const struct memory_range *range)
{
    return range->end < DIRECT_MAP_SIZE ? range->end : DIRECT_MAP_SIZE;
}

/* Is [@start, @end) in the direct map, each address where it belongs? */
static bool is_directly_mapped(paddr_t start, paddr_t end)
{
    while (start < end) {
        unsigned int level;
        uint64_t entry = paging_lookup(maddr_to_virt(start), &level);
        uint64_t size = BIT(PTE_SHIFT(level));

        if (!entry ||
            (entry & PTE_ADDRESS & ~(size - 1)) != ALIGN_DOWN(start, size))
            return false;
        start = ALIGN_DOWN(start, size) + size;
    }

    return true;
}

TEST(paging, all_ram_is_in_the_direct_map_and_can_be_written)
{
    const struct memory_map *map = &boot_state()->map;

    for (unsigned int i = 0; i < map->nr; i++) {
        const struct memory_range *range = &map->range[i];

        if (range->kind != MEMORY_RAM || range->start >= DIRECT_MAP_SIZE)
            continue;
        EXPECT(is_directly_mapped(range->start, mapped_end(range)));
        EXPECT(is_writable(maddr_to_virt(range->start)));
        EXPECT(is_writable(maddr_to_virt(mapped_end(range) - 1)));
    }
}

TEST(paging, nothing_but_ram_and_acpi_is_in_the_direct_map)
{
    const struct memory_map *map = &boot_state()->map;
    paddr_t after = ALIGN_UP(memory_map_ram_end(map), BIT(PTE_SHIFT(3)));

    for (unsigned int i = 0; i < map->nr; i++) {
        const struct memory_range *range = &map->range[i];
        paddr_t end = mapped_end(range);

        /* Islands were given up after they had been mapped. */
        if ((range->kind != MEMORY_RESERVED && range->kind != MEMORY_UNUSABLE &&
             range->kind != MEMORY_ROOM) ||
            range->reason == REASON_ISLAND)
            continue;

        /* At its edges a frame may be ACPI's too. */
        if (end > range->start + 2 * PAGE_SIZE) {
            EXPECT(!is_readable(maddr_to_virt(range->start + PAGE_SIZE)));
            EXPECT(!is_readable(maddr_to_virt(end - PAGE_SIZE - 1)));
        }
    }
    if (after < DIRECT_MAP_SIZE)
        EXPECT(!is_readable(maddr_to_virt(after)));
}

/* Of a GiB and a few superpages above all that the map knows, so that nobody
 * has mapped them. */
TEST(paging, what_joins_the_direct_map_can_leave_it)
{
    const struct memory_map *map = &boot_state()->map;
    paddr_t start = ALIGN_UP(map->range[map->nr - 1].end, BIT(PTE_SHIFT(3))) +
                    BIT(PTE_SHIFT(3)) - SUPERPAGE_SIZE;
    paddr_t end = start + BIT(PTE_SHIFT(3)) + 2 * SUPERPAGE_SIZE;
    unsigned int level;

    if (end > DIRECT_MAP_SIZE)
        return;
    EXPECT_EQ(paging_map_memory(start, end), 0);
    for (paddr_t at = start; at < end; at += SUPERPAGE_SIZE)
        EXPECT_EQ(paging_lookup(maddr_to_virt(at), &level) & PTE_WRITABLE,
                  PTE_WRITABLE);
    paging_unmap_memory(start, end);
    for (paddr_t at = start; at < end; at += SUPERPAGE_SIZE) {
        EXPECT_EQ(paging_lookup(maddr_to_virt(at), &level), 0);
        EXPECT(!is_readable(maddr_to_virt(at)));
    }
}

TEST(paging, large_pages_map_what_is_large)
{
    unsigned int best =
        cpuid(CPUID_EXT_FEATURES).edx & CPUID_EXT_EDX_PAGE1GB ? 3 : 2;
    const struct memory_map *map = &boot_state()->map;

    for (unsigned int i = 0; i < map->nr; i++) {
        const struct memory_range *range = &map->range[i];
        paddr_t start = ALIGN_UP(range->start, BIT(PTE_SHIFT(best)));
        unsigned int level;

        /* The first of them holds the image, in small pieces. */
        if (range->kind != MEMORY_RAM || start < image_maddr(image_end) ||
            start + BIT(PTE_SHIFT(best)) > mapped_end(range))
            continue;
        EXPECT(paging_lookup(maddr_to_virt(start), &level) != 0);
        /* What is one range now may have come in pieces. */
        EXPECT_EQ(level, range->reason == REASON_PLUGGED ? level : best);
        EXPECT(level > 1);
    }
}

TEST(paging, registers_are_not_cached_and_only_their_page_is_not)
{
    unsigned int level;
    uint64_t entry = paging_lookup(fixed_page(FIXED_LAPIC), &level);

    EXPECT_EQ(entry != 0, lapic_is_on());
    if (entry) {
        EXPECT_EQ(level, 1);
        EXPECT_EQ(entry & PTE_ADDRESS, rdmsr(MSR_APIC_BASE) & PTE_ADDRESS);
        EXPECT_EQ(entry & DEVICE_FLAGS, DEVICE_FLAGS);
    }
    for (unsigned int i = FIXED_LAPIC + 1; i < NR_FIXED; i++)
        EXPECT(!paging_lookup(fixed_page(i), &level));
}

TEST(paging, where_cpus_begin_cannot_be_executed_any_more)
{
    mfn_t frame = boot_state()->trampoline;
    unsigned int level;

    if (!mfn_eq(frame, INVALID_MFN)) {
        void *va = maddr_to_virt(mfn_to_maddr(frame));

        EXPECT(paging_lookup(va, &level) & PTE_NX);
        EXPECT_STR(bootmem_owner(frame), "trampoline");
        EXPECT(!paging_lookup((void *)mfn_to_maddr(frame), &level));
    }
}
