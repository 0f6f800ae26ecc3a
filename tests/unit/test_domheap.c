/* SPDX-License-Identifier: MIT */
/* Frames get an owner, lose it and change it, and everything is counted. */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/offline.h>

#include <asm/contents.h>

#include "two_domains.h"

TEST(domheap, an_assigned_frame_has_the_owners_own_reference)
{
    struct page_info *pg;

    two_domains();
    pg = nobodys_page(3);
    EXPECT_EQ(assign_pages(d, pg, 3, 0), 0);
    for (unsigned int i = 0; i < 8; i++) {
        EXPECT_EQ(pg[i].count_info, PGC_allocated | 1);
        EXPECT_EQ(pg[i].inuse_overlay.type_info, 0);
        EXPECT(domain_of_page(pg + i) == d);
        EXPECT(is_listed(&d->pages, pg + i));
    }
    EXPECT_EQ(d->nr_pages, 8);
    EXPECT_EQ(d->nr_extra_pages, 0);
    EXPECT_BUG(EXPECT_EQ(assign_pages(d, pg, 0, 0), 0));
    EXPECT_BUG(EXPECT_EQ(assign_pages(other, pg + 7, 0, 0), 0));
}

TEST(domheap, the_last_reference_gives_it_back)
{
    struct page_info *pg;

    two_domains();
    pg = pv_page(d);
    m2p_set(page_to_mfn(pg), 17);
    EXPECT(get_page(pg, d));
    EXPECT(put_page_allocated(pg));
    EXPECT(!is_free(pg) && domain_of_page(pg) == d);
    EXPECT_EQ(d->nr_pages, 1);
    put_page(pg);
    EXPECT(is_free(pg));
    EXPECT_EQ(d->nr_pages, 0);
    EXPECT(page_list_first(&d->pages) == NULL);
    EXPECT_EQ(m2p_get(page_to_mfn(pg)), M2P_INVALID);
    EXPECT(pv_all_free());
    EXPECT_EQ(heap_check(), 0);
}

/* Does it have @nr frames, and know the last of them? */
static bool is_whole(const struct page_list *list, unsigned int nr)
{
    const struct page_info *each = page_list_first(list), *last = NULL;

    for (; each && nr > 0; each = page_list_next(each), nr--)
        last = each;

    return !each && nr == 0 && page_of_link(list->last) == last;
}

/* First, middle and last of each list, whichever a frame is on. */
TEST(domheap, it_leaves_the_list_that_it_is_on)
{
    struct page_info *pg[9];

    two_domains();
    for (unsigned int first = 0; first < 3; first++) {
        unsigned int nr[3] = { 3, 3, 3 };

        for (unsigned int i = 0; i < 9; i++)
            pg[i] = alloc_domheap_pages(d, 0, HEAP_NO_LIMIT,
                                        i < 3 ? ASSIGN_EXTRA : 0);
        for (unsigned int i = 3; i < 6; i++) {
            page_list_del(&d->pages, pg[i]);
            page_list_add(&d->relinquished, pg[i]);
        }
        for (unsigned int i = 0; i < 9; i++) {
            release(pg[(first + i * 4) % 9]);
            nr[(first + i * 4) % 9 / 3]--;
            EXPECT(is_whole(&d->extra_pages, nr[0]));
            EXPECT(is_whole(&d->relinquished, nr[1]));
            EXPECT(is_whole(&d->pages, nr[2]));
        }
        EXPECT_EQ(d->nr_pages | d->nr_extra_pages, 0);
        EXPECT(pv_all_free());
    }
}

/* XSA-100. */
TEST(domheap, what_a_frame_contained_is_not_handed_out)
{
    struct page_info *pg = NULL, *each;

    two_domains();
    while ((each = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL)) !=
           NULL) {
        memset(frame_contents(page_to_mfn(each)), 0xa5, PAGE_SIZE);
        if (IS_ALIGNED(mfn_x(page_to_mfn(each)), 4))
            pg = each;
    }
    free_heap_pages(pg, 2, TLB_NO_DEBT);
    EXPECT(alloc_domheap_pages(d, 2, HEAP_NO_LIMIT, 0) == pg);
    for (unsigned int i = 0; i < 4; i++)
        for (unsigned int word = 0; word < PAGE_SIZE / 8; word++)
            EXPECT_EQ(pv_read(pg + i, word), 0);
}

