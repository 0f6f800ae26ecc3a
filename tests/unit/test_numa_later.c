/* SPDX-License-Identifier: MIT */
/* Nodes that are made up, and memory that is added later. */
#include "nodes_of_pieces.h"

/* To the node that firmware says. */
static int add_range(paddr_t start, paddr_t end)
{
    return numa_add_range(start, end, numa_node_of_range(start, end));
}

TEST(numa_later, fakes_have_equal_ram)
{
    for (unsigned int nr = 1; nr <= MAX_NODES; nr++) {
        unsigned long least = ~0UL, most = 0, sum = 0;

        start_machine(3, 2 * MAX_NODES + 1);
        numa_fake(&map, srat, nr);
        EXPECT_EQ(nr_nodes, nr);
        EXPECT_STR(hosted_console(), "");
        for (unsigned int i = 0; i < nr; i++) {
            unsigned long frames = node_nr_frames(i);

            least = frames < least ? frames : least;
            most = frames > most ? frames : most;
            sum += frames;
        }
        EXPECT_EQ(sum, (2 * MAX_NODES + 1) * PIECE);
        EXPECT(least >= PIECE && most - least <= PIECE);
        for (unsigned int cpu = 0; cpu < CONFIG_NR_CPUS; cpu++) {
            numa_set_cpu(cpu, 1000);
            EXPECT_EQ(node_of_cpu(cpu), cpu % nr);
        }
    }
}

TEST(numa_later, fakes_are_as_many_as_ram_is_enough_for)
{
    start_machine(0, 5);
    numa_fake(&map, srat, 6);
    EXPECT_EQ(nr_nodes, 5);
    EXPECT(says("numa=fake=6: there are 5 nodes: it is the most that this RAM "
                "is enough for"));
    for (unsigned int i = 0; i < 5; i++)
        EXPECT_EQ(node_nr_frames(i), PIECE);

    start_machine(0, 5 * MAX_NODES);
    numa_fake(&map, srat, ~0U);
    EXPECT_EQ(nr_nodes, MAX_NODES);
    EXPECT(says("there are 64 nodes: it is the most that can be"));

    start_machine(0, 1);
    numa_fake(&map, srat, 2);
    EXPECT_EQ(nr_nodes, 1);
}

TEST(numa_later, what_is_plugged_in_later_has_its_node)
{
    start_machine(0, 4);
    add(0, 2, 0);
    add(2, 2, 1);
    add_hotplug(64, 64, 1);
    add_hotplug(128, 64, 7);
    numa_init(&map, srat);
    EXPECT_EQ(nr_nodes, 3);
    EXPECT_EQ(numa_node_of_range(64 * PIECES, 128 * PIECES), 1);
    EXPECT_EQ(numa_node_of_range(130 * PIECES, 131 * PIECES), 2);
    EXPECT_EQ(numa_node_of_range(127 * PIECES, 129 * PIECES), NODE_NONE);
    EXPECT_EQ(numa_node_of_range(4 * PIECES, 5 * PIECES), NODE_NONE);
    EXPECT_EQ(numa_node_of_range(64 * PIECES, 64 * PIECES), NODE_NONE);

    EXPECT_EQ(node_of_piece[130], NODE_NONE);
    EXPECT_EQ(add_range(127 * PIECES, 129 * PIECES), -EINVAL);
    EXPECT_EQ(add_range(130 * PIECES + 4096, 132 * PIECES), 0);
    EXPECT_EQ(node_of_piece[129], NODE_NONE);
    EXPECT_EQ(node_of_pdx(130 * PIECE + 1), 2);
    EXPECT_EQ(node_of_pdx(132 * PIECE - 1), 2);
    EXPECT_EQ(node_of_piece[132], NODE_NONE);
    EXPECT_EQ(node_nr_frames(2), 2 * PIECE - 1);
}

/* There are pieces for 32 GiB, as long as they are of the smallest size. */
TEST(numa_later, what_is_plugged_in_far_above_is_of_the_one_node)
{
    paddr_t start = (paddr_t)NODE_PIECES * PIECES + 5 * PIECES;

    start_machine(0, 4);
    numa_init(&map, NULL);
    EXPECT_EQ(nr_nodes, 1);
    EXPECT_EQ(add_range(start, start + 3 * PIECES), 0);
    EXPECT_EQ(node_nr_frames(0), 7 * PIECE);
}

/* What is added begins in the middle of a piece that has RAM of another node.
 */
TEST(numa_later, what_is_plugged_in_takes_no_piece_from_others)
{
    static const struct ram ram[] = { { 0, 3 * PIECE + 9 } };

    start_machine(0, 4);
    map = *small_machine_map(ram, 1);
    add(0, 1, 0);
    srat_add_memory(srat, PIECES, 2 * PIECES + 9 * PAGE_SIZE, 1, false);
    srat_add_memory(srat, 3 * PIECES + 9 * PAGE_SIZE, 2 * PIECES, 0, true);
    numa_init(&map, srat);
    EXPECT_EQ(add_range(3 * PIECES + 9 * PAGE_SIZE, 5 * PIECES), 0);
    EXPECT_EQ(node_of_pdx(3 * PIECE), 1);
    EXPECT_EQ(node_of_pdx(4 * PIECE), 0);
    EXPECT_EQ(node_nr_frames(0), 2 * PIECE);
    EXPECT_EQ(node_nr_frames(1), 3 * PIECE);
}

TEST(numa_later, the_map_reaches_to_what_may_be_plugged_in)
{
    start_machine(0, 4);
    add(0, 2, 0);
    add(2, 2, 1);
    add_hotplug(NODE_PIECES, 5, 1);
    numa_init(&map, srat);
    EXPECT_EQ(node_shift, SUPERPAGE_ORDER + 1);
    EXPECT_EQ(add_range(NODE_PIECES * PIECES, (NODE_PIECES + 5) * PIECES), 0);
    EXPECT_EQ(node_of_pdx(NODE_PIECES * PIECE), 1);

    /* Not at any price: borders would run inside pieces. */
    start_machine(0, 4);
    add(0, 2, 0);
    add(2, 2, 1);
    add_hotplug(NODE_PIECES << 7, 5, 1);
    numa_init(&map, srat);
    EXPECT_EQ(node_shift, SUPERPAGE_ORDER);
    EXPECT_EQ(add_range(PIECES * NODE_PIECES << 7,
                        (PIECES * NODE_PIECES << 7) + PIECES),
              -ENOSPC);
}
