/* SPDX-License-Identifier: MIT */
/* What is known of nodes beside the map: numbers, order, CPUs. */
#include "nodes_of_pieces.h"

TEST(numa_nodes, without_a_word_from_firmware_there_is_one)
{
    start_machine(0, 4);
    EXPECT_EQ(nr_nodes, 1);
    EXPECT_EQ(node_of_pdx(99999), 0);
    numa_init(&map, NULL);
    EXPECT_EQ(nr_nodes, 1);
    numa_init(&map, srat);
    EXPECT_EQ(nr_nodes, 1);
    EXPECT_EQ(node_nr_frames(0), 4 * PIECE);
    EXPECT_EQ(node_in_order(0, 0), 0);
    EXPECT_EQ(node_distance(0, 0), 10);
    EXPECT_EQ(numa_node_of_range(0, 1), 0);
    numa_set_cpu(3, 3);
    EXPECT_EQ(node_of_cpu(3), 0);
    numa_print(4);
    EXPECT_STR(hosted_console(), "");
}

/* Rows d6898a50a5, 6f337f7427: firmware's numbers say nothing about order. */
TEST(numa_nodes, they_are_numbered_by_their_lowest_frame)
{
    start_machine(2, 6);
    srat_add_cpu(srat, 0, 0); /* no memory */
    add(0, 4, 9);
    srat_add_cpu(srat, 1, 4); /* none */
    add(4, 2, 3);
    add(6, 2, 1);
    numa_init(&map, srat);
    EXPECT_EQ(nr_nodes, 5);
    EXPECT_EQ(number(0), 9);
    EXPECT_EQ(number(1), 3);
    EXPECT_EQ(number(2), 1);
    EXPECT_EQ(number(3), 0);
    EXPECT_EQ(number(4), 4);
    EXPECT_EQ(node_of_pdx(2 * PIECE), 0);
    EXPECT_EQ(node_of_pdx(5 * PIECE), 1);
    EXPECT_EQ(node_of_pdx(7 * PIECE), 2);
    EXPECT_EQ(node_nr_frames(0), 2 * PIECE);
    EXPECT_EQ(node_nr_frames(3), 0);
    EXPECT_STR(hosted_console(), "");
}

TEST(numa_nodes, one_whose_ram_others_pieces_take_has_none)
{
    start_machine(0, 4);
    srat_add_memory(srat, 0, PIECES + 4096, 0, false);
    srat_add_memory(srat, PIECES + 4096, 8192, 1, false);
    srat_add_memory(srat, PIECES + 12288, 3 * PIECES, 2, false);
    numa_init(&map, srat);
    EXPECT_EQ(nr_nodes, 3);
    EXPECT_EQ(number(0), 0);
    EXPECT_EQ(number(1), 2);
    EXPECT_EQ(number(2), 1);
    EXPECT_EQ(node_nr_frames(0), 2 * PIECE);
    EXPECT_EQ(node_nr_frames(2), 0);
    EXPECT(says("numa: 2044 KiB of RAM are of the node below: borders run "
                "inside pieces of 2 MiB"));
}

TEST(numa_nodes, ram_of_no_domain_makes_them_one)
{
    static const unsigned long hole[][2] = { { 0, 1 }, { 3, 1 }, { 7, 1 } };

    for (unsigned int i = 0; i < ARRAY_SIZE(hole); i++) {
        unsigned long end = hole[i][0] + hole[i][1];
        char text[64];

        start_machine(0, 8);
        if (hole[i][0] > 0)
            add(0, hole[i][0], 0);
        add(end, 9 - end, 1);
        numa_init(&map, srat);
        EXPECT_EQ(nr_nodes, 1);
        EXPECT_EQ(node_of_pdx(7 * PIECE), 0);
        snprintf(text, sizeof(text), "numa: one node: RAM at %#lx is in no",
                 hole[i][0] * PIECES);
        EXPECT(says(text));
    }

    /* The last frame, and the last byte. */
    for (unsigned int i = 0; i < 2; i++) {
        start_machine(0, 8);
        add(0, 4, 0);
        srat_add_memory(srat, 4 * PIECES, 4 * PIECES - (i ? 1 : 4096), 1,
                        false);
        numa_init(&map, srat);
        EXPECT_EQ(nr_nodes, 1);
    }
}

TEST(numa_nodes, where_the_table_is_refused_there_is_one)
{
    start_machine(0, 8);
    add(0, 5, 0);
    add(4, 4, 1);
    numa_init(&map, srat);
    EXPECT_EQ(nr_nodes, 1);
    EXPECT_EQ(node_nr_frames(0), 8 * PIECE);
    EXPECT(says("numa: one node: the SRAT is refused: two domains overlap"));
    EXPECT(!numa_source());
}

