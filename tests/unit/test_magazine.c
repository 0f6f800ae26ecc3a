/* SPDX-License-Identifier: MIT */
/* What a CPU has at hand, while others ask for it: nothing is lost or double.
 */
#include <simulation.h>
#include <test.h>
#include <xen/frame_table.h>
#include <xen/smp.h>

#include "../../common/magazine.h"
#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define TOP     10U
#define FIRST   BIT(21) /* so that the PDX of the first frame is 0 */
#define NR      BIT(TOP)
#define NO_USER (-1)

/* Who has each frame. */
static int user[NR];

static void start(void)
{
    static const struct ram ram[] = { { FIRST, NR } };

    small_machine_heap(ram, 1);
    for (unsigned int i = 0; i < NR; i++)
        user[i] = NO_USER;
}

static void note(const struct page_info *pg, unsigned int order, int from,
                 int to)
{
    unsigned long first = mfn_x(page_to_mfn(pg)) - FIRST;

    for (unsigned long i = first; i < first + BIT(order); i++) {
        EXPECT_EQ(user[i], from);
        user[i] = to;
    }
}

static struct page_info *take(unsigned int order)
{
    struct page_info *pg =
        alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);

    if (pg)
        note(pg, order, NO_USER, (int)arch_cpu_id());

    return pg;
}

static void give(struct page_info *pg, unsigned int order)
{
    note(pg, order, (int)arch_cpu_id(), NO_USER);
    free_heap_pages(pg, order, TLB_NO_DEBT);
}

/* Nobody has anything, and the heap is the block that it was. */
static void expect_all_back(void)
{
    EXPECT_EQ(heap_check(), 0);
    heap_drain();
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(magazines_count(), 0);
    EXPECT_EQ(heap_nr_free(), NR);
    EXPECT_EQ(heap_nr_blocks(TOP), 1);
}

/* Every frame, from both arrays and every small stack, the one of PDX 0 too. */
TEST(magazine, all_that_a_cpu_has_comes_back_whoever_asks)
{
    static struct page_info *pg[NR];

    start();
    some_cpus(2);
    for (unsigned int asked = 0; asked < 2; asked++) {
        hosted_set_cpu_id(asked);
        for (unsigned int i = 0; i < 150; i++)
            pg[i] = take(0);
        for (unsigned int i = 150; i < 180; i++)
            pg[i] = take(1 + i % 3);
        for (unsigned int i = 0; i < 180; i++)
            give(pg[i], i < 150 ? 0 : 1 + i % 3);
        EXPECT(magazines_count() > MAGAZINE_SIZE);
        EXPECT_EQ(heap_nr_free(), NR);
        hosted_set_cpu_id(0);
        expect_all_back();
    }
}

/* A frame is found where it is, and only there. */
TEST(magazine, what_is_cached_is_a_block_of_one_frame)
{
    unsigned int order = 99;
    struct page_info *pg;
    unsigned long pdx;

    start();
    pg = take(0);
    REQUIRE(pg != NULL);
    pdx = page_to_pdx(pg);
    EXPECT_EQ(magazines_times(pdx), 0);
    give(pg, 0);
    EXPECT_EQ(magazines_times(pdx), 1);
    EXPECT(mfn_eq(heap_block_of(page_to_mfn(pg), &order), page_to_mfn(pg)));
    EXPECT_EQ(order, 0);
    heap_drain();
    EXPECT_EQ(magazines_times(pdx), 0);
    EXPECT(mfn_eq(heap_block_of(page_to_mfn(pg), &order), _mfn(FIRST)));
    EXPECT_EQ(order, TOP);
}

