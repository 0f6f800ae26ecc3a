/* SPDX-License-Identifier: MIT */
/* What free frames owe: through merges and splits, and who is preferred. */
#include "heap_with_debts.h"

TEST(heap_debt, frames_that_came_back_owe_what_was_said)
{
    struct page_info *pg[CHUNK_ORDER];
    struct tlb_debt debt[CHUNK_ORDER];

    start();
    for (unsigned int order = 0; order < CHUNK_ORDER; order++)
        pg[order] = take(order);
    take_rest();
    for (unsigned int order = 0; order < CHUNK_ORDER; order++) {
        debt[order] = debt_of_cpu(order % NR_CPUS);
        free_heap_pages(pg[order], order, debt[order]);
        flush_tlb_local();
    }
    for (unsigned int turn = 0; turn < 2; turn++) {
        for (unsigned int order = 0; order < CHUNK_ORDER; order++)
            for (unsigned long i = 0; i < BIT(order); i += 1 + i / 3)
                expect_debt(pg[order] + i, debt[order].taint,
                            debt[order].stamp);
        heap_drain();
    }
}

TEST(heap_debt, a_chunk_that_becomes_whole_owes_what_its_frames_owe)
{
    struct page_info *pg, *rest;

    start();
    pg = take(8);
    rest = take(10); /* and a chunk is nobody's */
    EXPECT(pg != NULL && rest != NULL);
    free_heap_pages(pg, 0, debt_of_cpu(1));
    flush_tlb_local();
    free_heap_pages(pg + 1, 0, debt_of_cpu(2));
    flush_tlb_local();
    free_heap_pages(pg + 2, 1, TLB_NO_DEBT);
    for (unsigned int order = 2; order < 8; order++)
        free_heap_pages(pg + BIT(order), order, debt_of_cpu(3));
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(10), 1);
    expect_debt(pg, BIT(1) | BIT(2) | BIT(3), 3);
}

TEST(heap_debt, blocks_that_merge_owe_what_both_owe)
{
    struct page_info *low, *high;

    start();
    low = take(10);
    high = take(10);
    free_heap_pages(low, 10, debt_of_cpu(1));
    flush_tlb_local();
    expect_debt(low + 777, BIT(1), 1);
    free_heap_pages(high, 10, debt_of_cpu(2));
    EXPECT_EQ(heap_nr_blocks(TOP), 1);
    expect_debt(low, BIT(1) | BIT(2), 2);
    expect_debt(high, BIT(1) | BIT(2), 2);
}

/* The one that is merged with may owe nothing, or be the only one that does. */
TEST(heap_debt, blocks_that_merge_owe_what_one_owes)
{
    for (unsigned int who = 0; who < 2; who++) {
        struct page_info *pg[2];

        if (who == 0)
            start();
        pg[0] = take(10);
        pg[1] = take(10);
        free_heap_pages(pg[who], 10, debt_of_cpu(1));
        free_heap_pages(pg[!who], 10, TLB_NO_DEBT);
        expect_debt(pg[0], BIT(1), 1);
        free_heap_pages(take(TOP), TOP, TLB_NO_DEBT);
        expect_debt(pg[0], 0, 0);
    }
}

TEST(heap_debt, the_parts_of_a_split_block_owe_what_it_owed)
{
    struct page_info *pg;
    struct tlb_debt debt;

    start();
    free_heap_pages(take(TOP), TOP, debt_of_cpu(2));
    pg = alloc_heap_pages(9, HEAP_NO_LIMIT, HEAP_NO_SCRUB, &debt);
    REQUIRE(pg != NULL);
    EXPECT_EQ(debt.taint, BIT(2));
    EXPECT_EQ(debt.stamp, 1);
    EXPECT(page_info_is_zero(pg));
    expect_debt(pg + BIT(9), BIT(2), 1);
    expect_debt(pg + BIT(10), BIT(2), 1);

    pg = alloc_heap_pages(3, HEAP_NO_LIMIT, HEAP_NO_SCRUB, &debt);
    REQUIRE(pg != NULL);
    EXPECT_EQ(debt.taint, BIT(2));
    EXPECT_EQ(debt.stamp, 1);
    for (unsigned long i = 0; i < 8; i++)
        EXPECT(page_info_is_zero(pg + i));
    for (unsigned long i = 8; i < CHUNK_FRAMES; i++)
        expect_debt(pg + i, BIT(2), 1);
}

/* CPU @cpu remembers some of the block; so payment can be seen. */
static void use_by_cpu(const struct page_info *pg, unsigned int cpu)
{
    unsigned int frame = (unsigned int)(page_to_pdx(pg) % SOFT_TLB_FRAMES);

    AS_CPU(cpu, soft_tlb_fill(0, 0, (struct translation){ frame, true, 0 }));
}

