/* SPDX-License-Identifier: MIT */
/* Memory that fails while it is claimed: one frame less, and that is all. */
#include <xen/offline.h>

#include "claiming_domains.h"

#define FAILED (FIRST + 300)

static unsigned long all;

static enum page_place place(void)
{
    return query_page(_mfn(FAILED)).place;
}

/* All is claimed, and then a free frame fails. */
static void machine_that_fails(void)
{
    machine(1, 1);
    EXPECT(domain_get(1) == d);
    all = available(0);
    EXPECT_EQ(claim(0, all), 0);
    EXPECT_EQ(offline_page(_mfn(FAILED), true), OFFLINE_PENDING);
    EXPECT_EQ(place(), PAGE_WAITING);
    EXPECT_SOUND();
}

static void has_left(void)
{
    EXPECT_EQ(place(), PAGE_OFFLINE);
    EXPECT_EQ(offline_nr(), 1);
    EXPECT_EQ(offline_nr_pending(), 0);
    EXPECT_SOUND();
}

static void take_the_rest(unsigned int order)
{
    unsigned long nr = 0;

    machine_that_fails();
    while (get(d, order))
        nr += BIT(order);
    EXPECT(nr > all - 1 - 2 * BIT(order));
    while (order > 0 && get(d, 0))
        nr++;
    EXPECT_EQ(nr, all - 1);
    EXPECT_EQ(d->nr_claimed, 0);
    has_left();
}

TEST(claim_offline, the_rest_of_a_claim_can_be_had_frame_by_frame)
{
    take_the_rest(0);
}

TEST(claim_offline, the_rest_of_a_claim_can_be_had_as_runs)
{
    take_the_rest(4);
}

TEST(claim_offline, the_rest_of_a_claim_can_be_had_as_blocks)
{
    take_the_rest(CHUNK_ORDER);
}

TEST(claim_offline, the_rest_of_a_claim_can_be_had_as_a_stream)
{
    static struct page_info *pg[DOMHEAP_BATCH];
    unsigned long nr = 0;
    unsigned int n;

    machine_that_fails();
    do {
        n = alloc_domheap_stream(d, HEAP_NO_LIMIT, 0, NULL, pg, 64);
        nr += n;
    } while (n == 64);
    EXPECT_EQ(nr, all - 1);
    EXPECT_EQ(d->nr_claimed, 0);
    has_left();
}

TEST(claim_offline, it_leaves_when_the_claim_is_given_up)
{
    machine_that_fails();
    EXPECT_EQ(claim(0, all - 10), 0);
    has_left();
    EXPECT_EQ(d->nr_claimed, all - 10);
    EXPECT_EQ(available(0), 9);
}

TEST(claim_offline, it_leaves_when_the_domain_dies)
{
    machine_that_fails();
    EXPECT_EQ(domain_destroy(d), 0);
    has_left();
    domain_put(d);
}

/* What is given to the domain leaves less to claim, and what waits is all that
 * is left: whoever asks for it is told that there is nothing. */
TEST(claim_offline, it_leaves_when_others_find_too_little)
{
    static struct page_info *pg[NR_NODE + 512];
    struct page_info *last;
    unsigned long nr = 0;

    machine(1, 1);
    last = mfn_to_page(_mfn(FAILED));
    while ((pg[nr] = alloc_heap_pages(0, HEAP_NO_LIMIT, 0, NULL)) != NULL)
        nr++;
    free_heap_pages(last, 0, TLB_NO_DEBT);
    heap_drain();
    d->max_pages = 1;
    EXPECT_EQ(claim(0, 1), 0);
    EXPECT_EQ(offline_page(_mfn(FAILED), true), OFFLINE_PENDING);
    EXPECT_EQ(donate_page(d, pg[0] == last ? pg[1] : pg[0], false), 0);
    EXPECT_EQ(available(0), 1);
    EXPECT_EQ(place(), PAGE_WAITING);
    EXPECT_SOUND();
    /* Below a limit: not by way of what the CPU has at hand. */
    EXPECT(alloc_domheap_pages(other, 0, (FAILED + 50) * PAGE_SIZE, 0) == NULL);
    has_left();
}
