/* SPDX-License-Identifier: MIT */
/* The nodes of this machine, by the table that they were made of. */
#include <test.h>

#include <boot/setup.h>
#include <cpu/paging.h>
#include <cpu/percpu.h>
#include <cpu/registers.h>
#include <x86/cpuid.h>
#include <xen/arch.h>
#include <xen/frame_table.h>
#include <xen/numa.h>
#include <xen/smp.h>

#include "on_cpus.h"

/* Enough frames of a large machine, which is slow to look at all of. */
#define STEP ((1UL << (node_shift > 13 ? node_shift - 4 : 9)) - 1)

/* The number of the domain of @address: every range is looked at. */
static unsigned int domain_at(const struct srat *srat, paddr_t address)
{
    unsigned int found = SRAT_NO_DOMAIN;

    for (unsigned int i = 0; i < srat->nr_ranges; i++)
        if (srat->range[i].start <= address && address < srat->range[i].end)
            found = srat->range[i].domain;

    return found;
}

/* The first frame of RAM in the piece of @mfn, which is RAM. */
static mfn_t first_of_piece(mfn_t mfn)
{
    unsigned long pdx = ALIGN_DOWN(mfn_to_pdx(mfn), BIT(node_shift));
    const struct memory_map *map = &boot_state()->map;
    paddr_t start = mfn_to_maddr(pdx_to_mfn(pdx));
    const struct memory_range *ram = memory_map_next_ram(map, start);

    return ram->start > start ? maddr_to_mfn(ram->start) : maddr_to_mfn(start);
}

TEST(nodes, each_frame_is_of_the_node_that_firmware_says)
{
    const struct srat *srat = &boot_state()->srat;
    const struct memory_range *ram = memory_map_next_ram(&boot_state()->map, 0);
    unsigned long nr_wrong = 0;

    if (!numa_source()) {
        EXPECT_EQ(nr_nodes, 1);
        return;
    }
    for (; ram; ram = memory_map_next_ram(&boot_state()->map, ram->end)) {
        mfn_t last = maddr_to_mfn(ram->end - 1), mfn = maddr_to_mfn(ram->start);

        for (; mfn_x(mfn) <= mfn_x(last); mfn = mfn_add(mfn, STEP)) {
            unsigned int node = node_of_pdx(mfn_to_pdx(mfn));
            paddr_t first = mfn_to_maddr(first_of_piece(mfn));

            /* Who plugs something in says more exactly what it is of. */
            nr_wrong += node >= nr_nodes ||
                        (nr_nodes > 1 && ram->reason != REASON_PLUGGED &&
                         node_domain(node) != domain_at(srat, first));
        }
    }
    EXPECT_EQ(nr_wrong, 0);
}

/* Of which domain is the memory that the entries of @group are in? */
static unsigned int domain_of_entries(unsigned long group)
{
    unsigned int level;
    const void *va = pdx_to_page(group * FRAMES_PER_GROUP);

    return domain_at(&boot_state()->srat,
                     paging_lookup(va, &level) & GENMASK(51, 21));
}

TEST(nodes, entries_are_near_to_their_frames)
{
    const struct memory_map *map = &boot_state()->map;
    unsigned long nr_wrong = 0;

    if (!numa_source() || numa_source()->cpus_by_turns)
        return;
    for (unsigned long i = 0; i < nr_pdxs / FRAMES_PER_GROUP; i++) {
        paddr_t start = mfn_to_maddr(pdx_to_mfn(i * FRAMES_PER_GROUP));
        const struct memory_range *ram = memory_map_next_ram(map, start);

        if (!pdx_has_place(i * FRAMES_PER_GROUP))
            continue;
        if (ram->start > start)
            start = ram->start;
        nr_wrong +=
            domain_of_entries(i) != domain_at(&boot_state()->srat, start);
    }
    EXPECT_EQ(nr_wrong, 0);
}

TEST(nodes, all_ram_is_of_some_node)
{
    unsigned long sum = 0;

    for (unsigned int i = 0; i < nr_nodes; i++)
        sum += node_nr_frames(i);
    EXPECT_EQ(sum,
              memory_map_size(&boot_state()->map, MEMORY_RAM) >> PAGE_SHIFT);
}

static unsigned int nr_cpus_elsewhere;

/* Each CPU asks itself what its number is. */
static void look_where_one_is(void *data)
{
    const struct srat *srat = data;
    uint32_t apic_id =
        cpuid(CPUID_FEATURES).ebx >> CPUID_FEATURES_EBX_APIC_ID_SHIFT;
    unsigned int domain = srat->domain_of_cpu[apic_id];
    unsigned int node = node_of_cpu(arch_cpu_id());

    if (node >= nr_nodes ||
        (domain != SRAT_NO_DOMAIN && node_domain(node) != domain))
        __atomic_fetch_add(&nr_cpus_elsewhere, 1, __ATOMIC_RELAXED);
}

TEST(nodes, each_cpu_is_of_the_node_that_firmware_says)
{
    const struct srat *srat = numa_source();

    if (!srat || srat->cpus_by_turns)
        return;
    nr_cpus_elsewhere = 0;
    smp_call(&cpu_online_map, look_where_one_is, (void *)(uintptr_t)srat, true);
    EXPECT_EQ(nr_cpus_elsewhere, 0);
}

/* A node of less may have none left for them. */
#define ENOUGH ((16UL << 20) >> PAGE_SHIFT)

TEST(nodes, what_a_cpu_has_for_itself_is_near_to_it)
{
    unsigned long nr_far = 0;

    for (unsigned int i = 1; i < nr_cpus; i++) {
        const struct cpu *cpu = cpu_of(i);
        unsigned int level, node;

        if (!cpu || node_nr_frames(node_of_cpu(i)) < ENOUGH)
            continue;
        node = node_of_pdx(mfn_to_pdx(
            maddr_to_mfn(paging_lookup(cpu, &level) & GENMASK(51, 12))));
        nr_far += node != node_of_cpu(i);
    }
    EXPECT_EQ(nr_far, 0);
}

TEST(nodes, who_is_near_comes_first)
{
    for (unsigned int node = 0; node < nr_nodes; node++) {
        EXPECT_EQ(node_in_order(node, 0), node);
        for (unsigned int i = 1; i < nr_nodes; i++)
            EXPECT(node_distance(node, node_in_order(node, i - 1)) <=
                   node_distance(node, node_in_order(node, i)));
    }
}
