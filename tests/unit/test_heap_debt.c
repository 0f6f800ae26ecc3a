/* SPDX-License-Identifier: MIT */
/* What free blocks owe: through merges and splits, and who is preferred. */
#include <soft_tlb.h>
#include <test.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define NR_CPUS 4U
#define TOP     8U
#define FIRST   BIT(21) /* above 4 GiB */
#define NR      BIT(TOP)

static void start(void)
{
    static const struct ram ram[] = { { FIRST, NR } };

    small_machine_heap(ram, 1);
    some_cpus(NR_CPUS);
}

static struct page_info *take(unsigned int order)
{
    struct tlb_debt debt;
    struct page_info *pg = alloc_heap_pages(order, HEAP_NO_LIMIT, &debt);

    EXPECT(pg != NULL);

    return pg;
}

static struct tlb_debt debt_of_cpu(unsigned int cpu)
{
    cpumask_t who = { { 0 } };

    cpumask_set(&who, cpu);

    return tlb_debt_now(&who);
}

/* What the free block that holds @pg owes. */
static struct tlb_debt debt_of_block(const struct page_info *pg)
{
    unsigned int order;
    mfn_t head = heap_block_of(page_to_mfn(pg), &order);
    struct page_free *block;

    EXPECT(!mfn_eq(head, INVALID_MFN));
    block = as_free(mfn_to_page(head));

    return (struct tlb_debt){ block->tlb_taint, block->tlbflush_timestamp };
}

static void expect_debt(const struct page_info *pg, uint64_t taint,
                        uint32_t stamp)
{
    EXPECT_EQ(debt_of_block(pg).taint, taint);
    EXPECT_EQ(debt_of_block(pg).stamp, stamp);
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_debt, a_free_block_owes_what_its_frames_owe)
{
    struct page_info *pg;

    start();
    pg = take(3);
    expect_debt(pg + 8, 0, 0);
    free_heap_pages(pg, 0, debt_of_cpu(1));
    expect_debt(pg, BIT(1), 1);
    flush_tlb_local();
    free_heap_pages(pg + 1, 0, debt_of_cpu(2)); /* it merges */
    expect_debt(pg, BIT(1) | BIT(2), 2);
    free_heap_pages(pg + 2, 1, TLB_NO_DEBT); /* the left buddy owes */
    expect_debt(pg, BIT(1) | BIT(2), 2);
    flush_tlb_local();
    free_heap_pages(pg + 4, 2, debt_of_cpu(3)); /* and so on, up to all */
    expect_debt(pg, BIT(1) | BIT(2) | BIT(3), 3);
    EXPECT_EQ(heap_nr_blocks(TOP), 1);
}

TEST(heap_debt, the_parts_of_a_split_block_owe_what_it_owed)
{
    struct page_info *pg;
    struct tlb_debt debt;

    start();
    free_heap_pages(take(TOP), TOP, debt_of_cpu(2));
    pg = alloc_heap_pages(0, HEAP_NO_LIMIT, &debt);
    REQUIRE(pg != NULL);
    EXPECT_EQ(debt.taint, BIT(2));
    EXPECT_EQ(debt.stamp, 1);
    EXPECT(page_info_is_zero(pg));
    for (unsigned int order = 0; order < TOP; order++)
        expect_debt(pg + BIT(order), BIT(2), 1);
}

/* CPU @cpu remembers all of the block; so payment can be seen. */
static void use_by_cpu(const struct page_info *pg, unsigned int cpu)
{
    unsigned int frame = (unsigned int)(mfn_x(page_to_mfn(pg)) - FIRST);

    AS_CPU(cpu, soft_tlb_fill(0, 0, (struct translation){ frame, true, 0 }));
}

TEST(heap_debt, it_is_paid_before_the_block_is_handed_out)
{
    struct page_info *pg;

    start();
    pg = take(TOP);
    use_by_cpu(pg, 1);
    use_by_cpu(pg, 2);
    free_heap_pages(pg, TOP, debt_of_cpu(2));
    pg = alloc_heap_pages(TOP, HEAP_NO_LIMIT, NULL);
    REQUIRE(pg != NULL);
    EXPECT_EQ(hosted_nr_interrupts(), 1);
    EXPECT(!soft_tlb_find(2, 0, 0) && soft_tlb_find(1, 0, 0));
}

TEST(heap_debt, or_by_the_caller_who_asked_what_is_owed)
{
    struct page_info *pg;
    struct tlb_debt debt;

    start();
    pg = take(TOP);
    use_by_cpu(pg, 2);
    free_heap_pages(pg, TOP, debt_of_cpu(2));
    pg = alloc_heap_pages(TOP, HEAP_NO_LIMIT, &debt);
    REQUIRE(pg != NULL);
    EXPECT_EQ(hosted_nr_interrupts(), 0);
    EXPECT(soft_tlb_find(2, 0, 0) != NULL);
    as_inuse(pg)->type_info = 5; /* what stood there is overwritten */
    tlb_debt_pay(debt);
    EXPECT(soft_tlb_find(2, 0, 0) == NULL);
}

TEST(heap_debt, a_failed_request_owes_nothing)
{
    struct tlb_debt debt = { 1, 1 };

    start();
    free_heap_pages(take(TOP), TOP, debt_of_cpu(1));
    EXPECT(alloc_heap_pages(TOP + 1, HEAP_NO_LIMIT, &debt) == NULL);
    EXPECT_EQ(debt.taint, 0);
    EXPECT(alloc_heap_pages(TOP + 1, HEAP_NO_LIMIT, NULL) == NULL);
    EXPECT_EQ(hosted_nr_interrupts(), 0);
}

