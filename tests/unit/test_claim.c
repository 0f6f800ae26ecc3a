/* SPDX-License-Identifier: MIT */
/* Claims: what was promised is there, and for nobody else. */
#include "claiming_domains.h"

TEST(claim, all_there_is_can_be_claimed_and_one_more_can_not)
{
    unsigned long all;

    machine(1, 1);
    all = available(0);
    EXPECT_EQ(claim(0, all + 1), -ENOMEM);
    EXPECT_EQ(claim(CLAIM_ANY_NODE, all + 1), -ENOMEM);
    EXPECT_EQ(d->nr_claimed, 0);
    EXPECT_EQ(claim(0, all), 0);
    EXPECT_EQ(d->nr_claimed, all);
    EXPECT_EQ(available(0), 0);
    EXPECT_EQ(heap_nr_free(), all);
    EXPECT_SOUND();
    EXPECT_EQ(claim(CLAIM_ANY_NODE, all), 0);
    EXPECT_EQ(d->nr_claimed, all);
    EXPECT_SOUND();
}

TEST(claim, others_fail_as_if_it_were_used)
{
    unsigned long all;

    machine(1, 1);
    all = available(0);
    EXPECT_EQ(claim(0, all - 3), 0);
    EXPECT_EQ(take_all(other), 3);
    EXPECT(alloc_heap_pages(0, HEAP_NO_LIMIT, 0, NULL) == NULL);
    EXPECT_EQ(take_all(d), all - 3);
    EXPECT_EQ(d->nr_claimed, 0);
    EXPECT_EQ(heap_nr_free(), 0);
    EXPECT_SOUND();
}

TEST(claim, what_is_allocated_redeems_it)
{
    unsigned long all;

    machine(1, 1);
    all = available(0);
    EXPECT_EQ(claim(0, 100), 0);
    EXPECT(get(d, 3) != NULL);
    EXPECT_EQ(d->nr_claimed, 92);
    EXPECT_EQ(available(0), all - 100);
    EXPECT(get(d, 6) != NULL);
    EXPECT_EQ(d->nr_claimed, 28);
    /* More than is left of it. */
    EXPECT(get(d, 5) != NULL);
    EXPECT_EQ(d->nr_claimed, 0);
    EXPECT_EQ(available(0), all - 104);
    EXPECT_SOUND();
    /* What it gives back was not claimed. */
    EXPECT_EQ(claim(0, 10), 0);
    put(get(d, 0));
    EXPECT_EQ(d->nr_claimed, 9);
    EXPECT_SOUND();
}

/* Row 17294e69c4. */
TEST(claim, what_is_not_charged_does_not)
{
    unsigned long all;

    machine(1, 1);
    all = available(0);
    EXPECT_EQ(claim(0, all - 1), 0);
    EXPECT(alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, ASSIGN_EXTRA) != NULL);
    EXPECT(alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, ASSIGN_EXTRA) == NULL);
    EXPECT_EQ(d->nr_claimed, all - 1);
    EXPECT_SOUND();
}

TEST(claim, the_next_takes_the_place_of_the_last)
{
    unsigned long all;

    machine(1, 1);
    all = available(0);
    EXPECT_EQ(claim(0, all), 0);
    EXPECT_EQ(claim(0, all + 1), -ENOMEM);
    EXPECT_EQ(d->nr_claimed, all);
    EXPECT_EQ(claim(0, 7), 0);
    EXPECT_EQ(d->nr_claimed, 7);
    EXPECT_EQ(available(0), all - 7);
    EXPECT_EQ(claim_pages(d, NULL, 0), 0);
    EXPECT_EQ(d->nr_claimed, 0);
    EXPECT_EQ(available(0), all);
    EXPECT_SOUND();
}

