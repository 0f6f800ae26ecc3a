/* SPDX-License-Identifier: MIT */
/* Random use of the heap, against an oracle that counts frame by frame. */
#include <stdlib.h>

#include <test.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>

#include "../model/apart.h"
#include "../model/naive_heap.h"
#include "../model/small_machine.h"

#define NR_STEPS 120U
#define MAX_OUT  64U

/* Ragged ends, holes, every tier, and neighbours across group and tier. */
static const struct ram machine[] = {
    { 0, 19 },
    { 33, 31 },
    { 4096 - 37, 100 },
    { 4 * FRAMES_PER_GROUP - 32, 32 },
    { BIT(20) - 65, 193 },
    { BIT(20) + 5 * FRAMES_PER_GROUP, 64 },
};

#define NR_RANGES ARRAY_SIZE(machine)

struct out {
    struct page_info *pg;
    unsigned int order;
};

static struct out out[MAX_OUT];
static unsigned long nr_given;

static unsigned int draw(unsigned int below)
{
    return (unsigned int)(test_random() % below);
}

static void give(unsigned long start, unsigned long nr)
{
    heap_add(_mfn(start), nr);
    if (start == 0) {
        start++;
        nr--;
    }
    EXPECT(naive_heap_free(start, nr));
    nr_given += nr;
}

/* Do the heap and the oracle have the same blocks? */
static void expect_agreement(void)
{
    unsigned long expected[NR_ORDERS];
    struct heap_statistics s;

    EXPECT_EQ(heap_check(), 0);
    heap_statistics(&s);
    naive_heap_blocks(expected);
    for (unsigned int o = 0; o <= MAX_ORDER; o++)
        EXPECT_EQ(s.nr_blocks[o], expected[o]);
    EXPECT_EQ(s.nr_free, naive_heap_nr_free());
    EXPECT_EQ(s.nr_frames, nr_given);
}

static paddr_t random_limit(void)
{
    const struct ram *range = &machine[draw(NR_RANGES)];
    paddr_t limit = (range->start + draw((unsigned int)range->nr + 1))
                    << PAGE_SHIFT;

    switch (draw(4)) {
    case 0: return limit;
    case 1: return limit - 1;
    default: return HEAP_NO_LIMIT;
    }
}

/* From the best tier, there from a block of the lowest order, its start. */
static void take(struct out *o)
{
    paddr_t limit = random_limit();
    struct naive_choice choice;
    unsigned long start = 0;
    unsigned int order = 0;
    mfn_t mfn;

    o->order = draw(draw(4) == 0 ? NR_ORDERS : 6);
    o->pg = alloc_heap_pages(o->order, limit, NULL);
    if (!naive_heap_choose(o->order, limit, &choice)) {
        EXPECT(o->pg == NULL);
        return;
    }
    REQUIRE(o->pg != NULL);
    mfn = page_to_mfn(o->pg);
    EXPECT(naive_heap_block_of(mfn_x(mfn), &start, &order));
    EXPECT_EQ(start, mfn_x(mfn));
    EXPECT_EQ(order, choice.order);
    EXPECT_EQ(mfn_x(mfn) < 4096      ? 0
              : mfn_x(mfn) < BIT(20) ? 1
                                     : 2,
              choice.tier);
    EXPECT(mfn_to_maddr(mfn) + (PAGE_SIZE << o->order) <= limit);
    EXPECT(naive_heap_take(start, BIT(o->order)));
    for (unsigned long i = 0; i < BIT(o->order); i++)
        EXPECT(page_info_is_zero(o->pg + i));
}

/* As a whole, or the half that lies higher. */
static void give_back(struct out *o)
{
    struct page_info *pg = o->pg;
    unsigned int order = o->order;

    if (order > 0 && draw(3) == 0) {
        o->order = --order;
        pg += BIT(order);
    } else {
        o->pg = NULL;
    }
    free_heap_pages(pg, order, TLB_NO_DEBT);
    EXPECT(naive_heap_free(mfn_x(page_to_mfn(pg)), BIT(order)));
}

static void give_all_back(void)
{
    for (unsigned int i = 0; i < MAX_OUT; i++)
        while (out[i].pg)
            give_back(&out[i]);
}

/* Give every range, in any order and in pieces of any size. */
static void seed_heap(void)
{
    unsigned long from[NR_RANGES] = { 0 };
    unsigned int nr_left = NR_RANGES;

    small_machine(machine, NR_RANGES);
    for (unsigned int i = 0; i < NR_RANGES; i++)
        naive_heap_window(machine[i].start, machine[i].nr);
    while (nr_left > 0) {
        unsigned int i = draw(NR_RANGES);
        unsigned long nr = machine[i].nr - from[i];

        if (nr == 0)
            continue;
        nr = 1 + draw((unsigned int)nr);
        give(machine[i].start + from[i], nr);
        from[i] += nr;
        nr_left -= from[i] == machine[i].nr;
    }
}

static void random_sequence(void)
{
    unsigned long before[NR_ORDERS], after[NR_ORDERS];

    seed_heap();
    expect_agreement();
    naive_heap_blocks(before);
    for (unsigned int step = 0; step < NR_STEPS; step++) {
        struct out *o = &out[draw(MAX_OUT)];

        if (o->pg)
            give_back(o);
        else
            take(o);
        if (step % 40 == 0)
            expect_agreement();
    }
    expect_agreement();
    give_all_back();
    expect_agreement();
    naive_heap_blocks(after);
    for (unsigned int order = 0; order <= MAX_ORDER; order++)
        EXPECT_EQ(after[order], before[order]);
}

TEST(heap_model, random_use_agrees_with_the_model)
{
    run_apart(random_sequence, 600);
}

/* One machine, many sequences: each begins where the last one ended. */
TEST(heap_model, tens_of_thousands_of_sequences_leave_the_shape_as_it_was)
{
    unsigned long before[NR_ORDERS];

    seed_heap();
    naive_heap_blocks(before);
    for (unsigned int sequence = 0; sequence < 20000; sequence++) {
        for (unsigned int step = 0; step < 12; step++) {
            struct out *o = &out[draw(MAX_OUT)];

            if (o->pg)
                give_back(o);
            else
                take(o);
        }
        give_all_back();
        for (unsigned int order = 0; order <= MAX_ORDER; order++)
            EXPECT_EQ(heap_nr_blocks(order), before[order]);
        if (test_nr_failures() > 0)
            return;
    }
    expect_agreement();
}