/* Four blocks of two frames with a gap behind each, and a block of 128. */
static struct page_info *piece[4];

static void start_with_pieces(void)
{
    start();
    for (unsigned int i = 0; i < 4; i++) {
        piece[i] = take(1);
        EXPECT(take(1) != NULL);
    }
    for (unsigned int order = 4; order < TOP - 1; order++)
        EXPECT(take(order) != NULL);
    EXPECT_EQ(heap_nr_free(), NR / 2);
}

TEST(heap_debt, who_owes_nothing_goes_first)
{
    start_with_pieces();
    free_heap_pages(piece[0], 1, debt_of_cpu(1));
    free_heap_pages(piece[1], 1, TLB_NO_DEBT);
    free_heap_pages(piece[2], 1, debt_of_cpu(2));
    EXPECT(take(1) == piece[1]);
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_debt, then_who_has_been_paid)
{
    struct tlb_debt debt;

    start_with_pieces();
    free_heap_pages(piece[0], 1, debt_of_cpu(1));
    free_heap_pages(piece[1], 1, debt_of_cpu(2));
    AS_CPU(1, flush_tlb_local());
    EXPECT(alloc_heap_pages(1, HEAP_NO_LIMIT, &debt) == piece[0]);
    EXPECT_EQ(debt.taint, 0);
    EXPECT_EQ(debt.stamp, 0);
}

TEST(heap_debt, then_a_larger_block_is_split)
{
    start_with_pieces();
    free_heap_pages(piece[0], 1, debt_of_cpu(1));
    EXPECT(take(1) == piece[0] + NR / 2);
    expect_debt(piece[0], BIT(1), 1);
    expect_debt(piece[0] + NR / 2 + 2, 0, 0);
}

TEST(heap_debt, at_last_the_smallest_that_owes_and_of_those_the_oldest)
{
    struct tlb_debt debt;

    start_with_pieces();
    free_heap_pages(take(TOP - 1), TOP - 1, debt_of_cpu(3));
    for (unsigned int i = 0; i < 4; i++)
        free_heap_pages(piece[i], 1, debt_of_cpu(i));
    for (unsigned int i = 0; i < 4; i++) {
        EXPECT(alloc_heap_pages(1, HEAP_NO_LIMIT, &debt) == piece[i]);
        EXPECT_EQ(debt.taint, BIT(i));
    }
    EXPECT(take(1) == piece[0] + NR / 2);
}

TEST(heap_debt, a_limit_outweighs_a_debt)
{
    start_with_pieces();
    free_heap_pages(piece[0], 1, debt_of_cpu(1));
    free_heap_pages(piece[1], 1, TLB_NO_DEBT);
    EXPECT(alloc_heap_pages(1, mfn_to_maddr(page_to_mfn(piece[1])), NULL) ==
           piece[0]);
    EXPECT_EQ(hosted_nr_interrupts(), 1);
}

/* T5: of each frame the CPUs that have not flushed since its use ended. */
static uint64_t still_owe[NR];
static bool is_free[NR];

static void expect_covered(const struct page_info *pg, struct tlb_debt debt)
{
    uint64_t owe = still_owe[mfn_x(page_to_mfn(pg)) - FIRST];
    cpumask_t cpus;

    tlb_debt_cpus(debt, &cpus);
    EXPECT_EQ(owe & ~cpus.bits[0], 0);
}

static void note(const struct page_info *pg, unsigned int order, uint64_t owe,
                 bool free)
{
    unsigned long first = mfn_x(page_to_mfn(pg)) - FIRST;

    for (unsigned long i = first; i < first + BIT(order); i++) {
        still_owe[i] = owe;
        is_free[i] = free;
    }
}

static void note_flush(uint64_t cpus)
{
    for (unsigned int i = 0; i < NR; i++)
        still_owe[i] &= ~cpus;
}

static void give_or_take(void)
{
    static struct page_info *out[32];
    static unsigned int order[32];
    unsigned int i = (unsigned int)(test_random() % 32);
    struct tlb_debt debt = TLB_NO_DEBT;

    if (out[i]) {
        if (test_random() % 4)
            debt = debt_of_cpu((unsigned int)(test_random() % NR_CPUS));
        note(out[i], order[i], debt.taint, true);
        free_heap_pages(out[i], order[i], debt);
        out[i] = NULL;
        return;
    }
    order[i] = (unsigned int)(test_random() % 5);
    out[i] = alloc_heap_pages(order[i], HEAP_NO_LIMIT, &debt);
    for (unsigned int k = 0; out[i] && k < BIT(order[i]); k++)
        expect_covered(out[i] + k, debt);
    if (out[i])
        note(out[i], order[i], 0, false);
}

static void flush_or_restart(void)
{
    unsigned int cpu = (unsigned int)(test_random() % NR_CPUS);

    if (tlb_clock_now() == 0 && test_random() % 8 == 0) {
        tlb_clock_restart();
        note_flush(~0UL);
    } else {
        AS_CPU(cpu, flush_tlb_local());
        note_flush(BIT(cpu));
    }
}

TEST(heap_debt, a_block_owes_at_least_what_each_of_its_frames_does)
{
    struct page_info *all;

    start();
    all = mfn_to_page(_mfn(FIRST));
    note(all, TOP, 0, true);
    for (unsigned int step = 0; step < 40000; step++) {
        give_or_take();
        if (test_random() % 8 == 0)
            flush_or_restart();
        for (unsigned int i = 0; step % 32 == 0 && i < NR; i++) {
            if (is_free[i])
                expect_covered(all + i, debt_of_block(all + i));
        }
        if (step % 2000 == 0)
            EXPECT_EQ(heap_check(), 0);
    }
}
