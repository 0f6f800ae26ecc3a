/* SPDX-License-Identifier: MIT */
/* Claimed memory is scrubbed ahead, and yet there for who has claimed it. */
#include <xen/heap_statistics.h>

#include "beside_scrubber.h"
#include "claiming_domains.h"

static unsigned long nr_dirty(void)
{
    struct heap_statistics s;

    heap_statistics(&s);

    return s.nr_dirty;
}

/* Single frames that come back dirty, so that chunks are taken apart. */
static void use_some(unsigned int nr)
{
    static struct page_info *pg[1024];

    for (unsigned int i = 0; i < nr; i++)
        pg[i] = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    free_heap_frames(pg, nr, TLB_NO_DEBT);
    EXPECT(alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL) != NULL);
    heap_drain();
}

static void scrub_all_but(unsigned long nr_available)
{
    unsigned long all;

    machine(1, 1);
    use_some(700);
    all = available(0);
    EXPECT_EQ(claim(0, all - nr_available), 0);
    EXPECT(nr_dirty() > 0);
    while (scrub_step())
        EXPECT_SOUND();
    EXPECT_EQ(nr_dirty(), 0);
    EXPECT_EQ(available(0), nr_available);
    EXPECT_EQ(take_all(d), all);
    EXPECT_EQ(d->nr_claimed, 0);
    EXPECT_SOUND();
}

TEST(claim_scrub, what_is_claimed_is_scrubbed_when_nothing_else_is_left)
{
    scrub_all_but(0);
}

TEST(claim_scrub, nothing_is_passed_over_when_little_else_is_left)
{
    scrub_all_but(3);
}

/* Some of which is with the scrubber. */
static void redeem_all(void)
{
    unsigned long nr = d->nr_claimed;

    EXPECT_EQ(take_all(d), nr);
}

TEST(claim_scrub, who_redeems_waits_for_the_step)
{
    cpumask_t all = { { 7 } };
    struct page_info *pg;

    machine(1, 1);
    smp_set_nr_cpus(3);
    cpumask_copy(&d->dirty_cpus, &all);
    while ((pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL)) &&
           heap_nr_free() > 40)
        ;
    for (unsigned int i = 0; i < 100 && test_nr_failures() == 0; i++) {
        EXPECT_EQ(claim(0, heap_nr_free()), 0);
        beside_scrubber(redeem_all);
        while ((pg = page_list_first(&d->pages)) != NULL)
            put(pg);
        heap_drain();
        EXPECT_SOUND();
    }
}
