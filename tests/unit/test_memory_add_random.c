/* SPDX-License-Identifier: MIT */
/*
 * Memory that is plugged in at random, on either node, amid requests: after
 * each step a model that knows each unit of the room says what must be so.
 */
#include "plugged_machine.h"

#define UNITS     ((ROOM_END - ROOM_START) / ROOM_UNIT)
#define NR_STEPS  120U
#define MAX_BLOCK 64U

/* Of each unit of 2 MiB: is it RAM, and of which node? */
static bool is_ram[UNITS];
static uint8_t node_of[UNITS];

/* Of each group and GiB of the room: has it memory for its entries? */
static bool has_table[FRAMES(ROOM_END - ROOM_START) / GROUP];
static bool has_m2p[(ROOM_END - ROOM_START) / GIB];

static unsigned long nr_free, nr_of_node[2];

static struct {
    struct page_info *pg;
    unsigned int order;
} out[MAX_BLOCK];

struct piece {
    unsigned long first, nr; /* units */
    bool aligned, inside;
};

static unsigned long end_of_room(unsigned long i)
{
    while (i < UNITS && !is_ram[i])
        i++;

    return i;
}

/* Mostly such that can join: some take all of a range, or all but a unit. */
static struct piece some_piece(void)
{
    struct piece piece = { test_random() % UNITS, 1, true, true };

    if (test_random() % 2)
        piece.first -= piece.first % 32;
    switch (test_random() % 5) {
    case 0: piece.nr = 1 + test_random() % 8; break;
    case 1: piece.nr = 1 + test_random() % 300; break;
    case 2:
        piece.nr = end_of_room(piece.first) - piece.first;
        piece.nr = piece.nr > 1 ? piece.nr - test_random() % 2 : 1;
        break;
    default: piece.nr = 32 << test_random() % 4; break;
    }
    piece.aligned = test_random() % 16 > 0;
    piece.inside = piece.first + piece.nr <= UNITS;

    return piece;
}

/* Superpages that its entries lack; with @mark, not any longer. */
static unsigned long tables_for(const struct piece *piece, bool mark)
{
    unsigned long per_gib = GIB / ROOM_UNIT, nr = 0;
    unsigned long per_group = GROUP / SUPERPAGE_FRAMES;
    static bool table[sizeof(has_table)], m2p[sizeof(has_m2p)];

    memcpy(table, has_table, sizeof(table));
    memcpy(m2p, has_m2p, sizeof(m2p));
    for (unsigned long i = piece->first; i < piece->first + piece->nr; i++) {
        nr += table[i / per_group] ? 0 : GROUP_TABLE_SIZE / SUPERPAGE_SIZE;
        nr += m2p[i / per_gib] ? 0 : 1;
        table[i / per_group] = m2p[i / per_gib] = true;
    }
    if (mark) {
        memcpy(has_table, table, sizeof(table));
        memcpy(has_m2p, m2p, sizeof(m2p));
    }

    return nr;
}

static int expected(const struct piece *piece)
{
    unsigned long end = piece->first + piece->nr;

    if (!piece->aligned)
        return -EINVAL;
    for (unsigned long i = piece->first; i < end && i < UNITS; i++)
        if (is_ram[i])
            return -EEXIST;
    if (!piece->inside)
        return -ENOSPC;

    return tables_for(piece, false) >= piece->nr ? -EINVAL : 0;
}

/* A unit shares its node with what joined before in the same piece. */
static void joined(const struct piece *piece, unsigned int node)
{
    unsigned long per_piece = BIT(node_shift) / SUPERPAGE_FRAMES;

    nr_free += (piece->nr - tables_for(piece, true)) * SUPERPAGE_FRAMES;
    for (unsigned long i = piece->first; i < piece->first + piece->nr; i++) {
        unsigned long start = i - i % per_piece;

        node_of[i] = (uint8_t)node;
        for (unsigned long j = start; j < start + per_piece && j < UNITS; j++)
            if (is_ram[j])
                node_of[i] = node_of[j];
        is_ram[i] = true;
        nr_of_node[node_of[i]] += SUPERPAGE_FRAMES;
    }
}

static void add_some(void)
{
    struct piece piece = some_piece();
    unsigned int node = (unsigned int)(test_random() % 3);
    paddr_t start = ROOM_START + piece.first * ROOM_UNIT;
    paddr_t end = start + piece.nr * ROOM_UNIT + (piece.aligned ? 0 : 4096);
    int rc = expected(&piece), fails = 0;

    /* Firmware says that the room is node 1's. */
    if (rc == 0 && test_random() % 4 == 0) {
        hosted_fail_map_after(0);
        fails = tables_for(&piece, false) > 0;
    }
    EXPECT_EQ(memory_add(map, start, end, node == 2 ? NODE_NONE : node),
              fails ? -ENOMEM : rc);
    hosted_fail_map_after(~0U);
    if (rc == 0 && !fails)
        joined(&piece, node == 2 ? 1 : node);
}

static void take_or_give(void)
{
    unsigned long i = test_random() % MAX_BLOCK;
    unsigned int order = (unsigned int)(test_random() % 12);

    if (out[i].pg) {
        free_heap_pages(out[i].pg, out[i].order, TLB_NO_DEBT);
        nr_free += BIT(out[i].order);
        out[i].pg = NULL;
        return;
    }
    out[i].order = order;
    out[i].pg =
        alloc_heap_pages(order, HEAP_NO_LIMIT,
                         HEAP_NO_SCRUB | HEAP_NODE((unsigned int)i % 2), NULL);
    if (out[i].pg)
        nr_free -= BIT(order);
}

static void expect_agreement(void)
{
    expect_sound();
    EXPECT_EQ(heap_nr_free(), nr_free);
    EXPECT_EQ(node_nr_frames(0), nr_of_node[0]);
    EXPECT_EQ(node_nr_frames(1), nr_of_node[1]);
    for (unsigned long i = 0; i < UNITS; i++) {
        paddr_t start = ROOM_START + i * ROOM_UNIT;

        EXPECT_EQ(memory_is_ram(map, start, start + ROOM_UNIT), is_ram[i]);
        EXPECT_EQ(memory_map_is_room(map, start, start + ROOM_UNIT),
                  !is_ram[i]);
        if (is_ram[i])
            EXPECT_EQ(node_of_pdx(mfn_to_pdx(maddr_to_mfn(start))), node_of[i]);
    }
}

TEST(memory_add_random, as_the_model_says)
{
    start_machine(2);
    nr_free = heap_nr_free();
    nr_of_node[0] = node_nr_frames(0);
    nr_of_node[1] = node_nr_frames(1);
    for (unsigned int i = 0; i < NR_STEPS; i++) {
        add_some();
        expect_agreement();
        for (unsigned int n = 0; n < 20; n++)
            take_or_give();
        expect_agreement();
        hosted_console_clear();
    }
}
