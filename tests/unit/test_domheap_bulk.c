/* SPDX-License-Identifier: MIT */
/* Many frames for a domain at once, and back, are what one by one would be. */
#include <string.h>

#include <hosted.h>
#include <xen/audit.h>
#include <xen/errno.h>
#include <xen/relinquish.h>

#include <asm/contents.h>

#include "two_domains.h"

#define MANY 100U

static struct page_info *pg[DOMHEAP_BATCH];

static unsigned int get(struct domain *who, unsigned int nr, unsigned int flags)
{
    return alloc_domheap_stream(who, HEAP_NO_LIMIT, flags, NULL, pg, nr);
}

static bool is_list_of(const struct page_list *list, unsigned int nr)
{
    const struct page_info *each = page_list_first(list);

    for (unsigned int i = 0; i < nr; i++, each = page_list_next(each))
        if (each != pg[i])
            return false;

    return !each;
}

TEST(domheap_bulk, each_has_the_owners_own_reference_and_a_name)
{
    uint64_t gfn[MANY];

    two_domains();
    for (unsigned int i = 0; i < MANY; i++)
        gfn[i] = 1000 - i;
    EXPECT_EQ(alloc_domheap_stream(d, HEAP_NO_LIMIT, 0, gfn, pg, MANY), MANY);
    for (unsigned int i = 0; i < MANY; i++) {
        EXPECT_EQ(pg[i]->count_info, PGC_allocated | 1);
        EXPECT(domain_of_page(pg[i]) == d);
        EXPECT_EQ(m2p_get(page_to_mfn(pg[i])), 1000 - i);
    }
    EXPECT(is_list_of(&d->pages, MANY));
    EXPECT_EQ(d->nr_pages, MANY);
    EXPECT_EQ(audit(), 0);
    EXPECT_EQ(release_pages(d, pg, MANY), MANY);
    for (unsigned int i = 0; i < MANY; i++)
        EXPECT(m2p_get(page_to_mfn(pg[i])) == M2P_INVALID && is_free(pg[i]));
    EXPECT(page_list_first(&d->pages) == NULL);
    EXPECT(pv_all_free());
    EXPECT_EQ(audit(), 0);
    EXPECT_EQ(heap_check(), 0);
}

TEST(domheap_bulk, they_contain_zeroes)
{
    two_domains();
    for (unsigned int round = 0; round < 2; round++) {
        EXPECT_EQ(get(d, MANY, 0), MANY);
        for (unsigned int i = 0; i < MANY; i++) {
            char *at = frame_contents(page_to_mfn(pg[i]));

            EXPECT(at[0] == 0 && memcmp(at, at + 1, PAGE_SIZE - 1) == 0);
            memset(at, 0x77, PAGE_SIZE);
        }
        EXPECT_EQ(release_pages(d, pg, MANY), MANY);
    }
}

TEST(domheap_bulk, the_quota_is_reached_and_not_exceeded)
{
    two_domains();
    d->max_pages = 10;
    EXPECT_EQ(get(d, 7, 0), 7);
    EXPECT_EQ(get(d, MANY, ASSIGN_EXTRA), MANY);
    EXPECT_EQ(get(d, MANY, 0), 3);
    EXPECT_EQ(get(d, 1, 0), 0);
    EXPECT_EQ(d->nr_pages, 10);
    EXPECT_EQ(d->nr_extra_pages, MANY);
    EXPECT_EQ(audit(), 0);
    d->max_pages = 5;
    EXPECT_EQ(get(d, 1, 0), 0);
    EXPECT_EQ(domain_destroy(other), 0);
}

TEST(domheap_bulk, all_there_is_and_no_more)
{
    unsigned int nr = 0, n;

    two_domains();
    while ((n = get(d, DOMHEAP_BATCH, 0)) > 0)
        nr += n;
    EXPECT_EQ(nr, d->nr_pages);
    EXPECT_EQ(heap_nr_free(), 0);
    EXPECT_EQ(audit(), 0);
    EXPECT_BUG(EXPECT_EQ(get(d, DOMHEAP_BATCH + 1, 0), 0));
}

