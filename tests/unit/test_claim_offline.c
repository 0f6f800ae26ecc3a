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
    EXPECT(nr > all - 2 * CHUNK_FRAMES);
    while (get(d, 0))
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
    while ((n = alloc_domheap_stream(d, HEAP_NO_LIMIT, 0, NULL, pg, 64)) > 0)
        nr += n;
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

/* Who has not claimed anything is told that there is nothing: the one frame
 * more that was given back is missing from the claim. */
TEST(claim_offline, it_leaves_when_others_find_too_little)
{
    struct page_info *pg;

    machine(1, 1);
    all = available(0);
    pg = get(other, 0);
    EXPECT_EQ(claim(0, all - 1), 0);
    EXPECT_EQ(offline_page(_mfn(FAILED), true), OFFLINE_PENDING);
    put(pg);
    heap_drain();
    EXPECT_EQ(available(0), 1);
    EXPECT_SOUND();
    EXPECT_EQ(take_all(d), all - 1);
    EXPECT_SOUND();
    EXPECT(get(other, 0) == NULL);
    has_left();
}
