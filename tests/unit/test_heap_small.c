/* SPDX-License-Identifier: MIT */
/*
 * All states that a few units of memory can be in, each in use, clean or dirty;
 * from each all that can be asked for: every split and every merge, and what of
 * it is dirty. The units are chunks of a block, or frames of a chunk.
 */
#include <stdio.h>
#include <stdlib.h>

#include <hosted.h>
#include <test.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/scrub.h>

#include <asm/contents.h>

#include "../model/small_machine.h"

#define FIRST     2048UL
#define MAX_UNITS 8U

enum state { USED, CLEAN, DIRTY, NR_STATES };

/* The heap is one block; @nr units of @order each, the first of it, vary. */
struct units {
    unsigned int nr, order;
    unsigned long nr_frames;
    enum state state[MAX_UNITS];
};

static unsigned long nr_states, nr_requests, nr_served;

static struct page_info *unit(const struct units *it, unsigned int i)
{
    return mfn_to_page(_mfn(FIRST)) + ((unsigned long)i << it->order);
}

/* The first and the last word of each frame. */
static bool is_all(const struct page_info *pg, unsigned int order,
                   uint64_t what)
{
    for (unsigned long i = 0; i < BIT(order); i++) {
        const uint64_t *word = frame_contents(page_to_mfn(pg + i));

        if (word[0] != what || word[511] != what)
            return false;
    }

    return true;
}

static void soil(const struct page_info *pg, unsigned int order)
{
    for (unsigned long i = 0; i < BIT(order); i++) {
        uint64_t *word = frame_contents(page_to_mfn(pg + i));

        word[0] = word[511] = 0x5a5a;
    }
}

/* A CPU asks when it begins how what it gives back is to be treated. */
static void give(const struct units *it, enum state which, enum scrub_mode mode)
{
    heap_leave();
    scrub_mode = mode;
    for (unsigned int i = 0; i < it->nr; i++)
        if (it->state[i] == which)
            free_heap_pages(unit(it, i), it->order, TLB_NO_DEBT);
    heap_leave();
    scrub_mode = SCRUB_IDLE;
}

/* From all in use. */
static void enter_state(const struct units *it)
{
    for (unsigned int i = 0; i < it->nr; i++)
        soil(unit(it, i), it->order);
    give(it, DIRTY, SCRUB_IDLE);
    give(it, CLEAN, SCRUB_EAGER);
}

static bool is_free(const struct units *it, unsigned int i, unsigned int nr)
{
    for (unsigned int k = 0; k < nr; k++)
        if (it->state[i + k] == USED)
            return false;

    return true;
}

/* The blocks that must be there, and how much is dirty. */
static void expect_state(const struct units *it)
{
    unsigned long expected[NR_ORDERS] = { 0 }, nr_dirty = 0;
    struct heap_statistics s;

    for (unsigned int i = 0, nr; i < it->nr; i += nr) {
        unsigned int k = 0;

        for (nr = 1; nr < it->nr && i % (2 * nr) == 0 && is_free(it, i, 2 * nr);
             nr *= 2)
            k++;
        expected[it->order + k] += is_free(it, i, nr);
    }
    for (unsigned int i = 0; i < it->nr; i++)
        nr_dirty += it->state[i] == DIRTY;
    heap_statistics(&s);
    for (unsigned int o = 0; o < NR_ORDERS; o++)
        EXPECT_EQ(s.nr_blocks[o], expected[o]);
    EXPECT_EQ(s.nr_dirty, nr_dirty << it->order);
    EXPECT_EQ(heap_check(), 0);
}

/* There is one where @nr units that are free begin at a multiple of that. */
static bool can_have(const struct units *it, unsigned int nr)
{
    for (unsigned int i = 0; i < it->nr; i += nr)
        if (is_free(it, i, nr))
            return true;

    return false;
}

/* Whoever gives back in parts clears the entries of a block first. */
static struct page_info *take(unsigned int order, unsigned int flags)
{
    struct page_info *pg = alloc_heap_pages(order, HEAP_NO_LIMIT, flags, NULL);

    if (pg)
        heap_clear_entries(pg, order);

    return pg;
}

/* Take all that is left, so that all is in use again. */
static void take_rest(const struct units *it)
{
    for (unsigned long nr = heap_nr_free() >> it->order; nr > 0; nr--)
        EXPECT(take(it->order, HEAP_NO_SCRUB) != NULL);
    EXPECT_EQ(heap_nr_free(), 0);
}

static void ask(const struct units *it, unsigned int k, unsigned int flags)
{
    unsigned int order = it->order + k;
    struct page_info *pg;
    unsigned long i;

    enter_state(it);
    expect_state(it);
    nr_requests++;
    pg = take(order, flags);
    EXPECT_EQ(pg != NULL, can_have(it, 1U << k));
    EXPECT_EQ(heap_check(), 0);
    if (pg) {
        nr_served++;
        i = (unsigned long)(pg - unit(it, 0)) >> it->order;
        EXPECT(pg == unit(it, (unsigned int)i) && i % BIT(k) == 0);
        EXPECT(i < it->nr && is_free(it, (unsigned int)i, 1U << k));
        EXPECT(flags || is_all(pg, order, 0));
        for (unsigned int n = 0; n < BIT(k); n++)
            EXPECT(it->state[i + n] != CLEAN ||
                   is_all(unit(it, (unsigned int)i + n), it->order, 0));
    }
    take_rest(it);
}

static void every_state(struct units *it)
{
    const struct ram ram[] = { { FIRST, it->nr_frames } };
    unsigned long nr = 1;

    hosted_arena_init();
    small_machine_heap(ram, 1);
    REQUIRE(take(lowest_bit(it->nr_frames), HEAP_NO_SCRUB) == unit(it, 0));
    for (unsigned int i = 0; i < it->nr; i++)
        nr *= NR_STATES;
    for (; nr_states < nr && test_nr_failures() == 0; nr_states++) {
        unsigned long number = nr_states;

        for (unsigned int i = 0; i < it->nr; i++, number /= NR_STATES)
            it->state[i] = (enum state)(number % NR_STATES);
        for (unsigned int k = 0; BIT(k) <= it->nr; k++) {
            ask(it, k, 0);
            ask(it, k, HEAP_NO_SCRUB);
        }
    }
    printf("# %lu states, %lu requests, %lu of them served\n", nr_states,
           nr_requests, nr_served);
}

TEST(heap_small, of_four_chunks_each_state_and_each_request)
{
    struct units chunks = { 4, CHUNK_ORDER, 4 * CHUNK_FRAMES, { USED } };

    every_state(&chunks);
    EXPECT_EQ(nr_states, 81);
    EXPECT_EQ(nr_requests, 81 * 3 * 2);
}

TEST(heap_small, of_eight_frames_each_state_and_each_request)
{
    struct units frames = { 8, 0, CHUNK_FRAMES, { USED } };

    every_state(&frames);
    EXPECT_EQ(nr_states, 6561);
    EXPECT_EQ(nr_requests, 6561 * 4 * 2);
}
