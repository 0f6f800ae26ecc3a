/* SPDX-License-Identifier: MIT */
/* Who took a frame, who gave it back, and whose leak it is. */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/claim.h>
#include <xen/domheap.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/page_owner.h>

#include "../model/pv_machine.h"
#include "../model/small_machine.h"

static void machine(void)
{
    const struct ram ram[] = { { 1024, 2048 } };

    small_machine_heap(ram, 1);
}

/* Two callers, each of which is one place in the code. */
__noinline static struct page_info *careful(unsigned int order)
{
    struct page_info *pg =
        alloc_heap_pages_paid(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB);

    __asm__ volatile("" ::: "memory"); /* it is no tail call */

    return pg;
}

__noinline static struct page_info *careless(unsigned int order)
{
    struct page_info *pg =
        alloc_heap_pages_paid(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB);

    __asm__ volatile("" ::: "memory");

    return pg;
}

__noinline static void give(struct page_info *pg, unsigned int order)
{
    free_heap_pages(pg, order, TLB_NO_DEBT);
    __asm__ volatile("" ::: "memory");
}

/* Is @code in the function? These are short, but for what sanitizers add. */
static bool is_in(uintptr_t code, const void *function)
{
    return code - (uintptr_t)function < 2048;
}

static struct page_owner owner_of(const struct page_info *pg, unsigned int i)
{
    struct page_owner owner = { 0 };

    EXPECT(page_owner_of(mfn_add(page_to_mfn(pg), i), &owner));

    return owner;
}

TEST(page_owner, each_frame_of_a_block_knows_who_took_it)
{
    machine();
    for (unsigned int order = 0; order <= 10; order++) {
        struct page_info *pg = careful(order);

        REQUIRE(pg != NULL);
        for (unsigned int i = 0; i < BIT(order); i++) {
            struct page_owner owner = owner_of(pg, i);

            EXPECT(is_in(owner.taken_by, (void *)careful));
            EXPECT_EQ(owner.order, order);
            EXPECT(owner.is_out);
        }
        give(pg, order);
        for (unsigned int i = 0; i < BIT(order); i++) {
            struct page_owner owner = owner_of(pg, i);

            EXPECT(is_in(owner.taken_by, (void *)careful));
            EXPECT(is_in(owner.given_by, (void *)give));
            EXPECT(!owner.is_out);
        }
    }
}

TEST(page_owner, nothing_is_known_of_what_was_never_taken)
{
    struct page_owner owner;
    struct page_info *pg;

    machine();
    EXPECT(!page_owner_of(_mfn(1024), &owner));
    EXPECT(!page_owner_of(_mfn(3), &owner));
    EXPECT(!page_owner_of(INVALID_MFN, &owner));
    pg = careful(0);
    EXPECT(page_owner_of(page_to_mfn(pg), &owner));
    EXPECT(!page_owner_of(mfn_add(page_to_mfn(pg), 1), &owner));
}

TEST(page_owner, a_leak_has_the_name_of_who_took_it)
{
    struct page_owner_sum sum[8];

    machine();
    for (unsigned int i = 0; i < 200; i++) {
        struct page_info *pg = careful(i % 4);

        if (i % 20 == 0)
            EXPECT(careless(2) != NULL);
        give(pg, i % 4);
    }
    REQUIRE(page_owner_sums(sum, 8) == 1);
    EXPECT(is_in(sum[0].caller, (void *)careless));
    EXPECT_EQ(sum[0].order, 2);
    EXPECT_EQ(sum[0].nr_frames, 40);
}

