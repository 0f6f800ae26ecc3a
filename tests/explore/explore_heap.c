/* SPDX-License-Identifier: MIT */
/*
 * Each two of what CPUs do with the heap at once: on a few frames, of which
 * both have some at hand. Nobody gets a frame that another has, or that has
 * left, none is lost, and what was promised is there.
 */
#include <stdio.h>
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/arch.h>
#include <xen/bug.h>
#include <xen/claim.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/offline.h>
#include <xen/page_alloc.h>
#include <xen/scrub.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"
#include "explore.h"

#define NR_CPUS    2U
#define FIRST      512UL
#define MANY       150UL /* so many that CPUs keep pairs at hand */
#define FEW        24UL  /* of one word */
#define MAX_PIECES 16U
#define MAX_STATE  (256UL << 10)
#define NR_CLAIMED 3U

extern char __start_core_state[], __stop_core_state[];

/* Memory that the state is in, and what it was at the start. */
static struct {
    void *start;
    size_t size;
} piece[MAX_PIECES];
static unsigned int nr_pieces;
static char kept[MAX_STATE];

static struct domain *d;

/* What the test knows of each frame; and of each CPU. */
static struct {
    unsigned int user, out_since; /* 0: nobody, not out */
} frames[MANY], frames_at_first[MANY];
static unsigned long nr_frames;
static struct page_info *held[NR_CPUS], *held_at_first[NR_CPUS];
static unsigned int order[NR_CPUS], now;

/* A frame that CPU 1 has at hand, by itself or in a pair; one that it uses; and
 * one that is in a chunk. */
static mfn_t at_hand, in_pair, in_use, in_chunk;
static const mfn_t *const watched[] = { &at_hand, &in_pair, &in_use,
                                        &in_chunk };

static unsigned long index_of(const struct page_info *pg)
{
    return mfn_x(page_to_mfn(pg)) - FIRST;
}

static void use(struct page_info *pg, unsigned int o, unsigned int began)
{
    for (unsigned long i = index_of(pg); i < index_of(pg) + BIT(o); i++) {
        EXPECT_EQ(frames[i].user, 0);
        EXPECT(frames[i].out_since == 0 || frames[i].out_since > began);
        frames[i].user = arch_cpu_id() + 1;
    }
}

static void end_use(const struct page_info *pg, unsigned int o)
{
    for (unsigned long i = index_of(pg); i < index_of(pg) + BIT(o); i++)
        frames[i].user = 0;
}

static void take(unsigned int o)
{
    unsigned int began = ++now, me = arch_cpu_id();
    struct page_info *pg =
        alloc_heap_pages(o, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);

    if (!pg)
        return;
    use(pg, o, began);
    if (held[me]) { /* to be given back by the other one, another time */
        end_use(pg, o);
        free_heap_pages(pg, o, TLB_NO_DEBT);
        return;
    }
    held[me] = pg;
    order[me] = o;
}

static void give(unsigned int whose)
{
    struct page_info *pg = held[whose];

    if (!pg)
        return;
    held[whose] = NULL;
    end_use(pg, order[whose]);
    free_heap_pages(pg, order[whose], TLB_NO_DEBT);
}

static void take_one(void)
{
    take(0);
}

static void give_and_take(void)
{
    give(arch_cpu_id());
    take(0);
}

static void give_the_others(void)
{
    give(arch_cpu_id() ^ 1);
}

static void take_two(void)
{
    take(1);
}

/* More than is at hand anywhere. */
static void take_many(void)
{
    give(arch_cpu_id());
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
    frames[mfn_x(mfn) - FIRST].out_since = ++now;
}

static void leave_from_hand(void)
{
    leave(at_hand);
}

static void leave_from_pair(void)
{
    leave(in_pair);
}

static void leave_from_use(void)
{
    leave(in_use);
}

static void leave_from_chunk(void)
{
    leave(in_chunk);
}

static void claim_and_redeem(void)
{
    if (claim_pages(d, &(struct claim){ 0, NR_CLAIMED }, 1))
        return;
    for (unsigned int i = 0; i < NR_CLAIMED; i++) {
        unsigned int began = ++now;
        struct page_info *pg = alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, 0);

        EXPECT(pg != NULL);
        if (pg)
            use(pg, 0, began);
    }
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
};

static const struct action *program[NR_CPUS];

static void body(void)
{
    program[arch_cpu_id()]->run();
}