/* XSA-31: at once, and without a shift too far. */
TEST(domheap, blocks_that_there_cannot_be_are_refused)
{
    static const unsigned int order[] = { 10, 20, 21, 40, 63, 64, ~0U };

    two_domains();
    for (unsigned int i = 0; i < ARRAY_SIZE(order); i++)
        EXPECT(alloc_domheap_pages(d, order[i], HEAP_NO_LIMIT, 0) == NULL);
    EXPECT(alloc_domheap_pages(d, 0, PV_FIRST_FRAME << PAGE_SHIFT, 0) == NULL);
    EXPECT_EQ(d->nr_pages, 0);
    EXPECT(pv_all_free());
}

TEST(domheap, no_more_than_the_quota_is_assigned)
{
    two_domains();
    d->max_pages = 11;
    EXPECT(alloc_domheap_pages(d, 3, HEAP_NO_LIMIT, 0) != NULL);
    EXPECT(alloc_domheap_pages(d, 2, HEAP_NO_LIMIT, 0) == NULL);
    EXPECT_EQ(d->nr_pages, 8);
    EXPECT(alloc_domheap_pages(d, 1, HEAP_NO_LIMIT, 0) != NULL);
    EXPECT(alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, 0) != NULL);
    EXPECT(alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, 0) == NULL);
    EXPECT(alloc_domheap_pages(d, 1, HEAP_NO_LIMIT, ASSIGN_EXTRA) != NULL);
    EXPECT_EQ(d->nr_pages, 11);
    EXPECT_EQ(d->nr_extra_pages, 2);

    d->max_pages = 4; /* it keeps what it has */
    EXPECT(alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, 0) == NULL);
    EXPECT_EQ(heap_check(), 0);
}

/* XSA-385: sums that do not fit into 32 bits, or 64. */
TEST(domheap, no_quota_is_so_large_that_it_wraps)
{
    static const unsigned long max[] = { (1UL << 32) - 1, 1UL << 32,
                                         (1UL << 32) + 1, ~0UL - 1, ~0UL };
    struct page_info *pg;

    two_domains();
    pg = nobodys_page(2);
    d->references++; /* of the frames that it is said to own */
    for (unsigned int i = 0; i < ARRAY_SIZE(max); i++) {
        d->max_pages = max[i];
        d->nr_pages = max[i] - 3;
        EXPECT_EQ(assign_pages(d, pg, 2, 0), -E2BIG);
        EXPECT_EQ(assign_pages(d, pg, 1, 0), 0);
        EXPECT_EQ(assign_pages(d, pg + 2, 1, 0), -E2BIG);
        EXPECT_EQ(assign_pages(d, pg + 2, 0, 0), 0);
        EXPECT_EQ(assign_pages(d, pg + 3, 0, 0), -E2BIG);
        EXPECT_EQ(d->nr_pages, max[i]);
        d->max_pages = 5;
        EXPECT_EQ(assign_pages(d, pg + 3, 0, 0), -E2BIG);
        for (unsigned int n = 0; n < 3; n++)
            EXPECT_EQ(steal_page(d, pg + n, false, NULL), 0);
    }
}

/* XSA-159: whoever gives frames must be able to hear no. */
TEST(domheap, one_that_dies_gets_nothing)
{
    struct page_info *pg;

    two_domains();
    pg = pv_page(d);
    EXPECT_EQ(steal_page(d, pg, true, NULL), 0);
    d->state = DOMAIN_DYING;
    EXPECT(alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, 0) == NULL);
    EXPECT_EQ(assign_pages(d, pg, 0, ASSIGN_EXTRA), -EINVAL);
    EXPECT_EQ(donate_page(d, pg, false), -EINVAL);
    EXPECT_EQ(donate_page(d, pg, true), -EINVAL);
    EXPECT_EQ(share_page(d, pg, false), -EINVAL);
    EXPECT(is_nobodys(pg));
    EXPECT_EQ(d->nr_pages, 1);

    unsteal_page(d, pg);
    EXPECT(is_free(pg));
    EXPECT_EQ(d->nr_pages, 0);
    EXPECT_EQ(d->references, 1);
    EXPECT(pv_all_free());
}

