/* SPDX-License-Identifier: MIT */
/* A frame changes its owner: stolen, given back, donated, shared. */
#include <hosted.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/page_type.h>

#include "two_domains.h"

TEST(steal, what_is_stolen_is_nobodys)
{
    struct page_info *pg;

    two_domains();
    pg = pv_page(d);
    EXPECT_EQ(steal_page(other, pg, false, NULL), -EINVAL);
    EXPECT_EQ(steal_page(d, pg, false, NULL), 0);
    EXPECT(is_nobodys(pg) && !is_free(pg));
    EXPECT(!get_page_any(pg) && !get_page(pg, d));
    EXPECT_EQ(d->nr_pages, 0);
    EXPECT_EQ(d->references, 1);
    EXPECT(page_list_first(&d->pages) == NULL);
    EXPECT_EQ(steal_page(d, pg, false, NULL), -EINVAL);

    free_domheap_page(pg);
    EXPECT_EQ(m2p_get(page_to_mfn(pg)), M2P_INVALID);
    EXPECT_EQ(steal_page(d, pg, false, NULL), -EINVAL);
    EXPECT(pv_all_free());
}

/* XSA-287: neither owned without a count, nor with a count without an owner;
 * and nobody who has a reference loses it. */
TEST(steal, what_others_refer_to_cannot_be_stolen)
{
    struct page_info *pg;

    two_domains();
    pg = pv_page(d);
    EXPECT(get_page(pg, d));
    EXPECT_EQ(steal_page(d, pg, true, NULL), -EBUSY);
    EXPECT_EQ(pg->count_info, PGC_allocated | 2);
    EXPECT(domain_of_page(pg) == d && is_listed(&d->pages, pg));

    EXPECT(put_page_allocated(pg));
    EXPECT_EQ(steal_page(d, pg, true, NULL), -EBUSY); /* ours alone is left */
    EXPECT_EQ(pg->count_info, 1);
    EXPECT_EQ(d->nr_pages, 1);
    put_page(pg);
    EXPECT(pv_all_free());
}

/* XSA-507. */
TEST(steal, what_is_not_the_domains_to_give_cannot_be_stolen)
{
    struct page_info *extra, *shared;

    two_domains();
    extra = alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, ASSIGN_EXTRA);
    shared = nobodys_page(0);
    REQUIRE(extra != NULL);
    EXPECT_EQ(share_page(d, shared, false), 0);
    EXPECT_EQ(steal_page(d, extra, false, NULL), -EINVAL);
    EXPECT_EQ(steal_page(d, shared, false, NULL), -EINVAL);
    EXPECT_EQ(extra->count_info, PGC_allocated | PGC_extra | 1);
    EXPECT_EQ(shared->count_info, PGC_allocated | PGC_extra | 2);
    EXPECT_EQ(d->nr_extra_pages, 2);
}

/* XSA-217: stolen is stolen for all CPUs, those of others too. */
TEST(steal, all_who_may_remember_it_have_flushed_when_it_is_stolen)
{
    struct page_info *pg;

    two_domains();
    pg = pv_page(d);
    pv_run(1, &d->vcpu[0]);
    EXPECT_EQ(steal_page(d, pg, true, NULL), 0);
    EXPECT_EQ(hosted_nr_interrupts(), 1);
    unsteal_page(d, pg);

    pg->count_info |= PGC_foreign;
    EXPECT_EQ(steal_page(d, pg, true, NULL), 0);
    EXPECT_EQ(hosted_nr_interrupts(), 4); /* CPUs 1, 2 and 3 */
    EXPECT(is_nobodys(pg));
}

/* XSA-214. */
TEST(steal, its_type_is_forgotten_with_its_owner)
{
    struct page_info *pg;

    two_domains();
    pg = pv_page(d);
    pg->inuse_overlay.type_info = PGT_seg_desc_page | PGT_validated;
    EXPECT_EQ(steal_page(d, pg, false, NULL), 0);
    EXPECT_EQ(pg->inuse_overlay.type_info, 0);
    EXPECT_EQ(donate_page(other, pg, false), 0);
    EXPECT(get_page_writable(pg));
}

