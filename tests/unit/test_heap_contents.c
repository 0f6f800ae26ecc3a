/* SPDX-License-Identifier: MIT */
/* What is in memory that is handed out: zeroes, whoever had it before. */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>

#include <asm/contents.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define TOP 11U
#define NR  BIT(TOP)

/* As boot leaves it: anything may be there. */
static void start(void)
{
    static const struct ram ram[] = { { NR, NR } };

    hosted_arena_init();
    memset(frame_contents(_mfn(NR)), 0xa5, NR * PAGE_SIZE);
    small_machine_heap(ram, 1);
    some_cpus(3);
}

static bool is_zero(const struct page_info *pg, unsigned int order)
{
    const uint64_t *word = frame_contents(page_to_mfn(pg));

    for (unsigned long i = 0; i < (PAGE_SIZE << order) / sizeof(*word); i++)
        if (word[i])
            return false;

    return true;
}

static struct page_info *take(unsigned int order, unsigned int flags)
{
    return alloc_heap_pages(order, HEAP_NO_LIMIT, flags, NULL);
}

static void soil(const struct page_info *pg, unsigned int order)
{
    memset(frame_contents(page_to_mfn(pg)), 0x5a, PAGE_SIZE << order);
}

TEST(heap_contents, who_asks_for_memory_gets_zeroes_after_anybody)
{
    start();
    for (unsigned int turn = 0; turn < 3; turn++)
        for (unsigned int order = 0; order <= TOP; order++) {
            struct page_info *pg = take(order, 0);

            REQUIRE(pg != NULL);
            EXPECT(is_zero(pg, order));
            soil(pg, order);
            AS_CPU(turn, free_heap_pages(pg, order, TLB_NO_DEBT));
            EXPECT_EQ(heap_check(), 0);
            if (turn == 2)
                heap_drain();
        }
}

/* Whoever does not ask may be given what others get as zeroes: mixed. */
TEST(heap_contents, zeroes_are_zeroes_whoever_takes_beside)
{
    struct page_info *pg[64] = { NULL };
    unsigned int order[64];

    start();
    for (unsigned int step = 0; step < 4000; step++) {
        unsigned int i = (unsigned int)(test_random() % 64);
        unsigned int flags =
            test_random() % 3 ? 0U : (unsigned int)HEAP_NO_SCRUB;

        hosted_set_cpu_id((unsigned int)(test_random() % 3));
        if (pg[i]) {
            free_heap_pages(pg[i], order[i], TLB_NO_DEBT);
            pg[i] = NULL;
            continue;
        }

        order[i] = (unsigned int)(test_random() % 4);
        pg[i] = take(order[i], flags);
        if (pg[i] && !(flags & HEAP_NO_SCRUB))
            EXPECT(is_zero(pg[i], order[i]));
        if (pg[i])
            soil(pg[i], order[i]);
    }
}

TEST(heap_contents, a_stream_gives_zeroes_too)
{
    struct page_info *page[700];
    struct heap_stream stream = { 0 };
    struct tlb_debt debt = TLB_NO_DEBT;

    start();
    for (unsigned int turn = 0; turn < 2; turn++) {
        EXPECT_EQ(
            alloc_heap_stream(&stream, HEAP_NO_LIMIT, 0, page, 700, &debt),
            700);
        for (unsigned int i = 0; i < 700; i++) {
            EXPECT(is_zero(page[i], 0));
            soil(page[i], 0);
        }
        for (unsigned int i = 0; i < 700; i++)
            free_heap_pages(page[i], 0, TLB_NO_DEBT);
        EXPECT_EQ(heap_check(), 0);
    }
    heap_stream_end(&stream);
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(TOP), 1);
}

/* A CPU that still remembers the frame must not write there after the zeroes:
 * so the flush comes before them, even if the caller would pay himself. */
static void take_all_after_a_debt(unsigned int order)
{
    static struct page_info *all[NR];
    unsigned long before = hosted_nr_interrupts();
    struct page_info *pg = take(order, HEAP_NO_SCRUB);
    struct tlb_debt debt;
    cpumask_t who = { { 0 } };

    REQUIRE(pg != NULL);
    cpumask_set(&who, 1);
    free_heap_pages(pg, order, tlb_debt_now(&who));
    for (unsigned long i = 0; i < NR >> order; i++) {
        all[i] = alloc_heap_pages(order, HEAP_NO_LIMIT, 0, &debt);
        REQUIRE(all[i] != NULL);
        EXPECT(is_zero(all[i], order));
        EXPECT_EQ(debt.taint, 0);
        soil(all[i], order);
    }
    EXPECT(hosted_nr_interrupts() > before);
    for (unsigned long i = 0; i < NR >> order; i++)
        free_heap_pages(all[i], order, TLB_NO_DEBT);
}

TEST(heap_contents, the_flush_comes_before_the_zeroes)
{
    start();
    for (unsigned int order = 0; order <= TOP; order++)
        take_all_after_a_debt(order);
}

TEST(heap_contents, memory_without_contents_goes_only_to_who_asks_for_none)
{
    static const struct ram ram[] = { { CONTENTS_LIMIT >> PAGE_SHIFT, 512 },
                                      { NR, 3 } };

    hosted_arena_init();
    small_machine(ram, 1);
    heap_add(_mfn(CONTENTS_LIMIT >> PAGE_SHIFT), 512);
    EXPECT(take(0, 0) == NULL);
    EXPECT(take(9, 0) == NULL);
    EXPECT(take(0, HEAP_NO_SCRUB) != NULL);
}