/* Take all that there is of @order, and give it back. */
static void take_all(unsigned int order, unsigned int flags)
{
    static struct page_info *all[NR];
    unsigned int nr = 0;

    while (nr < NR >> order &&
           (all[nr] = alloc_heap_pages(order, HEAP_NO_LIMIT, flags, NULL)))
        nr++;
    EXPECT_EQ(nr, NR >> order);
    while (nr-- > 0)
        free_heap_pages(all[nr], order, TLB_NO_DEBT);
}

TEST(heap_debt, it_is_paid_before_the_frames_are_handed_out)
{
    start();
    for (unsigned int order = 0; order <= TOP; order++) {
        struct page_info *pg = take(order);
        unsigned long before = hosted_nr_interrupts();

        use_by_cpu(pg, 1);
        use_by_cpu(pg, 2);
        free_heap_pages(pg, order, debt_of_cpu(2));
        take_all(order, HEAP_NO_SCRUB);
        EXPECT(hosted_nr_interrupts() > before);
        EXPECT(!soft_tlb_find(2, 0, 0) && soft_tlb_find(1, 0, 0));
        heap_drain();
    }
}

TEST(heap_debt, or_by_the_caller_who_asked_what_is_owed)
{
    static struct page_info *pg[CHUNK_ORDER + 3];

    start();
    for (unsigned int order = 0; order < TOP - 1; order++)
        pg[order] = take(order);
    take_rest();
    for (unsigned int order = 0; order < TOP - 1; order++) {
        unsigned long before = hosted_nr_interrupts();
        struct tlb_debt debt;

        use_by_cpu(pg[order], 2);
        free_heap_pages(pg[order], order, debt_of_cpu(2));
        EXPECT(alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, &debt) ==
               pg[order]);
        EXPECT_EQ(debt.taint, BIT(2));
        EXPECT_EQ(hosted_nr_interrupts(), before);
        EXPECT(soft_tlb_find(2, 0, 0) != NULL);
        as_inuse(pg[order])->type_info = 5; /* what stood there is gone */
        tlb_debt_pay(debt);
        EXPECT(soft_tlb_find(2, 0, 0) == NULL);
    }
}

TEST(heap_debt, a_failed_request_owes_nothing)
{
    struct tlb_debt debt = { 1, 1 };

    start();
    free_heap_pages(take(TOP), TOP, debt_of_cpu(1));
    EXPECT(alloc_heap_pages(TOP + 1, HEAP_NO_LIMIT, HEAP_NO_SCRUB, &debt) ==
           NULL);
    EXPECT_EQ(debt.taint, 0);
    EXPECT(alloc_heap_pages(TOP + 1, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL) ==
           NULL);
    EXPECT_EQ(hosted_nr_interrupts(), 0);
}

/* Of what a CPU has at hand. */
TEST(heap_debt, who_owes_nothing_goes_before_who_came_last)
{
    struct page_info *pg[3];

    start();
    for (unsigned int i = 0; i < 3; i++)
        pg[i] = take(0);
    take_rest();
    free_heap_pages(pg[0], 0, debt_of_cpu(1));
    free_heap_pages(pg[1], 0, TLB_NO_DEBT);
    free_heap_pages(pg[2], 0, debt_of_cpu(2));
    EXPECT(take(0) == pg[1]);
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_debt, then_who_has_been_paid)
{
    struct tlb_debt debt;
    struct page_info *pg[2];

    start();
    for (unsigned int i = 0; i < 2; i++)
        pg[i] = take(0);
    take_rest();
    free_heap_pages(pg[0], 0, debt_of_cpu(1));
    free_heap_pages(pg[1], 0, debt_of_cpu(2));
    AS_CPU(1, flush_tlb_local());
    EXPECT(alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, &debt) == pg[0]);
    EXPECT(tlb_debt_is_paid(debt));
    EXPECT(page_info_is_zero(pg[0]));
}

TEST(heap_debt, at_last_one_flush_pays_for_all_that_is_at_hand)
{
    struct page_info *pg[8];

    start();
    for (unsigned int i = 0; i < 8; i++)
        pg[i] = take(0);
    take_rest();
    for (unsigned int i = 0; i < 8; i++)
        free_heap_pages(pg[i], 0, debt_of_cpu(1 + i % 2));
    for (unsigned int i = 0; i < 8; i++) {
        EXPECT(alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL) != NULL);
        EXPECT_EQ(hosted_nr_interrupts(), 2);
    }
}

TEST(heap_debt, a_limit_outweighs_a_debt)
{
    struct page_info *pg[2];

    start();
    for (unsigned int i = 0; i < 2; i++)
        pg[i] = take(1);
    EXPECT(pg[0] < pg[1]);
    take_rest();
    free_heap_pages(pg[0], 1, debt_of_cpu(1));
    free_heap_pages(pg[1], 1, TLB_NO_DEBT);
    EXPECT(alloc_heap_pages(1, mfn_to_maddr(page_to_mfn(pg[1])), HEAP_NO_SCRUB,
                            NULL) == pg[0]);
    EXPECT_EQ(hosted_nr_interrupts(), 1);
}
