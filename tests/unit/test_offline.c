/* SPDX-License-Identifier: MIT */
/* Frames leave the machine, from wherever they are, and come back. */
#include <stdio.h>

#include "heap_with_a_hole.h"

static void each_index(unsigned int order)
{
    heap_of_one_block(order);
    for (unsigned long i = 0; i < BIT(order); i++)
        try_index(order, i);
    printf("# %lu indices\n", BIT(order));
}

/* On both sides of the edges of what a block is taken apart into. */
static void each_edge(unsigned int order)
{
    heap_of_one_block(order);
    for (unsigned int k = 0; k < order; k++) {
        try_index(order, BIT(k) - 1);
        try_index(order, BIT(k));
        try_index(order, BIT(order) - BIT(k) - 1);
        try_index(order, BIT(order) - BIT(k));
    }
    printf("# %u indices\n", 4 * order);
}

#define OF_ORDER(which, n)                                                     \
    TEST(offline, which##_of_a_free_block_of_order_##n)                        \
    {                                                                          \
        which(n);                                                              \
    }
OF_ORDER(each_index, 0)
OF_ORDER(each_index, 1)
OF_ORDER(each_index, 2)
OF_ORDER(each_index, 3)
OF_ORDER(each_index, 4)
OF_ORDER(each_index, 5)
OF_ORDER(each_index, 6)
OF_ORDER(each_index, 7)
OF_ORDER(each_index, 8)
OF_ORDER(each_index, 9)
OF_ORDER(each_index, 10)
OF_ORDER(each_index, 11)
OF_ORDER(each_index, 12)
OF_ORDER(each_index, 13)
OF_ORDER(each_edge, 14)
OF_ORDER(each_edge, 15)
OF_ORDER(each_edge, 16)
OF_ORDER(each_edge, 17)
OF_ORDER(each_edge, 18)
OF_ORDER(each_edge, 19)
OF_ORDER(each_edge, 20)

/* Of all that are out or to follow; and there is none below the first one. */
TEST(offline, those_that_are_out_are_found_from_above)
{
    static const unsigned long out[] = { 0, 1, 64, 511, 512, 2000, 32767 };
    unsigned int i = ARRAY_SIZE(out);
    mfn_t mfn = INVALID_MFN;

    heap_of_one_block(15);
    EXPECT(mfn_eq(offline_last(INVALID_MFN), INVALID_MFN));
    for (unsigned int k = 0; k < ARRAY_SIZE(out); k++)
        EXPECT_EQ(offline_page(_mfn(BIT(15) + out[k]), k % 2 != 0),
                  OFFLINE_DONE);
    while (i-- > 0) {
        mfn = offline_last(mfn);
        EXPECT_EQ(mfn_x(mfn), BIT(15) + out[i]);
    }
    EXPECT(mfn_eq(offline_last(mfn), INVALID_MFN));
    EXPECT_EQ(online_page(_mfn(BIT(15))), 0);
    EXPECT(mfn_eq(offline_last(mfn_add(mfn, 1)), INVALID_MFN));
    EXPECT_EQ(mfn_x(offline_last(mfn_add(mfn, 2))), BIT(15) + 1);
}

TEST(offline, each_frame_of_a_block_in_use)
{
    heap_of_one_block(EXHAUSTIVE);
    for (unsigned int order = 0; order <= EXHAUSTIVE; order++)
        for (unsigned long i = 0; i < BIT(order); i++)
            try_in_use(order, i, false);
}

TEST(offline, each_frame_of_a_block_in_use_that_comes_back_in_parts)
{
    heap_of_one_block(EXHAUSTIVE);
    for (unsigned int order = 0; order <= EXHAUSTIVE; order++)
        for (unsigned long i = 0;
             i<BIT(order); i += order> 5 ? BIT(order) / 7 : 1)
            try_in_use(order, i, true);
}

/* What a CPU has at hand, by the order that it keeps. */
static void try_cached(unsigned int order, unsigned long i)
{
    struct page_info *pg = alloc(order), *again;
    mfn_t mfn;

    REQUIRE(pg != NULL);
    mfn = mfn_add(page_to_mfn(pg), i);
    free_heap_pages(pg, order, TLB_NO_DEBT);
    EXPECT(is_at(mfn, PAGE_CACHED));
    EXPECT_EQ(offline_page(mfn, false), OFFLINE_DONE);
    EXPECT(is_at(mfn, PAGE_OFFLINE));
    is_sound(BIT(15) - 1, 1);
    again = alloc(order);
    REQUIRE(again != NULL);
    EXPECT(mfn_x(mfn) - mfn_x(page_to_mfn(again)) >= BIT(order));
    free_heap_pages(again, order, TLB_NO_DEBT);
    EXPECT_EQ(online_page(mfn), 0);
    is_sound(BIT(15), 0);
}

TEST(offline, each_frame_that_a_cpu_has_at_hand)
{
    static const unsigned int orders[] = { 0, 1, 2, 3, CHUNK_ORDER };

    heap_of_one_block(15);
    some_cpus(2);
    for (unsigned int cpu = 0; cpu < 2; cpu++)
        for (unsigned int k = 0; k < ARRAY_SIZE(orders); k++)
            for (unsigned long i = 0;
                 i<BIT(orders[k]); i += orders[k]> 3 ? 73 : 1)
                AS_CPU(cpu, try_cached(orders[k], i));
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(15), 1);
}