/* N2, of all distances that three nodes can have among a few. */
TEST(numa_nodes, the_order_is_itself_and_then_the_nearest)
{
    static const unsigned int choice[] = { 11, 20, 21, 255 };

    start_machine(0, 4);
    for (unsigned int i = 0; i < 4; i++)
        add(i, 1, i);
    for (unsigned int mix = 0; mix < 4 * 4 * 4; mix++) {
        unsigned int far[4] = { 0, choice[mix % 4], choice[mix / 4 % 4],
                                choice[mix / 16] };

        for (unsigned int from = 0; from < 4; from++)
            for (unsigned int step = 1; step < 4; step++)
                set_distance(from, (from + step) % 4, far[step]);
        numa_init(&map, srat);

        for (unsigned int from = 0; from < 4; from++) {
            unsigned int seen = 0;

            EXPECT_EQ(node_in_order(from, 0), from);
            for (unsigned int i = 0; i < 4; i++) {
                unsigned int node = node_in_order(from, i), before;

                EXPECT(node < 4 && !(seen & 1U << node));
                seen |= 1U << node;
                if (i < 2)
                    continue;
                before = node_in_order(from, i - 1);
                EXPECT(
                    node_distance(from, before) < node_distance(from, node) ||
                    (node_distance(from, before) == node_distance(from, node) &&
                     before < node));
            }
        }
    }
}

/* Distances are told by domain, asked by node, and need not be alike. */
TEST(numa_nodes, distances_move_with_the_numbers)
{
    start_machine(0, 3);
    add(2, 1, 0); /* becomes node 2 */
    add(0, 1, 1); /* 0 */
    add(1, 1, 2); /* 1 */
    set_distance(0, 1, 30);
    set_distance(0, 2, 40);
    set_distance(1, 0, 50);
    set_distance(1, 2, 60);
    numa_init(&map, srat);
    EXPECT_EQ(node_distance(2, 0), 30);
    EXPECT_EQ(node_distance(2, 1), 40);
    EXPECT_EQ(node_distance(0, 2), 50);
    EXPECT_EQ(node_distance(0, 1), 60);
    EXPECT_EQ(node_distance(1, 0), 20);
    EXPECT_EQ(node_in_order(0, 1), 2);
}

TEST(numa_nodes, a_cpu_is_of_its_apic_numbers_node)
{
    start_machine(0, 2);
    add(1, 1, 5);
    add(0, 1, 6);
    srat_add_cpu(srat, 8, 5);
    srat_add_cpu(srat, 9, 6);
    srat_add_cpu(srat, 254, 5);
    numa_init(&map, srat);
    numa_set_cpu(0, 8);
    numa_set_cpu(1, 9);
    numa_set_cpu(2, 254);
    EXPECT_STR(hosted_console(), "");
    EXPECT_EQ(node_of_cpu(0), 1);
    EXPECT_EQ(node_of_cpu(1), 0);
    EXPECT_EQ(node_of_cpu(2), 1);

    numa_set_cpu(2, 77);
    EXPECT_EQ(node_of_cpu(2), 0);
    EXPECT(says("numa: CPU 2 (APIC number 77) is in no domain"));
    numa_set_cpu(3, 0xffffffff);
    EXPECT_EQ(node_of_cpu(3), 0);
    numa_set_cpu(CONFIG_NR_CPUS, 8);
    EXPECT_EQ(node_of_cpu(CONFIG_NR_CPUS), 0);
    EXPECT_EQ(node_of_cpu(~0U), 0);
}

TEST(numa_nodes, a_line_tells_of_each)
{
    start_machine(0, 8);
    add(0, 1, 3);
    add(2, 1, 3);
    add(4, 1, 3);
    add(6, 1, 3);
    add(1, 1, 4);
    add(3, 1, 4);
    add(5, 1, 4);
    add(7, 1, 4);
    add_hotplug(8, 8, 5);
    for (uint32_t i = 0; i < 6; i++)
        srat_add_cpu(srat, i, i == 3 ? 4 : 3);
    set_distance(0, 1, 21);
    numa_init(&map, srat);
    for (unsigned int i = 0; i < 6; i++)
        numa_set_cpu(i, i);
    numa_print(6);
    EXPECT_STR(hosted_console(),
               "numa: node 0 (domain 3): 8 MiB in [0, 0x200000), [0x400000, "
               "0x600000), [0x800000, 0xa00000) and 1 more, CPUs 0-2,4-5, "
               "distances 10 21 20\n"
               "numa: node 1 (domain 4): 8 MiB in [0x200000, 0x400000), "
               "[0x600000, 0x800000), [0xa00000, 0xc00000) and 1 more, CPUs 3, "
               "distances 20 10 20\n"
               "numa: node 2 (domain 5): 0 MiB in [0x1000000, 0x2000000) "
               "to plug into, no CPU, distances 20 20 10\n");
}

/* As many nodes, ranges and CPUs as there can be: it ends, and is cut. */
TEST(numa_nodes, a_line_has_an_end)
{
    start_machine(0, 256);
    for (unsigned int i = 0; i < 256; i++)
        add(i, 1, i % 64 + 0xfffffff0);
    for (uint32_t i = 0; i < 255; i++)
        srat_add_cpu(srat, i, i % 64 + 0xfffffff0);
    numa_init(&map, srat);
    for (unsigned int i = 0; i < CONFIG_NR_CPUS && i < 255; i++)
        numa_set_cpu(i, i);
    numa_print(CONFIG_NR_CPUS);
    EXPECT_EQ(nr_lines(hosted_console()), 64);
}