TEST(claim, what_is_too_much_or_of_no_node_is_refused)
{
    const struct claim wrap[] = { { 0, ~0UL }, { 0, 2 } };

    machine(1, 1);
    EXPECT_EQ(claim(1, 1), -EINVAL);
    EXPECT_EQ(claim_pages(d, wrap, 2), -E2BIG);
    d->max_pages = 10;
    EXPECT(get(d, 1) != NULL);
    EXPECT_EQ(claim(0, 9), -E2BIG);
    EXPECT_EQ(claim(0, 8), 0);
    EXPECT(get(d, 4) == NULL);
    EXPECT_EQ(d->nr_claimed, 8);
    EXPECT_SOUND();
}

/* What is given to it otherwise leaves less to claim. */
TEST(claim, with_what_it_owns_it_is_within_the_quota)
{
    struct page_info *pg;

    machine(1, 1);
    d->max_pages = 10;
    EXPECT_EQ(claim(0, 10), 0);
    pg = alloc_heap_pages(0, HEAP_NO_LIMIT, 0, NULL);
    REQUIRE(pg != NULL);
    EXPECT_EQ(donate_page(d, pg, false), 0);
    EXPECT_EQ(d->nr_claimed, 9);
    EXPECT_SOUND();
}

/* Elsewhere there is a block, and the promise is of so many frames in all. */
TEST(claim, other_memory_reduces_it_too)
{
    machine(2, 1);
    while (alloc_heap_pages(CHUNK_ORDER, HEAP_NO_LIMIT,
                            HEAP_NODE(0) | HEAP_EXACT_NODE, NULL))
        ;
    EXPECT_EQ(claim(0, 64), 0);
    EXPECT(get(d, CHUNK_ORDER) != NULL);
    EXPECT_EQ(d->nr_claimed, 0);
    EXPECT_EQ(heap_nodes[0].nr_claimed, 0);
    EXPECT_SOUND();
}

/* Row 2379ca04fe. */
TEST(claim, one_that_dies_has_none)
{
    unsigned long all;

    machine(1, 1);
    all = available(0);
    EXPECT(domain_get(1) == d);
    EXPECT_EQ(claim(0, all), 0);
    EXPECT(get(d, 0) != NULL);
    EXPECT_EQ(domain_destroy(d), 0);
    EXPECT_EQ(heap_nodes[0].nr_claimed, 0);
    EXPECT_EQ(claim(0, 1), -EINVAL);
    EXPECT_EQ(take_all(other), all);
    domain_put(d);
    EXPECT_SOUND();
}

/* What another CPU does between the parts of an allocation. */
TEST(claim, one_that_dies_while_it_gets_some_gets_none)
{
    unsigned long all, redeemed;
    struct page_info *pg;

    machine(1, 1);
    EXPECT(domain_get(1) == d);
    all = available(0);
    EXPECT_EQ(claim(0, 8), 0);
    EXPECT_EQ(claim_begin(d, 4, 4), 4);
    pg = claim_take(d, 2, HEAP_NO_LIMIT, 0, false, &redeemed);
    REQUIRE(pg != NULL);
    EXPECT_EQ(redeemed, 4);
    /* Others cannot have it twice, while it is under way. */
    EXPECT_EQ(claim(0, 8), 0);
    d->max_pages = 12;
    EXPECT_EQ(claim(0, 9), -E2BIG);
    EXPECT_EQ(domain_destroy(d), 0);
    EXPECT_EQ(assign_pages(d, pg, 2, 0), -EINVAL);
    free_heap_pages(pg, 2, TLB_NO_DEBT);
    spin_lock(&d->page_alloc_lock);
    claim_end(d, 4);
    spin_unlock(&d->page_alloc_lock);
    EXPECT(claim_take(d, 2, HEAP_NO_LIMIT, 0, false, &redeemed) == NULL);
    domain_put(d);
    heap_drain();
    EXPECT(available(0) >= all);
    EXPECT_SOUND();
}