static unsigned long debts_paid(void)
{
    struct tlb_counters counters;

    tlb_counters(&counters);

    return counters.debts;
}

/* By those who ran its owner since: CPU 2 has left, and has flushed. */
TEST(domheap, who_may_remember_a_frame_flushes_before_its_next_use)
{
    struct page_info *pg;

    two_domains();
    pg = pv_page(d);
    pv_run(1, &d->vcpu[0]);
    pv_run(2, &d->vcpu[1]);
    pv_run(2, NULL);
    release(pg);
    EXPECT_EQ(as_free(pg)->tlb_taint, BIT(1));

    EXPECT_EQ(debts_paid(), 0);
    while (alloc_domheap_pages(other, 0, HEAP_NO_LIMIT, 0))
        ;
    EXPECT(domain_of_page(pg) == other);
    EXPECT_EQ(debts_paid(), 1);
    EXPECT_EQ(hosted_nr_interrupts(), 1);
}

TEST(domheap, if_others_have_mapped_it_anybody_may_remember_it)
{
    struct page_info *pg;

    two_domains();
    pg = pv_page(d);
    pg->count_info |= PGC_foreign;
    release(pg);
    EXPECT_EQ(as_free(pg)->tlb_taint, ~0UL);
}

TEST(domheap, memory_that_is_to_go_is_kept_from_everybody)
{
    struct page_info *pg[3];

    two_domains();
    for (unsigned int i = 0; i < 3; i++)
        pg[i] = pv_page(d);
    EXPECT_EQ(offline_page(page_to_mfn(pg[0]), true), OFFLINE_PENDING);
    EXPECT_EQ(offline_page(page_to_mfn(pg[1]), false), OFFLINE_PENDING);
    EXPECT_EQ(steal_page(d, pg[1], true, NULL), 0);
    EXPECT_EQ(pg[1]->count_info, PGC_state_offlining);
    unsteal_page(d, pg[1]);
    EXPECT_EQ(pg[1]->count_info, PGC_allocated | PGC_state_offlining | 1);
    for (unsigned int i = 0; i < 3; i++)
        release(pg[i]);
    EXPECT_EQ(pg[0]->count_info, PGC_broken | PGC_state_offlined);
    EXPECT_EQ(pg[1]->count_info, PGC_state_offlined);
    EXPECT(is_free(pg[2]) && !is_free(pg[0]) && !is_free(pg[1]));
    EXPECT_EQ(d->nr_pages, 0);
    EXPECT_EQ(heap_check(), 0);
}

/* Nor one that has left the machine. */
TEST(domheap, a_free_frame_that_is_given_to_a_domain_is_a_bug)
{
    struct page_info *pg;

    two_domains();
    pg = nobodys_page(0);
    free_heap_pages(pg, 0, TLB_NO_DEBT);
    heap_drain();
    EXPECT_BUG(EXPECT_EQ(assign_pages(d, pg, 0, 0), 0));
    EXPECT_EQ(offline_page(page_to_mfn(pg), false), OFFLINE_DONE);
    EXPECT_BUG(EXPECT_EQ(assign_pages(d, pg, 0, 0), 0));
}

TEST(domheap, a_frame_in_use_given_back_is_a_bug)
{
    struct page_info *pg;

    two_domains();
    pg = pv_page(d);
    EXPECT_BUG(free_domheap_page(pg));
    EXPECT_BUG(put_page(pg)); /* the owner has not given up its own */
    EXPECT_EQ(steal_page(d, pg, false, NULL), 0);
    pg->inuse_overlay.type_info = PGT_writable_page | PGT_validated | 1;
    EXPECT_BUG(free_domheap_page(pg));
    pg->inuse_overlay.type_info = PGT_l1_page_table | PGT_pinned;
    EXPECT_BUG(free_domheap_page(pg));
}
