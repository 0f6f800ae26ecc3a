/* SPDX-License-Identifier: MIT */
/*
 * Frames that leave and come back amid all that else happens: at random beside
 * a model that knows of each frame where it is, and by several CPUs at once.
 */
#include <simulation.h>
#include <stdlib.h>
#include <test.h>
#include <xen/audit.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/offline.h>
#include <xen/page_alloc.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define FIRST     4096U
#define NR        2048U
#define NR_CPUS   3U
#define NR_BLOCKS 64U

/* What the model knows of a frame: who uses it, and whether it is to go. */
static bool used[NR], off[NR], broken[NR];

static struct block {
    struct page_info *pg;
    unsigned int order;
    bool cleared;
} blocks[NR_BLOCKS];

static char audit_memory[NR * 16] __aligned(16);

static unsigned long index_of(const struct page_info *pg)
{
    return mfn_x(page_to_mfn(pg)) - FIRST;
}

/* Nobody gets what has left, or what another has. */
static void use(const struct block *block, bool begin)
{
    for (unsigned long i = 0; i < BIT(block->order); i++) {
        unsigned long n = index_of(block->pg) + i;

        EXPECT_EQ(used[n], !begin);
        EXPECT(!begin || !off[n]);
        used[n] = begin;
    }
}

static void take(struct block *block)
{
    block->order = (unsigned int)(test_random() % (CHUNK_ORDER + 2));
    if (test_random() % 2)
        block->order = 0;
    block->pg = alloc_heap_pages(block->order,
                                 test_random() % 4 ? HEAP_NO_LIMIT
                                                   : (FIRST + 700) * PAGE_SIZE,
                                 HEAP_NO_SCRUB, NULL);
    if (!block->pg)
        return;
    use(block, true);
    block->cleared = test_random() % 2;
    if (block->cleared)
        heap_clear_entries(block->pg, block->order);
}

static void give(struct block *block)
{
    cpumask_t who = { { test_random() % 8 } };
    struct tlb_debt debt = test_random() % 4 ? TLB_NO_DEBT : tlb_debt_now(&who);

    use(block, false);
    if (block->order <= CHUNK_ORDER || !block->cleared || test_random() % 2)
        free_heap_pages(block->pg, block->order, debt);
    else
        for (unsigned long i = 0; i < BIT(block->order); i++)
            free_heap_pages(block->pg + i, 0, debt);
    block->pg = NULL;
}

static void take_out(unsigned long n)
{
    bool fails = test_random() % 8 == 0;
    int rc = offline_page(_mfn(FIRST + n), fails);

    EXPECT_EQ(rc, off[n] ? -EEXIST : used[n] ? OFFLINE_PENDING : OFFLINE_DONE);
    off[n] = true;
    broken[n] |= fails;
}

static void take_back(unsigned long n)
{
    int rc = online_page(_mfn(FIRST + n));

    if (rc == -EAGAIN && used[n] && off[n] && !broken[n])
        return; /* its user has not cleared the entries of his block */
    EXPECT_EQ(rc, !off[n] ? -ENOENT : broken[n] ? -EACCES : 0);
    off[n] &= broken[n];
}

static void step(void)
{
    struct block *block = &blocks[test_random() % NR_BLOCKS];
    unsigned long n = test_random() % (test_random() % 2 ? NR : 64);

    hosted_set_cpu_id((unsigned int)(test_random() % NR_CPUS));
    switch (test_random() % 16) {
    case 0: take_out(n); break;
    case 1: take_back(n); break;
    case 2:
        if (test_random() % 8 == 0)
            heap_drain();
        break;
    default:
        if (block->pg)
            give(block);
        else
            take(block);
    }
    hosted_set_cpu_id(0);
}

/* Each frame is where the model says, and there are no more of them. */
static void compare(void)
{
    unsigned long nr_free = 0, nr_out = 0, nr_pending = 0;

    for (unsigned long n = 0; n < NR; n++) {
        struct page_query query = query_page(_mfn(FIRST + n));
        bool is_free = query.place == PAGE_FREE || query.place == PAGE_CACHED;

        EXPECT_EQ(is_free, !used[n] && !off[n]);
        EXPECT_EQ(query.place == PAGE_OFFLINE, !used[n] && off[n]);
        EXPECT_EQ(query.place == PAGE_PENDING, used[n] && off[n]);
        EXPECT_EQ(query.broken, broken[n]);
        nr_free += is_free;
        nr_out += !used[n] && off[n];
        nr_pending += used[n] && off[n];
    }
    EXPECT_EQ(heap_nr_free(), nr_free);
    EXPECT_EQ(offline_nr(), nr_out);
    EXPECT_EQ(offline_nr_pending(), nr_pending);
}

