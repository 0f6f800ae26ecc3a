/* SPDX-License-Identifier: MIT */
/* Who watches the heap is told when it gets short, and when it no longer is. */
#include <cpu_threads.h>
#include <test.h>
#include <xen/heap_watch.h>
#include <xen/page_alloc.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"

/* Blocks of this order are in no CPU's cache, so each counts at once. */
#define ORDER 5U
#define STEP  BIT(ORDER)
#define STEPS (CHUNK_FRAMES / STEP)

static struct page_info *block[STEPS];
static unsigned long nr_blocks;

/* What a watch has been told. */
struct seen {
    struct heap_watch watch;
    unsigned int nr_low, nr_high;
};

static void note(struct heap_watch *watch)
{
    struct seen *seen = (struct seen *)watch;

    if (heap_watch_is_low(watch))
        seen->nr_low++;
    else
        seen->nr_high++;
}

static struct seen watch_for(unsigned long low, unsigned long high)
{
    return (
        struct seen){ .watch = { .low = low, .high = high, .changed = note } };
}

static void expect_told(const struct seen *seen, unsigned int nr_low,
                        unsigned int nr_high)
{
    EXPECT_EQ(seen->nr_low, nr_low);
    EXPECT_EQ(seen->nr_high, nr_high);
    EXPECT_EQ(heap_watch_is_low(&seen->watch), nr_low > nr_high);
}

/* One chunk, of which @nr steps are left. */
static void heap_of_one_chunk(void)
{
    const struct ram ram[] = { { CHUNK_FRAMES, CHUNK_FRAMES } };

    small_machine_heap(ram, 1);
}

static void leave(unsigned long nr)
{
    while (STEPS - nr_blocks > nr) {
        block[nr_blocks] =
            alloc_heap_pages(ORDER, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
        REQUIRE(block[nr_blocks] != NULL);
        nr_blocks++;
    }
    while (STEPS - nr_blocks < nr)
        free_heap_pages(block[--nr_blocks], ORDER, TLB_NO_DEBT);
}

TEST(heap_watch, it_is_called_once_at_the_low_mark_and_once_at_the_high_one)
{
    struct seen seen = watch_for(4 * STEP, 8 * STEP);

    heap_of_one_chunk();
    heap_watch(&seen.watch);
    for (unsigned int round = 0; round < 3; round++) {
        leave(5);
        expect_told(&seen, round, round);
        leave(4);
        expect_told(&seen, round + 1, round);
        leave(1);
        leave(7); /* up and down below the high mark */
        leave(2);
        leave(7);
        expect_told(&seen, round + 1, round);
        leave(8);
        expect_told(&seen, round + 1, round + 1);
        leave(5); /* and above the low one */
        leave(STEPS);
        expect_told(&seen, round + 1, round + 1);
    }
}

TEST(heap_watch, a_mark_between_two_counts_is_passed_all_the_same)
{
    struct seen seen = watch_for(4 * STEP + 1, 8 * STEP - 1);

    heap_of_one_chunk();
    heap_watch(&seen.watch);
    leave(5);
    expect_told(&seen, 0, 0);
    leave(4);
    expect_told(&seen, 1, 0);
    leave(7);
    expect_told(&seen, 1, 0);
    leave(8);
    expect_told(&seen, 1, 1);
}

TEST(heap_watch, a_low_mark_of_0_is_none)
{
    struct seen seen = watch_for(0, 8 * STEP);

    heap_of_one_chunk();
    heap_watch(&seen.watch);
    leave(0);
    EXPECT_EQ(heap_nr_free(), 0);
    leave(STEPS);
    expect_told(&seen, 0, 0);
}

TEST(heap_watch, who_comes_late_is_told_at_once)
{
    struct seen low = watch_for(4 * STEP, 8 * STEP);
    struct seen other = watch_for(2 * STEP, 8 * STEP);

    heap_of_one_chunk();
    leave(3);
    heap_watch(&low.watch);
    heap_watch(&other.watch);
    expect_told(&low, 1, 0);
    expect_told(&other, 0, 0);
}

TEST(heap_watch, each_of_several_has_marks_of_its_own)
{
    struct seen seen[4];

    heap_of_one_chunk();
    for (unsigned int i = 0; i < 4; i++) {
        seen[i] = watch_for((i + 1) * STEP, (i + 5) * STEP);
        heap_watch(&seen[i].watch);
    }
    for (unsigned int i = 4; i-- > 0;) {
        leave(i + 1);
        for (unsigned int j = 0; j < 4; j++)
            expect_told(&seen[j], j >= i, 0);
    }
    for (unsigned int i = 0; i < 4; i++) {
        leave(i + 5);
        for (unsigned int j = 0; j < 4; j++)
            expect_told(&seen[j], 1, j <= i);
    }
}

/* Single frames are noticed when caches are filled and emptied. */
TEST(heap_watch, what_cpus_cache_is_not_available)
{
    struct seen seen = watch_for(8, CHUNK_FRAMES / 2);
    struct page_info *pg[CHUNK_FRAMES];

    heap_of_one_chunk();
    heap_watch(&seen.watch);
    for (unsigned long i = 0; i < CHUNK_FRAMES; i++) {
        pg[i] = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
        EXPECT(heap_watch_is_low(&seen.watch) || heap_nr_free() > 8);
    }
    expect_told(&seen, 1, 0);
    for (unsigned long i = 0; i < CHUNK_FRAMES; i++)
        free_heap_pages(pg[i], 0, TLB_NO_DEBT);
    heap_drain();
    expect_told(&seen, 1, 1);
}

/* Two CPUs go up and down across both marks. */
#define ROUNDS 2000U
#define HELD   10U
#define BLOCK  BIT(CHUNK_ORDER + 1)

static unsigned int nr_calls, nr_full;

static void count(struct heap_watch *watch)
{
    (void)watch;
    __atomic_fetch_add(&nr_calls, 1, __ATOMIC_RELAXED);
}

/* Once for sure both have all that they ever have. */
static void wait_for_the_other(void)
{
    __atomic_fetch_add(&nr_full, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&nr_full, __ATOMIC_ACQUIRE) < 2)
        smp_wait_a_turn();
}

static void go_up_and_down(void)
{
    struct page_info *held[HELD];
    unsigned int nr = 0;

    for (unsigned int i = 0; i < ROUNDS; i++) {
        for (; nr < HELD; nr++)
            held[nr] = alloc_heap_pages(CHUNK_ORDER + 1, HEAP_NO_LIMIT,
                                        HEAP_NO_SCRUB, NULL);
        if (i == 0)
            wait_for_the_other();
        while (nr > i % HELD)
            free_heap_pages(held[--nr], CHUNK_ORDER + 1, TLB_NO_DEBT);
        smp_answer();
    }
    while (nr > 0)
        free_heap_pages(held[--nr], CHUNK_ORDER + 1, TLB_NO_DEBT);
}

TEST(heap_watch, cpus_that_change_it_at_once_leave_it_as_it_must_be)
{
    const struct ram ram[] = { { 32 * BLOCK, 32 * BLOCK } };
    struct heap_watch watch = { .low = 15 * BLOCK,
                                .high = 17 * BLOCK,
                                .changed = count };

    small_machine_heap(ram, 1);
    heap_watch(&watch);
    cpu_threads_run(2, go_up_and_down);
    EXPECT(nr_calls > 0);
    EXPECT_EQ(nr_calls % 2, 0);
    EXPECT(!heap_watch_is_low(&watch));
    EXPECT_EQ(heap_check(), 0);
}
