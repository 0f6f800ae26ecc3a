/* SPDX-License-Identifier: MIT */
/*
 * Each two of what CPUs do with the heap at once, and some three: on a few
 * frames, of which all have some at hand. Nobody gets a frame that another has,
 * or that has left, none is lost, and what was promised is there.
 */
#include <stdio.h>
#include <string.h>

#include <test.h>
#include <xen/arch.h>
#include <xen/claim.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/heap_range.h>
#include <xen/offline.h>
#include <xen/scrub.h>
#include <xen/smp.h>

#include "explore.h"
#include "few_frames.h"

#define NR_CLAIMED 3U

static void take(unsigned int o)
{
    unsigned int began = ++few.now, me = arch_cpu_id();
    struct page_info *pg =
        alloc_heap_pages(o, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);

    EXPECT(pg || o > 0); /* there are more frames than can be in use */
    if (!pg)
        return;
    few_frames_use(pg, BIT(o), began);
    if (few.held[me]) { /* to be given back by another, another time */
        few_frames_end_use(pg, BIT(o));
        free_heap_pages(pg, o, TLB_NO_DEBT);
        return;
    }
    few.held[me] = pg;
    few.order[me] = o;
}

static void take_one(void)
{
    take(0);
}

static void give_and_take(void)
{
    few_frames_give(arch_cpu_id());
    take(0);
}

static void give_the_others(void)
{
    few_frames_give((arch_cpu_id() + 1) % nr_cpus);
}

static void take_two(void)
{
    take(1);
}

/* More than is at hand anywhere. */
static void take_many(void)
{
    few_frames_give(arch_cpu_id());
    take(3);
}

static void drain(void)
{
    heap_drain();
}

static void leave(mfn_t mfn)
{
    int rc = offline_page(mfn, false);

    EXPECT(rc == OFFLINE_DONE || rc == OFFLINE_PENDING || rc == -EEXIST);
    few_frames_left(mfn);
}

static void leave_from_hand(void)
{
    leave(few.at_hand);
}

static void leave_from_pair(void)
{
    leave(few.in_pair);
}

static void leave_from_use(void)
{
    leave(few.in_use);
}

static void leave_from_chunk(void)
{
    leave(few.in_chunk);
}

static void claim_and_redeem(void)
{
    if (claim_pages(few.d, &(struct claim){ 0, NR_CLAIMED }, 1))
        return;
    for (unsigned int i = 0; i < NR_CLAIMED; i++) {
        unsigned int began = ++few.now;
        struct page_info *pg = alloc_domheap_pages(few.d, 0, HEAP_NO_LIMIT, 0);

        EXPECT(pg != NULL);
        if (pg)
            few_frames_use(pg, 1, began);
    }
}

/* It stays out. */
static void take_range(void)
{
    unsigned int began = ++few.now;
    mfn_t culprit;

    if (heap_take_range(few.range, NR_RANGE, HEAP_NO_SCRUB, &culprit)) {
        EXPECT(mfn_x(culprit) - mfn_x(few.range) < NR_RANGE);
        return;
    }
    few_frames_use(mfn_to_page(few.range), NR_RANGE, began);
    few.holds_range = true;
}

/* And this does not. */
static void take_row(void)
{
    unsigned int began = ++few.now;
    struct page_info *pg =
        alloc_heap_range(NR_RANGE, 1, HEAP_NO_LIMIT, HEAP_NO_SCRUB);

    if (!pg)
        return;
    few_frames_use(pg, NR_RANGE, began);
    few_frames_give_range(pg);
}

static void scrub(void)
{
    scrub_step();
    scrub_step();
}

/* With more stops where there are few steps. */
static const struct action {
    const char *name;
    void (*run)(void);
    unsigned int stops;
} actions[] = {
    { "take", take_one, 2 },
    { "give and take", give_and_take, 2 },
    { "give the other's", give_the_others, 3 },
    { "take two", take_two, 2 },
    { "take many", take_many, 2 },
    { "drain", drain, 2 },
    { "leave from hand", leave_from_hand, 3 },
    { "leave from pair", leave_from_pair, 2 },
    { "leave from use", leave_from_use, 2 },
    { "leave from chunk", leave_from_chunk, 3 },
    { "claim", claim_and_redeem, 2 },
    { "scrub", scrub, 3 },
    { "take a range", take_range, 2 },
    { "take a row", take_row, 2 },
};

static const struct action *program[MAX_CPUS];

static void body(void)
{
    program[arch_cpu_id()]->run();
}

static bool play(const struct action *a, const struct action *b,
                 const struct action *c, unsigned int stops)
{
    char name[100];
    const struct exploration it = {
        .name = name,
        .nr_cpus = c ? 3 : 2,
        .stops = stops,
        .reset = few_frames_put_back,
        .body = body,
        .check = few_frames_check,
    };

    program[0] = a;
    program[1] = b;
    program[2] = c;
    snprintf(name, sizeof(name), "%s, %s%s%s", a->name, b->name, c ? ", " : "",
             c ? c->name : "");

    return explore(&it);
}

static void play_all(void (*only)(void))
{
    for (unsigned int i = 0; i < ARRAY_SIZE(actions); i++) {
        if (only && actions[i].run != only)
            continue;
        for (unsigned int k = 0; k < ARRAY_SIZE(actions); k++)
            if (!play(&actions[i], &actions[k], NULL, actions[i].stops))
                return;
        explore_report(actions[i].name);
    }
}

TEST(explore_heap, each_two_at_once)
{
    few_frames_build(FEW, 2);
    play_all(NULL);
}

TEST(explore_heap, a_frame_leaves_from_a_pair_beside_each)
{
    few_frames_build(MANY, 2);
    play_all(leave_from_pair);
}

static const struct action *action_of(void (*run)(void))
{
    unsigned int i = 0;

    while (actions[i].run != run)
        i++;

    return &actions[i];
}

/* Where one makes another wait, or look again, and a third comes by. */
TEST(explore_heap, some_three_at_once)
{
    static void (*const three[][3])(void) = {
        { take_many, give_and_take, give_the_others },
        { take_many, take_many, take_two },
        { drain, leave_from_hand, take_two },
        { take_range, leave_from_hand, give_and_take },
        { take_range, take_row, take_many },
        { claim_and_redeem, take_row, drain },
        { claim_and_redeem, leave_from_chunk, give_the_others },
        { scrub, take_many, leave_from_use },
    };

    few_frames_build(FEW, 3);
    for (unsigned int i = 0; i < ARRAY_SIZE(three); i++)
        if (!play(action_of(three[i][0]), action_of(three[i][1]),
                  action_of(three[i][2]), 1))
            return;
    explore_report("some three");
}
