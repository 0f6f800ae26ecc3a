/* SPDX-License-Identifier: MIT */
/* Nodes: the one found is the one expected, frame by frame (F13). */
#include <test.h>
#include <xen/frame_table.h>
#include <xen/numa.h>

#include "../model/fake_nodes.h"
#include "../model/small_machine.h"

#define PIECE (1UL << SUPERPAGE_ORDER)

static struct memory_map map;

/* All that nodes need of a frame table is to know how far it reaches. */
static void start_machine(const struct ram *ram, unsigned int nr)
{
    map = *small_machine_map(ram, nr);
    pdx_init(&map, FRAME_TABLE_REACH);
    nr_pdxs = ALIGN_UP(pdx_compression.nr, FRAMES_PER_GROUP);
}

/* Of every @step-th frame of RAM in [@mfn, @end): is it of the node that the
 * definition says? */
static bool agrees(const struct fake_node *node, unsigned int nr,
                   unsigned long mfn, unsigned long end, unsigned long step)
{
    for (; mfn < end; mfn += step) {
        unsigned int found = node_of_pdx(mfn_to_pdx(_mfn(mfn)));

        if (!memory_map_is_ram(&map, mfn << PAGE_SHIFT,
                               (mfn + 1) << PAGE_SHIFT))
            continue;
        if (found >= nr_nodes || fake_srat()->domain[node_domain(found)] !=
                                     naive_node_domain(&map, node, nr, mfn)) {
            test_fail(__FILE__, __LINE__, "frame %#lx is of node %u", mfn,
                      found);
            return false;
        }
    }

    return true;
}

/* The nodes of all frames of RAM, and how many each has. */
static void compare(const struct fake_node *node, unsigned int nr)
{
    unsigned long nr_frames[MAX_NODES] = { 0 };
    unsigned int nr_seen = 0; /* the least number that no frame below has */

    for (unsigned int i = 0; i < map.nr; i++) {
        unsigned long mfn = map.range[i].start >> PAGE_SHIFT;
        unsigned long end = map.range[i].end >> PAGE_SHIFT;

        if (!agrees(node, nr, mfn, end, 1))
            return;
        for (; mfn < end; mfn++) {
            unsigned int found = node_of_pdx(mfn_to_pdx(_mfn(mfn)));

            REQUIRE(found <= nr_seen);
            nr_seen += found == nr_seen;
            nr_frames[found]++;
        }
    }
    for (unsigned int i = 0; i < nr_nodes; i++)
        EXPECT_EQ(node_nr_frames(i), nr_frames[i]);
}

/*
 * Two nodes by turns, with borders anywhere around a hole in the RAM that
 * begins and ends inside pieces: the first frame of a piece is of each, or no
 * RAM.
 */
TEST(numa, each_frame_is_of_the_node_expected_wherever_borders_run)
{
    static const struct ram ram[] = { { 3, 2 * PIECE },
                                      { 2 * PIECE + 300, 2 * PIECE } };
    unsigned long last = ram[1].start + ram[1].nr;

    start_machine(ram, 2);
    for (unsigned long a = 1; a < last; a += 61) {
        for (unsigned long b = a + 1; b < last; b += 61) {
            const struct fake_node node[] = { { 0, a, 7 },
                                              { a, b - a, 5 },
                                              { b, last - b, 7 } };

            fake_nodes(&map, node, 3);
            EXPECT_EQ(nr_nodes, 2);
            compare(node, 3);
        }
    }
}

TEST(numa, each_border_near_that_of_a_piece_is_where_it_should_be)
{
    static const struct ram ram[] = { { 0, 4 * PIECE } };

    start_machine(ram, 1);
    for (unsigned long a = PIECE - 3; a < PIECE + 4; a++) {
        for (unsigned long b = 2 * PIECE - 3; b < 2 * PIECE + 4; b++) {
            const struct fake_node node[] = { { 0, a, 0 },
                                              { a, b - a, 1 },
                                              { b, 4 * PIECE - b, 2 } };

            fake_nodes(&map, node, 3);
            compare(node, 3);
            EXPECT_EQ(nr_nodes, 3);
        }
    }
}

