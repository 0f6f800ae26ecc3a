/* SPDX-License-Identifier: MIT */
/* A heap of three nodes: of which node is what one gets? */
#include <test.h>
#include <xen/frame_table.h>
#include <xen/heap_range.h>

#include "../../common/heap_node.h"
#include "../model/fake_nodes.h"
#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define NR_NODES 3U

/* The frames [at[0], at[3]): each node has those from its number on. */
static void machine(const unsigned long *at)
{
    static const uint16_t distance[NR_NODES][NR_NODES] = { { 10, 30, 20 },
                                                           { 20, 10, 30 },
                                                           { 30, 20, 10 } };
    const struct ram ram[] = { { at[0], at[NR_NODES] - at[0] } };
    struct fake_node node[NR_NODES];

    for (unsigned int i = 0; i < NR_NODES; i++)
        node[i] = (struct fake_node){ at[i], at[i + 1] - at[i], i };
    some_cpus(NR_NODES);
    small_machine(ram, 1);
    fake_nodes(small_machine_map(ram, 1), node, NR_NODES);
    for (unsigned int i = 0; i < NR_NODES * NR_NODES; i++)
        fake_srat()->distance[i / NR_NODES][i % NR_NODES] =
            (uint8_t)distance[i / NR_NODES][i % NR_NODES];
    for (unsigned int cpu = 0; cpu < NR_NODES; cpu++)
        srat_add_cpu(fake_srat(), cpu, cpu);
    numa_init(small_machine_map(ram, 1), fake_srat());
    for (unsigned int cpu = 0; cpu < NR_NODES; cpu++)
        numa_set_cpu(cpu, cpu);
    REQUIRE(nr_nodes == NR_NODES);
    heap_add(_mfn(at[0]), ram[0].nr);
    EXPECT_EQ(heap_check(), 0);
}

static void is_all_free(unsigned long nr)
{
    unsigned long sum = 0;

    for (unsigned int node = 0; node < NR_NODES; node++) {
        EXPECT_EQ(heap_nodes[node].nr_available, node_nr_frames(node));
        sum += node_nr_frames(node);
    }
    EXPECT_EQ(sum, nr);
    EXPECT_EQ(heap_check(), 0);
}

/* The largest blocks first: each is of the node that was asked for, to its last
 * frame, and together they are all that the node has. */
static void take_all_of(unsigned int node)
{
    unsigned long nr = 0;

    for (unsigned int order = NR_ORDERS; order-- > 0;) {
        struct page_info *pg;

        while ((pg = alloc_heap_pages(
                    order, HEAP_NO_LIMIT,
                    HEAP_NO_SCRUB | HEAP_EXACT_NODE | HEAP_NODE(node), NULL))) {
            EXPECT_EQ(node_of_pdx(page_to_pdx(pg)), node);
            EXPECT_EQ(node_of_pdx(page_to_pdx(pg) + BIT(order) - 1), node);
            nr += BIT(order);
        }
    }
    EXPECT_EQ(nr, node_nr_frames(node));
}

/* A range over all three is taken and given back, and then block by block. */
static void try_borders(unsigned long start, unsigned long first,
                        unsigned long second, unsigned long end)
{
    const unsigned long at[] = { start, first, second, end };
    mfn_t culprit;

    machine(at);
    is_all_free(end - start);
    EXPECT_EQ(
        heap_take_range(_mfn(start), end - start, HEAP_NO_SCRUB, &culprit), 0);
    EXPECT_EQ(heap_nr_free(), 0);
    heap_give_range(_mfn(start), end - start, TLB_NO_DEBT);
    heap_drain();
    is_all_free(end - start);
    for (unsigned int node = 0; node < NR_NODES; node++)
        take_all_of(node);
    EXPECT_EQ(heap_nr_free(), 0);
    EXPECT_EQ(heap_check(), 0);
}

/* Borders at odd multiples of each order's size: no buddies across them. */
#define BORDERS(name, order)                                                   \
    TEST(heap_nodes, row_e7187a2e01_borders_at_odd_multiples_of_##name)        \
    {                                                                          \
        try_borders(BIT(order), 3 * BIT(order), 5 * BIT(order),                \
                    8 * BIT(order));                                           \
    }

BORDERS(2_mib, 9)
BORDERS(4_mib, 10)
BORDERS(8_mib, 11)
BORDERS(16_mib, 12)
BORDERS(64_mib, 14)

/* Row bd0bb8a005: the node in the middle is smaller than a block. */
TEST(heap_nodes, row_bd0bb8a005_borders_inside_of_what_would_be_one_block)
{
    try_borders(BIT(13), BIT(13) + 3 * 512, BIT(13) + 4 * 512, BIT(14));
}

TEST(heap_nodes, borders_that_are_ragged)
{
    try_borders(700, 512 * 5 + 77, 512 * 9 + 511, 512 * 12 + 33);
}

/* Node by node until nothing is left. */
static void take_in_order(unsigned int from, unsigned int order, bool by_cpu)
{
    static const unsigned int expected[NR_NODES][NR_NODES] = { { 0, 2, 1 },
                                                               { 1, 0, 2 },
                                                               { 2, 1, 0 } };
    static struct page_info *pg[3 * 2048 + 1];
    unsigned int flags = HEAP_NO_SCRUB | (by_cpu ? 0 : HEAP_NODE(from));
    unsigned long nr = 0;

    hosted_set_cpu_id(by_cpu ? from : 0);
    while ((pg[nr] = alloc_heap_pages(order, HEAP_NO_LIMIT, flags, NULL))) {
        EXPECT_EQ(node_of_pdx(page_to_pdx(pg[nr])),
                  expected[from][(nr << order) / 2048]);
        nr++;
    }
    EXPECT_EQ(nr << order, 3 * 2048);
    while (nr > 0)
        free_heap_pages(pg[--nr], order, TLB_NO_DEBT);
    hosted_set_cpu_id(0);
    heap_drain();
    is_all_free(3 * 2048);
}

TEST(heap_nodes, the_nearest_that_has_any_is_the_one)
{
    static const unsigned long at[] = { 2048, 4096, 6144, 8192 };

    machine(at);
    for (unsigned int node = 0; node < NR_NODES; node++)
        for (unsigned int order = 0; order <= 11; order++) {
            take_in_order(node, order, false);
            take_in_order(node, order, true);
        }
}