static void add_piece(void *start, size_t size)
{
    BUG_ON(nr_pieces == MAX_PIECES);
    piece[nr_pieces].start = start;
    piece[nr_pieces++].size = size;
}

static void copy(bool keep)
{
    char *at = kept;

    for (unsigned int i = 0; i < nr_pieces; at += piece[i++].size) {
        BUG_ON(at + piece[i].size > kept + MAX_STATE);
        if (keep)
            memcpy(at, piece[i].start, piece[i].size);
        else
            memcpy(piece[i].start, at, piece[i].size);
    }
}

static void reset(void)
{
    copy(false);
    memcpy(frames, frames_at_first, sizeof(frames));
    memcpy(held, held_at_first, sizeof(held));
    order[0] = order[1] = now = 0;
    hosted_console_clear();
}

/* All is in one place, and when all is given back it is as it was. */
static void check(void)
{
    unsigned long nr_used = 0;

    for (unsigned long i = 0; i < nr_frames; i++)
        nr_used += frames[i].user != 0;
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(heap_nr_free() + offline_nr() + nr_used, nr_frames);
    for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
        give(cpu);
    heap_drain();
    EXPECT_EQ(heap_check(), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(watched); i++) {
        unsigned long n = mfn_x(*watched[i]) - FIRST;

        EXPECT_EQ(query_page(*watched[i]).place == PAGE_OFFLINE,
                  frames[n].out_since && !frames[n].user);
    }
}

/* Each CPU holds a frame, and has one at hand, dirty. */
static void build(unsigned long nr)
{
    const struct ram ram[] = { { FIRST, nr } };

    nr_frames = nr;
    some_cpus(NR_CPUS);
    small_machine_heap(ram, 1);
    hosted_arena_init();
    BUG_ON(domains_init());
    BUG_ON(domain_create(1, 1, nr_frames, &d));
    for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
        hosted_set_cpu_id(cpu);
        held[cpu] = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
        at_hand = page_to_mfn(
            alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL));
        in_pair = page_to_mfn(
            alloc_heap_pages(1, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL));
        free_heap_pages(mfn_to_page(in_pair), 1, TLB_NO_DEBT);
        free_heap_pages(mfn_to_page(at_hand), 0, TLB_NO_DEBT);
    }
    in_use = page_to_mfn(held[1]);
    hosted_set_cpu_id(0);
    EXPECT_EQ(query_page(at_hand).place, PAGE_CACHED);
    EXPECT_EQ(query_page(in_pair).place, nr == MANY ? PAGE_CACHED : PAGE_FREE);
    for (unsigned long i = 0; i < nr_frames; i++) {
        enum page_place place = query_page(_mfn(FIRST + i)).place;

        frames_at_first[i].user = place == PAGE_IN_USE;
        if (place == PAGE_FREE)
            in_chunk = _mfn(FIRST + i);
    }
    memcpy(held_at_first, held, sizeof(held));
    EXPECT(mfn_x(in_chunk) != 0);
    add_piece(__start_core_state,
              (size_t)(__stop_core_state - __start_core_state));
    for (unsigned int i = 0; hosted_table(i); i++)
        add_piece(hosted_table(i)->start, hosted_table(i)->size);
    add_piece(mfn_to_page(_mfn(FIRST)), nr_frames * sizeof(struct page_info));
    add_piece(d, sizeof(*d) + sizeof(struct vcpu));
    copy(true);
    explore_heap();
}

static bool play(const struct action *a, const struct action *b)
{
    char name[100];
    const struct exploration it = {
        .name = name,
        .nr_cpus = NR_CPUS,
        .stops = a->stops,
        .reset = reset,
        .body = body,
        .check = check,
    };

    snprintf(name, sizeof(name), "%s, %s", a->name, b->name);
    program[0] = a;
    program[1] = b;

    return explore(&it);
}

static void play_all(void (*only)(void))
{
    for (unsigned int i = 0; i < ARRAY_SIZE(actions); i++) {
        if (only && actions[i].run != only)
            continue;
        for (unsigned int k = 0; k < ARRAY_SIZE(actions); k++)
            if (!play(&actions[i], &actions[k]))
                return;
        explore_report(actions[i].name);
    }
}

TEST(explore_heap, each_two_at_once)
{
    build(FEW);
    play_all(NULL);
}

TEST(explore_heap, a_frame_leaves_from_a_pair_beside_each)
{
    build(MANY);
    play_all(leave_from_pair);
}