TEST(numa, random_maps_agree_with_the_definition)
{
    for (unsigned int turn = 0; turn < 300; turn++) {
        unsigned long at = test_random() % PIECE, from = 0;
        struct fake_node node[8];
        struct ram ram[4];

        for (unsigned int i = 0; i < 4; i++) {
            ram[i].start = at;
            ram[i].nr = 1 + test_random() % (2 * PIECE);
            at += ram[i].nr + 1 + test_random() % (2 * PIECE);
        }
        start_machine(ram, 4);
        for (unsigned int i = 0; i < 8; i++) {
            node[i].start = from;
            node[i].nr = 1 + test_random() % (3 * PIECE);
            node[i].domain = (uint32_t)(test_random() % 4);
            from += node[i].nr;
        }
        if (from < at)
            node[7].nr += at - from;
        fake_nodes(&map, node, 8);
        compare(node, 8);
    }
}

/* Pieces are larger, and frame numbers compressed: looked at around borders. */
TEST(numa, large_machines_agree_with_the_definition_near_borders)
{
    static const unsigned long GIB = 1UL << 18, TIB = 1UL << 28;

    for (unsigned long ragged = 0; ragged < 0x9000; ragged += 0x2fff) {
        const struct ram ram[] = { { 0, 2 * GIB },
                                   { 4 * GIB, 60 * GIB },
                                   { 8 * TIB, 64 * GIB } };
        const struct fake_node node[] = { { 0, 32 * GIB + ragged, 0 },
                                          { 32 * GIB + ragged, 40 * GIB, 1 },
                                          { 8 * TIB, 32 * GIB + ragged, 2 },
                                          { 8 * TIB + 32 * GIB + ragged,
                                            32 * GIB - ragged, 3 } };

        start_machine(ram, 3);
        EXPECT(pdx_compression.form != PDX_IDENTITY);
        fake_nodes(&map, node, 4);
        EXPECT_EQ(nr_nodes, 4);
        EXPECT_EQ(node_shift, 11);
        for (unsigned int i = 0; i < 4; i++) {
            unsigned long end = node[i].start + node[i].nr;

            (void)agrees(node, 4, node[i].start, node[i].start + 9000, 7);
            (void)agrees(node, 4, end - 9000, end + 9000, 7);
        }
    }
}

/* Rows 66a5633aa0 to 728998f6f2: the size, the end and the shift of the map. */
TEST(numa, the_map_has_as_many_pieces_as_it_needs_and_no_fewer)
{
    EXPECT_EQ(numa_shift_for(0), SUPERPAGE_ORDER);
    EXPECT_EQ(numa_shift_for(1), SUPERPAGE_ORDER);
    for (unsigned int shift = SUPERPAGE_ORDER; shift < 25; shift++) {
        EXPECT_EQ(numa_shift_for((NODE_PIECES << shift) - 1), shift);
        EXPECT_EQ(numa_shift_for(NODE_PIECES << shift), shift);
        EXPECT_EQ(numa_shift_for((NODE_PIECES << shift) + 1), shift + 1);
    }
}

TEST(numa, the_last_piece_of_the_map_is_in_use_up_to_its_end)
{
    static const struct ram ram[] = { { 0, NODE_PIECES * PIECE } };
    unsigned long last = ram[0].nr - 1;
    const struct fake_node node[] = { { 0, last, 0 }, { last, 1, 1 } };
    const struct fake_node whole[] = { { 0, last + 1 - PIECE, 0 },
                                       { last + 1 - PIECE, PIECE, 1 } };

    start_machine(ram, 1);
    fake_nodes(&map, node, 2);
    EXPECT_EQ(node_shift, SUPERPAGE_ORDER);
    EXPECT_EQ(node_of_pdx(last), 0);
    EXPECT_EQ(node_nr_frames(0), last + 1);
    EXPECT_EQ(node_nr_frames(1), 0);

    fake_nodes(&map, whole, 2);
    EXPECT_EQ(node_of_pdx(last), 1);
    EXPECT_EQ(node_of_pdx(last - PIECE), 0);
    EXPECT_EQ(node_nr_frames(1), PIECE);
}

/* Bytes count: a frame that two share is of the one that has its first byte. */
TEST(numa, a_border_inside_a_frame_leaves_it_to_the_lower_node)
{
    static const struct ram ram[] = { { 0, 4 * PIECE } };
    paddr_t border = (2 * PIECE << PAGE_SHIFT) - 5;
    struct srat *srat = fake_srat();

    start_machine(ram, 1);
    srat_begin(srat);
    srat_add_memory(srat, 0, border, 0, false);
    srat_add_memory(srat, border, PADDR_MAX - border, 1, false);
    numa_init(&map, srat);
    EXPECT_EQ(node_of_pdx(2 * PIECE - 1), 0);
    EXPECT_EQ(node_of_pdx(2 * PIECE), 1);
    EXPECT_EQ(node_nr_frames(0), 2 * PIECE);
}
