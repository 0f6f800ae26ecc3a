/* SPDX-License-Identifier: MIT */
/*
 * All that one does with the heap, mixed, on three nodes that are ragged and
 * full of holes: taken and given back by CPUs in turn, streams, ranges, frames
 * that leave and come back, scrubbing, claims, drains. After each step all that
 * a model knows of each frame is compared, and all invariants are checked.
 *
 * CALLS=number in the environment says how many steps; SEED where they begin.
 */
#include <stdio.h>
#include <stdlib.h>

#include <test.h>
#include <xen/audit.h>
#include <xen/claim.h>
#include <xen/errno.h>
#include <xen/heap_statistics.h>
#include <xen/offline.h>
#include <xen/scrub.h>

#include "../model/apart.h"
#include "../model/mixed_use.h"
#include "../model/some_cpus.h"

#define NR_STEPS   60000UL /* in all */
#define MAX_BROKEN 4U      /* on one machine */

static unsigned int nr_broken;

/* Where all that is free has been promised, a frame that is to leave waits for
 * somebody to come by: that has a test of its own. */
static void take_out(unsigned long mfn)
{
    struct naive_frame *frame = naive_frame(mfn);
    bool fails = nr_broken < MAX_BROKEN && draw(200) == 0;
    int rc;

    if (!frame->used && !frame->off &&
        mixed_free_for(RAGGED_DOMAINS).nr[frame->node] == 0)
        return;
    rc = offline_page(_mfn(mfn), fails);
    EXPECT_EQ(rc, frame->off    ? -EEXIST
                  : frame->used ? OFFLINE_PENDING
                                : OFFLINE_DONE);
    frame->off = true;
    nr_broken += fails && !frame->broken;
    frame->broken |= fails;
}

static void take_back(unsigned long mfn)
{
    struct naive_frame *frame = naive_frame(mfn);
    int rc = online_page(_mfn(mfn));

    /* An entry that says nothing may happen to say what it should. */
    if (frame->off && !frame->broken && mixed_is_uncleared(mfn) &&
        rc == -EAGAIN)
        return;
    EXPECT_EQ(rc, !frame->off ? -ENOENT : frame->broken ? -EACCES : 0);
    frame->off &= frame->broken;
}

static void take_all_back(void)
{
    for (unsigned long mfn = NAIVE_FIRST; mfn < NAIVE_END; mfn++)
        if (naive_frame(mfn)->off)
            take_back(mfn);
}

static void offline_or_online(void)
{
    unsigned long mfn = NAIVE_FIRST + draw(NAIVE_END - NAIVE_FIRST);
    const struct slot *slot = &mixed_slots[draw(mixed_nr_slots)];

    if (draw(3) == 0 && slot->nr > 0)
        mfn = slot->mfn + draw((unsigned int)slot->nr);
    while (mfn < NAIVE_END && !naive_frame(mfn)->is_ram)
        mfn++;
    /* Those that are out are few: look for the next one. */
    if (draw(2)) {
        for (unsigned long n = mfn; n < NAIVE_END; n++)
            if (naive_frame(n)->off && !naive_frame(n)->broken)
                mfn = n;
        if (mfn < NAIVE_END)
            take_back(mfn);
    } else if (draw(8) == 0) {
        take_all_back();
    } else if (mfn < NAIVE_END) {
        take_out(mfn);
    }
}

/* A few, all but a few, or anything; at times more than there is. */
static unsigned long draw_claim(unsigned long most)
{
    unsigned int few = draw(8);

    switch (draw(3)) {
    case 0: return few;
    case 1: return most + 2 < few ? few : most + 2 - few;
    default: return draw((unsigned int)most + 2);
    }
}

/* In the place of what it has. All of it, or nothing has changed. */
static void claim(void)
{
    unsigned int who = draw(RAGGED_DOMAINS), nr = draw(4);
    unsigned long wanted[NAIVE_NODES + 1] = { 0 }, sum = 0;
    struct by_node free = mixed_free_for(who);
    struct domain *d = ragged_domain[who];
    bool is_there = true;
    struct claim claims[3];
    int rc;

    for (unsigned int i = 0; i < nr; i++) {
        unsigned int n = draw(NAIVE_NODES + 1);
        unsigned long most = n < NAIVE_NODES ? free.nr[n] : free.sum;

        claims[i].node = n < NAIVE_NODES ? n : CLAIM_ANY_NODE;
        claims[i].nr = draw_claim(most);
        wanted[n] += claims[i].nr;
        sum += claims[i].nr;
    }
    for (unsigned int n = 0; n < NAIVE_NODES; n++)
        is_there &= wanted[n] <= free.nr[n];
    is_there &= sum <= free.sum;
    rc = claim_pages(d, claims, nr);
    EXPECT_EQ(rc, d->nr_pages + sum > RAGGED_QUOTA ? -E2BIG
                  : is_there                       ? 0
                                                   : -ENOMEM);
    for (unsigned int n = 0; n < NAIVE_NODES; n++) {
        EXPECT(rc ? d->claimed[n] == mixed_claimed[who][n]
                  : d->claimed[n] >= wanted[n]);
        mixed_claimed[who][n] = d->claimed[n];
    }
    EXPECT(rc || mixed_claims_of(who) == sum);
}