TEST(page_owner, what_is_out_is_summed_by_caller_and_order)
{
    struct page_owner_sum sum[8];
    struct page_info *pg;

    machine();
    for (unsigned int i = 0; i < 3; i++)
        EXPECT(careful(0) && careless(1) && careful(9));
    pg = careless(1);
    give(pg + 1, 0); /* in parts: half of it is out still */
    REQUIRE(page_owner_sums(sum, 8) == 3);
    EXPECT(is_in(sum[0].caller, (void *)careful));
    EXPECT_EQ(sum[0].nr_frames, 3 * CHUNK_FRAMES);
    EXPECT(is_in(sum[1].caller, (void *)careless));
    EXPECT_EQ(sum[1].nr_frames, 7);
    EXPECT_EQ(sum[2].nr_frames, 3);
    EXPECT_EQ(sum[2].order, 0);

    /* If there is no room for all, the rest is one sum. */
    REQUIRE(page_owner_sums(sum, 2) == 2);
    EXPECT_EQ(sum[0].nr_frames + sum[1].nr_frames, 3 * CHUNK_FRAMES + 10);
    EXPECT(sum[0].caller == 0 || sum[1].caller == 0);
}

TEST(page_owner, what_was_out_before_the_mark_is_no_leak)
{
    struct page_owner_sum sum[8];

    machine();
    EXPECT(careful(0) && careful(3));
    page_owner_mark();
    EXPECT_EQ(page_owner_sums(sum, 8), 0);
    EXPECT(careless(0) != NULL);
    REQUIRE(page_owner_sums(sum, 8) == 1);
    EXPECT(is_in(sum[0].caller, (void *)careless));
}

/* Not the function in between that all of them use. */
TEST(page_owner, a_guests_frames_are_of_who_took_them_for_it)
{
    struct page_owner_sum sum[8];
    struct page_info *pg;
    struct domain *d;
    unsigned int nr;

    pv_machine(1);
    d = pv_domain(1, 1);
    page_owner_mark();
    pg = alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, 0);
    REQUIRE(pg != NULL);
    nr = page_owner_sums(sum, 8);
    EXPECT_EQ(nr, 1);
    EXPECT(
        is_in(sum[0].caller,
              (void *)page_owner_a_guests_frames_are_of_who_took_them_for_it));
}

TEST(page_owner, nor_the_one_that_redeems_claims_or_takes_many)
{
    struct page_info *page[20];
    struct page_owner_sum sum[8];
    struct domain *d;

    pv_machine(1);
    d = pv_domain(1, 1);
    EXPECT_EQ(claim_pages(d, &(struct claim){ 0, 200 }, 1), 0);
    page_owner_mark();
    EXPECT(alloc_domheap_pages(d, 3, HEAP_NO_LIMIT, 0) != NULL);
    EXPECT_EQ(alloc_domheap_stream(d, HEAP_NO_LIMIT, 0, NULL, page, 20), 20);
    EXPECT_EQ(claim_pages(d, NULL, 0), 0);
    EXPECT_EQ(alloc_domheap_stream(d, HEAP_NO_LIMIT, 0, NULL, page, 20), 20);
    for (unsigned int i = 0, nr = page_owner_sums(sum, 8); i < nr; i++)
        EXPECT(is_in(
            sum[i].caller,
            (void *)page_owner_nor_the_one_that_redeems_claims_or_takes_many));
    EXPECT_EQ(d->nr_pages, 48);
}

TEST(page_owner, the_frames_of_a_stream_are_its_users)
{
    struct heap_stream stream = { 0 };
    struct tlb_debt debt = TLB_NO_DEBT;
    struct page_owner_sum sum[8];
    struct page_info *page[100];

    machine();
    EXPECT_EQ(alloc_heap_stream(&stream, HEAP_NO_LIMIT, HEAP_NO_SCRUB, page,
                                100, &debt),
              100);
    REQUIRE(page_owner_sums(sum, 8) == 1);
    EXPECT(is_in(sum[0].caller,
                 (void *)page_owner_the_frames_of_a_stream_are_its_users));
    EXPECT_EQ(sum[0].nr_frames, 100);
}

TEST(page_owner, the_report_names_the_largest_first)
{
    machine();
    EXPECT(careless(4) && careful(1) && careful(0));
    hosted_console_clear();
    page_owner_print(2);
    EXPECT(strstr(hosted_console(), "        16      4  ") != NULL);
    EXPECT(strstr(hosted_console(), "         2      1  ") != NULL);
    EXPECT(strstr(hosted_console(), "and 1 more") != NULL);
}