TEST(offline_random, as_the_model_says)
{
    const struct ram ram[] = { { FIRST, NR } };

    audit_lend(audit_memory, sizeof(audit_memory));
    small_machine_heap(ram, 1);
    some_cpus(NR_CPUS);
    for (unsigned int i = 0; i < 20000; i++) {
        step();
        EXPECT_EQ(heap_check(), 0);
        EXPECT_EQ(audit_heap(), 0);
        if (i % 16 == 0)
            compare();
    }
    /* All comes back, but for what is broken. */
    for (unsigned int i = 0; i < NR_BLOCKS; i++)
        if (blocks[i].pg)
            give(&blocks[i]);
    for (unsigned long n = 0; n < NR; n++)
        if (off[n])
            take_back(n);
    compare();
}

static unsigned int nr_running;

static unsigned int choose(unsigned int nr)
{
    return test_random() % 4 ? 0 : (unsigned int)(test_random() % nr);
}

/* One frame is free, and one CPU takes it and gives it back, while others that
 * are in use are to leave, and are not any more. */
static void use_the_last_frame(void)
{
    for (unsigned int i = 0; i < 300; i++) {
        struct page_info *pg =
            alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);

        EXPECT(pg != NULL);
        simulation_point();
        if (pg)
            free_heap_pages(pg, 0, TLB_NO_DEBT);
        simulation_point();
    }
    heap_leave();
}

static void mark_one_in_use(void)
{
    mfn_t mfn = _mfn(FIRST + 500);

    for (unsigned int i = 0; i < 300; i++) {
        EXPECT_EQ(offline_page(mfn, false), OFFLINE_PENDING);
        simulation_point();
        while (online_page(mfn) == -EAGAIN)
            simulation_point();
        simulation_point();
    }
    heap_leave();
}

static void mark_or_use(void)
{
    if (__atomic_fetch_add(&nr_running, 1, __ATOMIC_RELAXED) == 0)
        mark_one_in_use();
    else
        use_the_last_frame();
}

TEST(offline_random, nobody_goes_without_because_of_it)
{
    const struct ram ram[] = { { FIRST, NR } };
    struct page_info *pg, *last = NULL;

    small_machine_heap(ram, 1);
    some_cpus(1);
    while ((pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL)))
        last = pg;
    REQUIRE(last && mfn_x(page_to_mfn(last)) != FIRST + 500);
    free_heap_pages(last, 0, TLB_NO_DEBT);
    heap_drain();
    for (unsigned int round = 0; round < 50 && test_nr_failures() == 0;
         round++) {
        nr_running = 0;
        simulation_run(2, mark_or_use, choose);
    }
    EXPECT_EQ(heap_check(), 0);
}

/* Who has begun to take a frame before offline_page() returned may get it. */
static unsigned int out_since[NR], now;

static void play(unsigned int order)
{
    unsigned int began = ++now;
    struct page_info *pg =
        alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);

    simulation_point();
    if (!pg)
        return;
    for (unsigned long i = 0; i < BIT(order); i++) {
        unsigned long n = index_of(pg) + i;

        EXPECT(!used[n]);
        EXPECT(out_since[n] == 0 || out_since[n] > began);
        used[n] = true;
    }
    if (test_random() % 2)
        heap_clear_entries(pg, order);
    simulation_point();
    for (unsigned long i = 0; i < BIT(order); i++)
        used[index_of(pg) + i] = false;
    free_heap_pages(pg, order, TLB_NO_DEBT);
}

static void take_out_and_back(void)
{
    unsigned long n = test_random() % 600;
    int rc = offline_page(_mfn(FIRST + n), false);

    EXPECT(rc == OFFLINE_DONE || rc == OFFLINE_PENDING);
    out_since[n] = ++now;
    for (unsigned int i = 0; i < 4; i++)
        simulation_point();
    out_since[n] = 0;
    for (unsigned int i = 0; i < 10000; i++) {
        rc = online_page(_mfn(FIRST + n));
        if (rc != -EAGAIN)
            break;
        simulation_point();
    }
    EXPECT_EQ(rc, 0);
}

static void body(void)
{
    static const unsigned int orders[] = { 0, 0, 0, 1, 3, 5, 9, 10 };
    bool offliner = __atomic_fetch_add(&nr_running, 1, __ATOMIC_RELAXED) == 0;

    for (unsigned int i = 0; i < 200; i++) {
        if (offliner)
            take_out_and_back();
        else if (test_random() % 8 == 0)
            heap_drain();
        else
            play(orders[test_random() % 8]);
        simulation_point();
    }
    heap_leave(); /* who has returned is no CPU any more */
}

TEST(offline_random, by_several_cpus_at_once)
{
    const struct ram ram[] = { { FIRST, NR } };

    small_machine_heap(ram, 1);
    for (unsigned int round = 0; round < 40; round++) {
        nr_running = 0;
        simulation_run(NR_CPUS, body, choose);
        heap_drain();
        EXPECT_EQ(heap_nr_free(), NR);
        EXPECT_EQ(offline_nr(), 0);
        EXPECT_EQ(offline_nr_pending(), 0);
        EXPECT_EQ(heap_nr_blocks(11), 1);
        EXPECT_EQ(heap_check(), 0);
    }
}