TEST(offline, what_another_cpu_has_at_hand)
{
    struct page_info *pg = NULL;

    heap_of_one_block(EXHAUSTIVE);
    some_cpus(3);
    AS_CPU(2, pg = alloc(0); free_heap_pages(pg, 0, TLB_NO_DEBT));
    EXPECT(is_at(page_to_mfn(pg), PAGE_CACHED));
    EXPECT_EQ(offline_page(page_to_mfn(pg), true), OFFLINE_DONE);
    is_sound(BIT(EXHAUSTIVE) - 1, 1);
}

/* The owner of the chunk goes on to take from it. */
TEST(offline, a_frame_of_a_chunk_that_a_cpu_takes_from)
{
    struct page_info *pg;
    mfn_t mfn = _mfn(BIT(EXHAUSTIVE) + 300);

    heap_of_one_block(EXHAUSTIVE);
    REQUIRE((pg = alloc(0)) != NULL);
    EXPECT_EQ(offline_page(mfn, false), OFFLINE_DONE);
    for (unsigned long i = 2; i < BIT(EXHAUSTIVE); i++) {
        REQUIRE((pg = alloc(0)) != NULL);
        EXPECT(!mfn_eq(page_to_mfn(pg), mfn));
    }
    EXPECT(!alloc(0));
    is_sound(0, 1);
    EXPECT_EQ(online_page(mfn), 0);
    pg = alloc(0);
    REQUIRE(pg != NULL);
    EXPECT(mfn_eq(page_to_mfn(pg), mfn));
}

TEST(offline, a_frame_that_nobody_gave_back_is_there_no_more)
{
    struct page_info *pg;
    mfn_t mfn;

    heap_of_one_block(EXHAUSTIVE);
    pg = alloc(3);
    REQUIRE(pg != NULL);
    mfn = page_to_mfn(pg + 5);
    EXPECT_EQ(offline_page(mfn, false), OFFLINE_PENDING);
    EXPECT_EQ(online_page(mfn), 0);
    EXPECT(is_at(mfn, PAGE_IN_USE));
    EXPECT_EQ(offline_nr_pending(), 0);
    free_heap_pages(pg, 3, TLB_NO_DEBT);
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(EXHAUSTIVE), 1);
    is_sound(BIT(EXHAUSTIVE), 0);
}

/* A larger block's entries say nothing before its user clears them. */
TEST(offline, the_mark_survives_that_entries_are_cleared)
{
    struct page_info *pg;

    heap_of_one_block(EXHAUSTIVE);
    for (unsigned int round = 0; round < 2; round++) {
        pg = alloc(EXHAUSTIVE);
        REQUIRE(pg != NULL);
        EXPECT_EQ(offline_page(page_to_mfn(pg + 700), false), OFFLINE_PENDING);
        heap_clear_entries(pg, EXHAUSTIVE);
        EXPECT(is_at(page_to_mfn(pg + 700), PAGE_PENDING));
        EXPECT_EQ(pg[700].count_info, PGC_state_offlining);
        EXPECT_EQ(online_page(page_to_mfn(pg + 700)), 0);
        EXPECT_EQ(pg[700].count_info, 0);
        free_heap_pages(pg, EXHAUSTIVE, TLB_NO_DEBT);
        is_sound(BIT(EXHAUSTIVE), 0);
        /* With entries that are those of free frames, next time. */
        free_heap_pages(alloc(0), 0, TLB_NO_DEBT);
        heap_drain();
    }
}