static void take_or_give(void)
{
    struct slot *slot = &mixed_slots[draw(mixed_nr_slots)];

    if (slot->nr > 0) {
        mixed_give(slot);
        return;
    }
    switch (draw(8)) {
    case 0: mixed_take_range(slot); break;
    case 1 ... 3: mixed_take_owned(slot); break;
    default: mixed_take(slot);
    }
}

/* Some CPU does something. */
static void step(void)
{
    hosted_set_cpu_id(draw(RAGGED_CPUS));
    switch (draw(64)) {
    case 0: heap_drain(); break;
    case 1: heap_leave(); break;
    case 2: mixed_take_stream(); break;
    case 3: mixed_end_stream(); break;
    case 4: mixed_take_owned_stream(); break;
    case 5 ... 6: claim(); break;
    case 7 ... 9: scrub_step(); break;
    case 10 ... 19: offline_or_online(); break;
    default: take_or_give();
    }
    hosted_set_cpu_id(0);
}

static void compare_frame(unsigned long mfn)
{
    const struct naive_frame *frame = naive_frame(mfn);
    struct page_query query = query_page(_mfn(mfn));
    bool is_free = query.place == PAGE_FREE || query.place == PAGE_CACHED;

    if (!frame->is_ram)
        return;
    EXPECT_EQ(is_free, !frame->used && !frame->off);
    EXPECT_EQ(query.place == PAGE_OFFLINE, !frame->used && frame->off);
    EXPECT_EQ(query.place == PAGE_PENDING, frame->used && frame->off);
    EXPECT_EQ(query.broken, frame->broken);
}

static void compare(void)
{
    struct naive_counts counts = naive_count_frames();

    for (unsigned int n = 0; n < nr_nodes; n++) {
        struct heap_node_statistics s;
        unsigned long nr_claimed = 0;

        for (unsigned int i = 0; i < RAGGED_DOMAINS; i++)
            nr_claimed += mixed_claimed[i][n];
        heap_node_statistics(n, &s);
        EXPECT_EQ(s.nr_free, counts.nr_free[n]);
        EXPECT_EQ(s.nr_offline, counts.nr_out[n]);
        EXPECT_EQ(s.nr_claimed, nr_claimed);
    }
    EXPECT_EQ(offline_nr_pending(), counts.nr_pending);
    EXPECT_EQ(audit_heap(), 0);
    EXPECT_EQ(heap_check(), 0);
}

/* All frames, and the blocks that they form. */
static void compare_all(void)
{
    unsigned long expected[NR_ORDERS];
    struct heap_statistics s;

    for (unsigned long mfn = NAIVE_FIRST; mfn < NAIVE_END; mfn++)
        compare_frame(mfn);
    heap_drain();
    compare();
    heap_statistics(&s);
    naive_frames_blocks(expected);
    EXPECT_EQ(s.nr_cached, 0);
    for (unsigned int o = 0; o <= MAX_ORDER; o++)
        EXPECT_EQ(s.nr_blocks[o], expected[o]);
}

/* All comes back, but for what is broken. */
static void give_all_back(void)
{
    for (unsigned int i = 0; i < mixed_nr_slots; i++)
        while (mixed_slots[i].nr > 0)
            mixed_give(&mixed_slots[i]);
    for (unsigned int who = 0; who < RAGGED_DOMAINS; who++) {
        EXPECT_EQ(claim_pages(ragged_domain[who], NULL, 0), 0);
        for (unsigned int n = 0; n < NAIVE_NODES; n++)
            mixed_claimed[who][n] = 0;
    }
    take_all_back();
}

static unsigned long nr_steps;

static void sequence(void)
{
    ragged_nodes(draw);
    mixed_nr_slots = draw(2) ? MIXED_SLOTS : 1 + draw(6);
    compare_all();
    for (unsigned long i = 0; i < nr_steps && test_nr_failures() == 0; i++) {
        step();
        compare();
        compare_frame(NAIVE_FIRST + draw(NAIVE_END - NAIVE_FIRST));
        if (draw(400) == 0)
            compare_all();
    }
    give_all_back();
    compare_all();
}

/* Each sequence on a machine of its own. */
TEST(heap_mixed, whatever_is_done_the_model_says_what_comes_of_it)
{
    const char *calls = getenv("CALLS");
    unsigned long nr = calls ? strtoul(calls, NULL, 0) : NR_STEPS;
    unsigned long nr_sequences = nr / 4000 + 10;

    nr_steps = nr / nr_sequences + 1;
    run_apart(sequence, (unsigned int)nr_sequences);
    printf("# %lu machines, %lu steps on each\n", nr_sequences, nr_steps);
}