TEST(claim, many_frames_redeem_it_at_once)
{
    static struct page_info *pg[DOMHEAP_BATCH];
    const struct claim both[] = { { 0, 100 }, { 1, 60 } };

    machine(2, 1);
    EXPECT_EQ(claim_pages(d, both, 2), 0);
    EXPECT_EQ(alloc_domheap_stream(d, HEAP_NO_LIMIT, 0, NULL, pg, 120), 120);
    EXPECT_EQ(d->claimed[0], 0);
    EXPECT_EQ(d->claimed[1], 40);
    EXPECT_SOUND();
    EXPECT_EQ(alloc_domheap_stream(d, HEAP_NO_LIMIT, 0, NULL, pg, 50), 50);
    EXPECT_EQ(d->nr_claimed, 0);
    EXPECT_EQ(d->nr_pages, 170);
    EXPECT_SOUND();
}

/* Against counts: what is claimed, and what of the rest is in use. */
TEST(claim, random_requests_get_what_is_there_for_them)
{
    static struct page_info *held[4 * NR_NODE];
    struct domain *who[3];
    unsigned int random = 1, nr_held = 0;

    machine(2, 3);
    who[0] = d;
    who[1] = other;
    d->max_pages = 3 * NR_NODE;
    for (unsigned int i = 0; i < 20000; i++) {
        unsigned long unclaimed, nr;
        unsigned int what;

        random = random * 1664525 + 1013904223;
        what = random >> 24 & 15;
        nr = (random >> 8) % (2 * NR_NODE);
        hosted_set_cpu_id((random >> 20) % 3);
        unclaimed = heap_nr_free() - d->nr_claimed - other->nr_claimed;
        if (what < 2) {
            struct domain *claimer = who[what];
            bool fits = nr <= unclaimed + claimer->nr_claimed;

            if (what == 0 && nr > d->max_pages - d->nr_pages)
                EXPECT_EQ(claim(CLAIM_ANY_NODE, nr), -E2BIG);
            else
                EXPECT_EQ(claim_pages(claimer,
                                      &(struct claim){ CLAIM_ANY_NODE, nr }, 1),
                          fits ? 0 : -ENOMEM);
        } else if (what < 9) {
            struct domain *owner = who[what & 1];
            unsigned long mine = owner->nr_claimed;
            struct page_info *pg = get(owner, 0);

            EXPECT_EQ(pg != NULL,
                      unclaimed + mine > 0 &&
                          (owner == other ||
                           owner->nr_pages - (pg != NULL) < owner->max_pages));
            if (pg && mine)
                EXPECT_EQ(owner->nr_claimed, mine - 1);
            if (pg)
                held[nr_held++] = pg;
        } else if (nr_held > 0) {
            unsigned int at = (random >> 8) % nr_held;

            put(held[at]);
            held[at] = held[--nr_held];
        }
        hosted_set_cpu_id(0);
        if (i % 512 == 0)
            EXPECT_SOUND();
    }
    EXPECT_SOUND();
}

TEST(claim, the_checks_notice_what_does_not_add_up)
{
    machine(2, 1);
    EXPECT_EQ(claim(1, 8), 0);
    d->nr_claimed++;
    EXPECT_EQ(audit_heap(), 28);
    d->nr_claimed--;
    d->nr_promised++;
    EXPECT_EQ(audit_heap(), 28);
    d->nr_promised--;
    d->max_pages = 7;
    EXPECT_EQ(audit_heap(), 29);
    d->max_pages = 8;
    d->state = DOMAIN_DYING;
    EXPECT_EQ(audit_heap(), 29);
    d->state = DOMAIN_ALIVE;
    heap_nodes[1].nr_claimed--;
    heap_nodes[0].nr_claimed++;
    EXPECT_EQ(audit_heap(), 31);
    EXPECT_EQ(heap_check(), 5);
    heap_nodes[1].nr_claimed++;
    heap_nodes[0].nr_claimed--;
    heap_nodes[1].nr_claimed += 2 * NR_NODE;
    heap_nodes[1].nr_available -= 2 * NR_NODE;
    EXPECT_EQ(heap_check(), 20);
}