TEST(offline, all_frames_of_a_chunk_one_after_the_other)
{
    heap_of_one_block(EXHAUSTIVE);
    for (unsigned long i = 0; i < CHUNK_FRAMES; i++) {
        EXPECT_EQ(offline_page(_mfn(BIT(EXHAUSTIVE) + i), false), OFFLINE_DONE);
        is_sound(BIT(EXHAUSTIVE) - i - 1, i + 1);
    }
    EXPECT_EQ(heap_nr_blocks(CHUNK_ORDER), 1);
    for (unsigned long i = CHUNK_FRAMES; i-- > 0;)
        EXPECT_EQ(online_page(_mfn(BIT(EXHAUSTIVE) + i)), 0);
    EXPECT_EQ(heap_nr_blocks(EXHAUSTIVE), 1);
    is_sound(BIT(EXHAUSTIVE), 0);
}

/* F5: what was dirty, or owed, does so when it comes back. */
TEST(offline, what_is_dirty_and_what_it_owes_is_kept)
{
    cpumask_t who = { { 2 } };
    struct heap_statistics before, without, after;
    struct page_info *pg, *kept; /* so that the chunk is not whole */
    struct tlb_debt debt;

    heap_of_one_block(CHUNK_ORDER);
    some_cpus(2);
    REQUIRE((pg = alloc(0)) != NULL && (kept = alloc(0)) != NULL);
    debt = tlb_debt_now(&who);
    free_heap_pages(pg, 0, debt);
    heap_drain();
    heap_statistics(&before);
    EXPECT_EQ(offline_page(page_to_mfn(pg), false), OFFLINE_DONE);
    heap_statistics(&without);
    EXPECT_EQ(without.nr_dirty, before.nr_dirty - 1);
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(online_page(page_to_mfn(pg)), 0);
    heap_statistics(&after);
    EXPECT_EQ(after.nr_dirty, before.nr_dirty);
    EXPECT_EQ(heap_check(), 0);
    free_heap_pages(kept, 0, TLB_NO_DEBT);
    heap_drain();
    pg = alloc_heap_pages(CHUNK_ORDER, HEAP_NO_LIMIT, HEAP_NO_SCRUB, &debt);
    REQUIRE(pg != NULL);
    EXPECT_EQ(debt.taint & 2, 2);
}

/* A pending frame's debt, which it gets when it is given back. */
TEST(offline, what_leaves_when_it_is_given_back_owes_what_its_user_says)
{
    cpumask_t who = { { 2 } };

    for (unsigned int order = 0; order <= CHUNK_ORDER; order += CHUNK_ORDER) {
        struct page_info *pg;
        struct tlb_debt debt;
        mfn_t mfn;

        if (order == 0) {
            heap_of_one_block(CHUNK_ORDER);
            some_cpus(2);
        }
        REQUIRE((pg = alloc(order)) != NULL);
        mfn = page_to_mfn(pg + BIT(order) / 2);
        EXPECT_EQ(offline_page(mfn, false), OFFLINE_PENDING);
        free_heap_pages(pg, order, tlb_debt_now(&who));
        EXPECT(is_at(mfn, PAGE_OFFLINE));
        EXPECT_EQ(heap_check(), 0);
        EXPECT_EQ(online_page(mfn), 0);
        EXPECT_EQ(heap_check(), 0);
        heap_drain();
        pg = alloc_heap_pages(CHUNK_ORDER, HEAP_NO_LIMIT, HEAP_NO_SCRUB, &debt);
        REQUIRE(pg != NULL);
        EXPECT_EQ(debt.taint & 2, 2);
        free_heap_pages(pg, CHUNK_ORDER, TLB_NO_DEBT);
    }
}

/* No CPU keeps a chunk at hand whose frame is to leave. */
TEST(offline, a_chunk_with_a_frame_that_is_to_leave_is_not_kept_at_hand)
{
    struct page_info *pg[2];

    heap_of_one_block(15);
    REQUIRE((pg[0] = alloc(CHUNK_ORDER)) != NULL);
    REQUIRE((pg[1] = alloc(CHUNK_ORDER)) != NULL);
    EXPECT_EQ(offline_page(page_to_mfn(pg[0] + 17), false), OFFLINE_PENDING);
    free_heap_pages(pg[0], CHUNK_ORDER, TLB_NO_DEBT);
    EXPECT(is_at(page_to_mfn(pg[0] + 17), PAGE_OFFLINE));
    is_sound(BIT(15) - CHUNK_FRAMES - 1, 1);
    free_heap_pages(pg[1], CHUNK_ORDER, TLB_NO_DEBT);
    EXPECT(is_at(page_to_mfn(pg[1]), PAGE_CACHED)); /* but now it is again */
}
