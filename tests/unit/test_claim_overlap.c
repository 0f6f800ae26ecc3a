/* SPDX-License-Identifier: MIT */
/* Claims while several CPUs allocate for one domain, or others come between. */
#include <simulation.h>
#include <xen/heap_watch.h>

#include "claiming_domains.h"

/* As domheap does when it has got @pg. */
static void give(struct page_info *pg, unsigned int order)
{
    spin_lock(&d->page_alloc_lock);
    claim_end(d, BIT(order));
    spin_unlock(&d->page_alloc_lock);
    EXPECT_EQ(assign_pages(d, pg, order, 0), 0);
}

TEST(claim_overlap, each_of_two_allocations_redeems_its_own)
{
    struct page_info *first, *second;
    unsigned long nr;

    machine(1, 1);
    d->max_pages = 100;
    EXPECT_EQ(claim(0, 100), 0);
    EXPECT_EQ(claim_begin(d, 4, 4), 4);
    EXPECT_EQ(claim_begin(d, 8, 8), 8);
    first = claim_take(d, 2, HEAP_NO_LIMIT, 0, false, &nr);
    REQUIRE(first && nr == 4);
    give(first, 2);
    EXPECT_EQ(d->nr_claimed, 96);
    second = claim_take(d, 3, HEAP_NO_LIMIT, 0, false, &nr);
    REQUIRE(second && nr == 8);
    give(second, 3);
    EXPECT_EQ(d->nr_claimed, 88);
    EXPECT_SOUND();
}

static unsigned int nr_running;

static unsigned int any(unsigned int nr)
{
    return (unsigned int)(test_random() % nr);
}

static void build(void)
{
    static struct page_info *page[3][16];
    unsigned int who = __atomic_fetch_add(&nr_running, 1, __ATOMIC_RELAXED);

    for (unsigned int i = 0; i < 5; i++) {
        EXPECT_EQ(
            alloc_domheap_stream(d, HEAP_NO_LIMIT, 0, NULL, page[who], 16), 16);
        simulation_point();
        EXPECT(get(d, 0) != NULL);
        simulation_point();
    }
    heap_leave();
}

TEST(claim_overlap, three_cpus_that_build_a_domain_lose_nothing_of_its_claim)
{
    machine(1, 1);
    d->max_pages = 300;
    EXPECT_EQ(claim(0, 300), 0);
    simulation_run(3, build, any);
    EXPECT_EQ(d->nr_pages, 3 * 5 * 17);
    EXPECT_EQ(d->nr_claimed, 300 - 3 * 5 * 17);
    EXPECT_SOUND();
}

/* What another CPU does when the claim has been redeemed, and the rest of the
 * block reserved. No lock is held there, so it may take some. */
static void (*come_between)(void);

static void changed(struct heap_watch *watch)
{
    void (*now)(void) = come_between;

    (void)watch;
    come_between = NULL;
    if (now)
        now();
}

static void give_up(void)
{
    EXPECT_EQ(claim_pages(d, NULL, 0), 0);
}

static void claim_anew(void)
{
    EXPECT_EQ(claim(0, 30), 0);
}

static void get_otherwise(void)
{
    struct page_info *pg = alloc_heap_pages(3, HEAP_NO_LIMIT, 0, NULL);

    REQUIRE(pg != NULL);
    for (unsigned int i = 0; i < BIT(3); i++)
        EXPECT_EQ(donate_page(d, pg + i, false), 0);
}

static unsigned long free_in_all(void)
{
    return available(0) + available(1);
}

/* An allocation that fails, as there is no such block, though memory enough. */
static void fail_amid(void (*what)(void))
{
    const struct claim both[] = { { 0, 100 }, { 1, 500 } };
    static struct heap_watch watch = { .changed = changed };
    struct page_info *pg[(2 * NR_NODE + 512) >> 6];
    unsigned long nr = 0, free;

    machine(2, 1);
    while ((pg[nr] = alloc_heap_pages(6, HEAP_NO_LIMIT, 0, NULL)) != NULL)
        nr++;
    while (alloc_heap_pages(0, HEAP_NO_LIMIT, 0, NULL))
        ;
    for (unsigned long i = 0; i < nr; i += 2)
        free_heap_pages(pg[i], 6, TLB_NO_DEBT);
    heap_drain();
    d->max_pages = 600;
    free = free_in_all();
    EXPECT_EQ(claim_pages(d, both, 2), 0);
    come_between = what;
    watch.low = free_in_all() - 100;
    watch.high = free + 1;
    heap_watch(&watch);
    EXPECT(get(d, CHUNK_ORDER) == NULL);
    EXPECT(come_between == NULL);
    heap_drain();
    EXPECT_EQ(free_in_all() + d->nr_claimed + d->nr_pages, free);
    EXPECT_SOUND();
}

TEST(claim_overlap, one_that_is_given_up_does_not_come_back)
{
    fail_amid(give_up);
    EXPECT_EQ(d->nr_claimed, 0);
}

TEST(claim_overlap, one_in_whose_place_another_is_does_not_come_back)
{
    fail_amid(claim_anew);
    EXPECT_EQ(d->nr_claimed, 30);
}

TEST(claim_overlap, what_comes_back_fits_into_the_quota)
{
    fail_amid(get_otherwise);
    EXPECT_EQ(d->nr_pages, 8);
    EXPECT_EQ(d->nr_claimed, 592);
}

/* Of node 0 there is enough, of node 1 too little: then CPU 1 gives back what
 * it had at hand, before anybody looks whether it has any. */
static void leave_when_given_back(struct heap_watch *watch)
{
    if (!heap_watch_is_low(watch))
        AS_CPU(1, heap_leave());
}

TEST(claim_overlap, what_comes_back_while_a_claim_fails_is_claimed)
{
    static struct heap_watch watch = { .changed = leave_when_given_back };
    struct claim all[] = { { 0, 0 }, { 1, 0 } };

    machine(2, 2);
    srat_add_cpu(fake_srat(), 1, 1);
    numa_set_cpu(1, 1);
    AS_CPU(1, put(get(other, 0)));
    REQUIRE(available(1) < NR_NODE);
    all[0].nr = available(0);
    all[1].nr = NR_NODE;
    watch.low = available(1) + 10;
    watch.high = available(0) + available(1);
    heap_watch(&watch);
    EXPECT_EQ(claim_pages(d, all, 2), 0);
    EXPECT_EQ(d->claimed[1], NR_NODE);
    EXPECT_SOUND();
}
