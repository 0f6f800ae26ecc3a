/* SPDX-License-Identifier: MIT */
/*
 * Each two of what CPUs do with whole blocks at once: these are halved and
 * merged a few levels at a time, and between them another CPU comes by. Nobody
 * gets what another has, none is lost, and who can have a block gets one.
 */
#include <stdio.h>
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/arch.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/heap_range.h>
#include <xen/offline.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"
#include "explore.h"
#include "pieces.h"

#define TOP   12U /* the order of all there is */
#define FIRST BIT(TOP)
#define LAST  (FIRST + BIT(TOP) - 1)

/* Of what is free two may have such a block at once, whatever they do. */
#define PAIR (CHUNK_ORDER + 1)

#define NR_HELD 2U

/* In use: what is free is one block of four chunks. */
static struct page_info *rest;

/* What each CPU has: a chunk at first. */
static struct held {
    struct page_info *pg;
    unsigned int order;
} held[2][NR_HELD], held_at_first[2][NR_HELD];

static bool overlap(const struct held *a, const struct held *b)
{
    return a->pg && b->pg && a->pg < b->pg + BIT(b->order) &&
           b->pg < a->pg + BIT(a->order);
}

static void expect_nobody_has(const struct held *it)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(held); i++)
        for (unsigned int k = 0; k < NR_HELD; k++)
            EXPECT(it == &held[i][k] || !overlap(it, &held[i][k]));
}

static void take(unsigned int order)
{
    struct held *it = &held[arch_cpu_id()][1];

    it->order = order;
    it->pg = alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    EXPECT(it->pg != NULL);
    expect_nobody_has(it);
}

static void give(struct held *it)
{
    struct page_info *pg = it->pg;

    it->pg = NULL;
    if (pg)
        free_heap_pages(pg, it->order, TLB_NO_DEBT);
}

static void take_frame(void)
{
    take(0);
}

static void take_run(void)
{
    take(4);
}

static void take_chunk(void)
{
    take(CHUNK_ORDER);
}

static void take_two_chunks(void)
{
    take(PAIR);
}

static void give_chunk(void)
{
    give(&held[arch_cpu_id()][0]);
}

static void give_and_take(void)
{
    give(&held[arch_cpu_id()][0]);
    take(PAIR);
}

static void leave(void)
{
    int rc = offline_page(_mfn(LAST), false);

    EXPECT(rc == OFFLINE_DONE || rc == OFFLINE_PENDING || rc == -EEXIST);
}

static void take_range(void)
{
    mfn_t culprit;

    if (heap_take_range(_mfn(LAST), 1, HEAP_NO_SCRUB, &culprit) == 0)
        heap_give_range(_mfn(LAST), 1, TLB_NO_DEBT);
}

static const struct action {
    const char *name;
    void (*run)(void);
} actions[] = {
    { "take a frame", take_frame },
    { "take a run", take_run },
    { "take a chunk", take_chunk },
    { "take two chunks", take_two_chunks },
    { "give a chunk", give_chunk },
    { "give and take", give_and_take },
    { "leave", leave },
    { "take a range", take_range },
};

static const struct action *program[2];

static void body(void)
{
    program[arch_cpu_id()]->run();
}

static void put_back(void)
{
    pieces_put_back(0);
    memcpy(held, held_at_first, sizeof(held));
    hosted_console_clear();
}

static void check(void)
{
    unsigned long nr_used = BIT(PAIR);

    for (unsigned int i = 0; i < ARRAY_SIZE(held); i++)
        for (unsigned int k = 0; k < NR_HELD; k++)
            nr_used += held[i][k].pg ? BIT(held[i][k].order) : 0;
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(heap_nr_free() + offline_nr() + nr_used, BIT(TOP));
    for (unsigned int i = 0; i < ARRAY_SIZE(held); i++)
        for (unsigned int k = 0; k < NR_HELD; k++)
            give(&held[i][k]);
    free_heap_pages(rest, PAIR, TLB_NO_DEBT);
    heap_drain();
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(heap_nr_free() + offline_nr(), BIT(TOP));
    EXPECT_EQ(heap_nr_blocks(TOP), offline_nr() == 0);
}

static void build(void)
{
    static const struct ram ram[] = { { FIRST, BIT(TOP) } };

    some_cpus(2);
    small_machine_heap(ram, 1);
    hosted_arena_init();
    for (unsigned int cpu = 0; cpu < ARRAY_SIZE(held); cpu++) {
        hosted_set_cpu_id(cpu);
        take(CHUNK_ORDER);
        held[cpu][0] = held[cpu][1];
        held[cpu][1].pg = NULL;
    }
    hosted_set_cpu_id(0);
    rest = alloc_heap_pages(PAIR, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    memcpy(held_at_first, held, sizeof(held));
    pieces_add_core();
    piece_add(mfn_to_page(_mfn(FIRST)), BIT(TOP) * sizeof(struct page_info));
    pieces_keep(0);
    explore_heap();
}

TEST(explore_blocks, each_two_at_once)
{
    char name[100];
    const struct exploration it = {
        .name = name,
        .nr_cpus = 2,
        .stops = 2,
        .reset = put_back,
        .body = body,
        .check = check,
    };

    build();
    for (unsigned int i = 0; i < ARRAY_SIZE(actions); i++) {
        for (unsigned int k = i; k < ARRAY_SIZE(actions); k++) {
            program[0] = &actions[i];
            program[1] = &actions[k];
            snprintf(name, sizeof(name), "%s, %s", actions[i].name,
                     actions[k].name);
            if (!explore(&it))
                return;
        }
        explore_report(actions[i].name);
    }
}