TEST(magazine, the_frame_that_came_last_goes_first)
{
    static const unsigned int order[] = { 0, 1, 2, 3, CHUNK_ORDER };
    static const struct ram ram[] = { { BIT(16), BIT(16) } };

    small_machine_heap(ram, 1);
    for (unsigned int k = 0; k < ARRAY_SIZE(order); k++) {
        struct page_info *pg[4];

        for (unsigned int i = 0; i < 4; i++)
            pg[i] =
                alloc_heap_pages(order[k], HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
        for (unsigned int i = 0; i < 4; i++)
            free_heap_pages(pg[i], order[k], TLB_NO_DEBT);
        for (unsigned int i = 4; i-- > 0;)
            EXPECT(alloc_heap_pages(order[k], HEAP_NO_LIMIT, HEAP_NO_SCRUB,
                                    NULL) == pg[i]);
    }
    EXPECT_EQ(heap_check(), 0);
}

/* Where there is little, a CPU that wants one frame leaves some to others. */
TEST(magazine, a_cpu_does_not_take_all_that_there_is)
{
    start();
    some_cpus(4);
    for (unsigned int cpu = 0; cpu < 4; cpu++)
        AS_CPU(cpu, EXPECT(take(0) != NULL));
    EXPECT(magazines_count() < NR / 4);
}

/* CPU 0 is busy for a while; CPU 1 asks meanwhile, and waits. */
static unsigned int nr_points, nr_schedules;
static bool has_ended;

static void busy_or_drain(void)
{
    if (arch_cpu_id() == 0) {
        struct heap_cpu *me = magazines_here();

        give(take(0), 0);
        magazines_begin(me);
        for (nr_points = 0; nr_points < 20; nr_points++)
            simulation_point();
        EXPECT(magazine_nr(&me->magazine[DIRTY]) > 0);
        has_ended = true;
        magazines_end(me);
        return;
    }
    smp_join();
    while (nr_points == 0)
        simulation_point();
    heap_drain();
    EXPECT(has_ended);
    EXPECT_EQ(magazines_count(), 0);
}

static unsigned int draw(unsigned int nr)
{
    return (unsigned int)(test_random() >> 32) % nr;
}

TEST(magazine, who_is_busy_is_asked_again)
{
    start();
    smp_set_nr_cpus(2);
    simulation_run(2, busy_or_drain, draw);
    expect_all_back();
}

/* Each of three takes, has others come between, and gives back, or drains, or
 * leaves; one CPU has what another has taken. */
static struct page_info *passed;

static void use_some(void)
{
    static const unsigned int order[] = { 0, 0, 1, CHUNK_ORDER };
    struct page_info *pg;
    unsigned int o;

    if (arch_cpu_id() > 0)
        smp_join();
    for (unsigned int i = 0; i < 3; i++) {
        o = order[(arch_cpu_id() + i) % 4];
        simulation_point();
        pg = take(o);
        simulation_point();
        if (pg)
            give(pg, o);
        if (i == arch_cpu_id())
            heap_drain();
    }
    pg = take(0);
    if (passed) {
        note(passed, 0, 1, NO_USER);
        free_heap_pages(passed, 0, TLB_NO_DEBT);
        passed = NULL;
    }
    if (arch_cpu_id() == 1)
        passed = pg;
    else if (pg)
        give(pg, 0);
    heap_leave();
    if (arch_cpu_id() > 0)
        smp_leave();
    simulation_point(); /* what others wait for may have happened */
}

static void run_and_check(unsigned int (*choose)(unsigned int nr))
{
    simulation_run(3, use_some, choose);
    if (passed) {
        note(passed, 0, 1, NO_USER);
        free_heap_pages(passed, 0, TLB_NO_DEBT);
        passed = NULL;
    }
    expect_all_back();
}

TEST(magazine, at_random_nothing_is_lost_or_double)
{
    start();
    smp_set_nr_cpus(3);
    for (unsigned int n = 0; n < 1000 && test_nr_failures() == 0; n++)
        run_and_check(draw);
}

/* CPU 0 takes and gives back; at each point of that another one asks it. */
static void use_or_drain(void)
{
    static const unsigned int order[] = { 0, 1, CHUNK_ORDER, 0 };

    if (arch_cpu_id() == 0) {
        for (unsigned int i = 0; i < ARRAY_SIZE(order); i++) {
            struct page_info *pg = take(order[i]);

            EXPECT(pg != NULL);
            simulation_point();
            give(pg, order[i]);
            simulation_point();
        }
        heap_leave();
        return;
    }
    smp_join();
    heap_drain();
    heap_drain();
    smp_leave();
    simulation_point();
}

TEST(magazine, in_every_order_nothing_is_lost_or_double)
{
    start();
    smp_set_nr_cpus(2);
    simulation_first();
    do {
        simulation_run(2, use_or_drain, simulation_try);
        expect_all_back();
        nr_schedules++;
    } while (simulation_next() && test_nr_failures() == 0);
    EXPECT(nr_schedules > 100);
}