TEST(domheap_bulk, one_that_dies_gets_none)
{
    two_domains();
    EXPECT(domain_get(1) == d);
    EXPECT_EQ(get(d, 3, 0), 3);
    EXPECT(d->stream.current != 0);
    /* Somebody is in the middle of it: the end waits for him. */
    d->stream_busy = true;
    EXPECT_EQ(domain_destroy(d), -ERESTART);
    EXPECT_EQ(get(d, 3, 0), 0);
    d->stream_busy = false;
    while (domain_destroy(d) == -ERESTART)
        ;
    EXPECT_EQ(d->stream.current, 0);
    EXPECT_EQ(get(d, 3, 0), 0);
    EXPECT_EQ(d->nr_pages, 0);
    domain_put(d);
    EXPECT_EQ(heap_check(), 0);
}

/* Without the stream frames lie anywhere, but are the same otherwise. */
TEST(domheap_bulk, two_cpus_at_once_both_get_some)
{
    two_domains();
    d->stream_busy = true;
    EXPECT_EQ(get(d, MANY, 0), MANY);
    EXPECT(d->stream_busy && d->stream.current == 0);
    d->stream_busy = false;
    EXPECT_EQ(audit(), 0);
}

/* Up to the first that is used otherwise; the others stay as they are. */
static void expect_stop_at(unsigned int at)
{
    unsigned long nr = d->nr_pages;

    EXPECT_EQ(release_pages(d, pg, 20), at);
    EXPECT_EQ(d->nr_pages, nr - at);
    for (unsigned int i = 0; i < 20; i++)
        EXPECT_EQ(is_free(pg[i]), i < at);
    EXPECT_EQ(get(d, at, 0), at);
}

TEST(domheap_bulk, what_others_refer_to_is_not_released)
{
    two_domains();
    EXPECT_EQ(get(d, 20, 0), 20);
    EXPECT(get_page(pg[11], d));
    expect_stop_at(11);
    put_page(pg[11]);
    pg[5]->count_info |= PGC_foreign; /* it owes more than others */
    expect_stop_at(5);
    pg[5]->count_info &= ~PGC_foreign;
    EXPECT_EQ(release_pages(other, pg, 20), 0);
    EXPECT_EQ(get(d, 1, ASSIGN_EXTRA), 1);
    EXPECT_EQ(release_pages(d, pg, 1), 0);
    EXPECT_EQ(audit(), 0);
}

TEST(domheap_bulk, one_that_is_named_twice_is_released_once)
{
    two_domains();
    EXPECT_EQ(get(d, 4, 0), 4);
    pg[2] = pg[1];
    EXPECT_EQ(release_pages(d, pg, 4), 2);
    EXPECT_EQ(d->nr_pages, 2);
    EXPECT_EQ(audit(), 0);
    EXPECT_EQ(heap_check(), 0);
}

/* Any order, any neighbours: the list is that of the others. */
TEST(domheap_bulk, the_others_stay_on_the_list)
{
    unsigned int random = 1;

    two_domains();
    for (unsigned int round = 0; round < 50; round++) {
        unsigned int nr = 0, at;
        struct page_info *half[30];

        EXPECT_EQ(get(d, 60, 0), 60);
        for (unsigned int i = 0; i < 60; i++) {
            random = random * 1664525 + 1013904223;
            if (random >> 30 && nr < 30)
                half[nr++] = pg[i];
        }
        for (at = 0; round & 1 && at < nr; at++) {
            struct page_info *swap = half[at];

            random = random * 1664525 + 1013904223;
            half[at] = half[(random >> 16) % nr];
            half[(random >> 16) % nr] = swap;
        }
        EXPECT_EQ(release_pages(d, half, nr), nr);
        EXPECT_EQ(audit_heap(), 0);
        while (page_list_first(&d->pages))
            release(page_list_first(&d->pages));
    }
    EXPECT(pv_all_free());
}

/* They owe what its CPUs may have cached. */
TEST(domheap_bulk, what_is_released_owes_a_flush)
{
    two_domains();
    EXPECT_EQ(get(d, 4, 0), 4);
    cpumask_set(&d->dirty_cpus, 2);
    EXPECT_EQ(release_pages(d, pg, 4), 4);
    for (unsigned int i = 0; i < 4; i++)
        EXPECT_EQ(as_free(pg[i])->tlb_taint, BIT(2));
    heap_drain();
    EXPECT_EQ(heap_check(), 0);
}