TEST(steal, with_its_charge_kept_it_can_always_be_given_back)
{
    struct page_info *pg, *in_exchange;

    two_domains();
    pg = pv_page(d);
    in_exchange = nobodys_page(0);
    d->max_pages = 0;
    EXPECT_EQ(steal_page(d, pg, true, NULL), 0);
    EXPECT_EQ(d->nr_pages, 1);
    EXPECT_EQ(d->references, 2);
    unsteal_page(d, pg);
    EXPECT_EQ(pg->count_info, PGC_allocated | 1);
    EXPECT(domain_of_page(pg) == d && is_listed(&d->pages, pg));

    EXPECT_EQ(steal_page(d, pg, true, NULL), 0);
    free_domheap_page(pg);
    EXPECT_EQ(donate_page(d, in_exchange, true), 0);
    EXPECT_EQ(d->nr_pages, 1);
    release(in_exchange);
    EXPECT_EQ(d->nr_pages, 0);
    EXPECT_EQ(d->references, 1);
}

TEST(steal, a_charge_that_is_dropped_is_gone)
{
    struct page_info *pg;

    two_domains();
    pg = pv_page(d);
    EXPECT_EQ(steal_page(d, pg, true, NULL), 0);
    drop_charge(d);
    EXPECT_EQ(d->nr_pages, 0);
    EXPECT_EQ(d->references, 1);
    EXPECT_BUG(drop_charge(d));
}

/* XSA-284: what is given has the owner's own reference. */
TEST(steal, what_is_donated_is_owned_whatever_the_quota)
{
    struct page_info *pg;

    two_domains();
    pg = nobodys_page(0);
    d->max_pages = 0;
    EXPECT_EQ(donate_page(d, pg, false), 0);
    EXPECT_EQ(pg->count_info, PGC_allocated | 1);
    EXPECT(domain_of_page(pg) == d && is_listed(&d->pages, pg));
    EXPECT_EQ(d->nr_pages, 1);
    EXPECT_BUG(EXPECT_EQ(donate_page(other, pg, false), 0));
}

TEST(steal, a_shared_frame_stays_the_hypervisors)
{
    struct page_info *pg, *read_only;

    two_domains();
    pg = nobodys_page(1);
    read_only = pg + 1;
    d->max_pages = 0;
    EXPECT_EQ(share_page(d, pg, false), 0);
    EXPECT_EQ(share_page(d, read_only, true), 0);
    EXPECT_EQ(d->nr_pages, 0);
    EXPECT_EQ(d->nr_extra_pages, 2);
    EXPECT(is_listed(&d->extra_pages, pg));
    EXPECT_EQ(pg->count_info, PGC_allocated | PGC_extra | 2);

    EXPECT(get_page(pg, d) && get_page_writable(pg));
    EXPECT(get_page(read_only, d) && !get_page_writable(read_only));
    EXPECT_EQ(unshare_page(pg), -EBUSY);
    EXPECT_EQ(unshare_page(read_only), -EBUSY);
    put_page_writable(pg);
    put_page(pg);
    put_page(read_only);

    pv_run(1, &d->vcpu[0]);
    EXPECT_EQ(unshare_page(pg), 0);
    EXPECT_EQ(hosted_nr_interrupts(), 1);
    EXPECT(put_page_allocated(read_only)); /* its owner dies */
    EXPECT_EQ(unshare_page(read_only), 0);
    EXPECT_EQ(d->nr_extra_pages, 0);
    EXPECT_EQ(d->references, 1);
    free_heap_pages(pg, 1, TLB_NO_DEBT);
    EXPECT(pv_all_free());
}

/* A table's type is refused too: somebody uses it as what it is. */
TEST(steal, a_shared_frame_becomes_no_page_table)
{
    struct page_info *pg;
    unsigned long before;

    two_domains();
    pg = nobodys_page(1);
    EXPECT_EQ(share_page(d, pg, false), 0);
    EXPECT_EQ(share_page(d, pg + 1, true), 0);
    for (unsigned int level = 1; level <= 4; level++) {
        EXPECT_EQ(page_type_take(pg, type_of_level(level), &before), -EINVAL);
        EXPECT_EQ(page_type_take(pg + 1, type_of_level(level), &before),
                  -EINVAL);
    }
}
