/* SPDX-License-Identifier: MIT */
/* The end of a domain whose frames others use: those stay until they are let
 * go. */
#include <hosted.h>
#include <test.h>
#include <xen/audit.h>
#include <xen/domheap.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>
#include <xen/relinquish.h>

#include "../../arch/x86/mm/pin.h"
#include "../model/dying_domain.h"

TEST(relinquish_others, what_others_map_stays_until_they_let_it_go)
{
    struct page_info *root, *leaf, *table;

    machine();
    build_all();
    root = d->vcpu[0].kernel_base.page;
    leaf = pv_walk(root, (unsigned int[]){ 0, 0, 0, 0 }, 4);
    table = pv_walk(root, (unsigned int[]){ 0, 0, 0 }, 3);
    map_foreign(0, leaf, PV_WRITE);
    map_foreign(1, table, PV_READ);
    EXPECT_EQ(audit_heap(), 0);
    yields(NEVER, false);
    EXPECT_EQ(destroy(), 0);

    /* It is dead, and two frames are its still. */
    EXPECT_EQ(audit_heap(), 0);
    EXPECT_EQ(d->state, DOMAIN_DEAD);
    EXPECT_EQ(d->nr_pages, 2);
    EXPECT(domain_of_page(leaf) == d && domain_of_page(table) == d);
    EXPECT(!get_page(leaf, other));
    EXPECT_EQ(pv_type_count(table), 0);

    map_foreign(1, NULL, 0);
    EXPECT_EQ(audit_heap(), 0);
    EXPECT_EQ(d->nr_pages, 1);
    map_foreign(0, NULL, 0);
    expect_nothing_left();
}

static void build_mapped_by_others(void)
{
    build_all();
    map_foreign(0, d->vcpu[0].kernel_base.page, PV_READ);
    map_foreign(1, d->vcpu[0].user_base.page, PV_READ);
}

TEST(relinquish_others, what_others_map_stays_wherever_it_is_interrupted)
{
    unsigned long at = 0;
    bool reached;

    machine();
    do {
        build_mapped_by_others();
        yields(at, false);
        destroy();
        reached = nr_questions > at;
        at += STRIDE;
        EXPECT_EQ(d->nr_pages, 2);
        EXPECT_EQ(audit_heap(), 0);
        map_foreign(0, NULL, 0);
        map_foreign(1, NULL, 0);
        expect_nothing_left();
    } while (reached);
}

/* A privileged domain was at one of d's tables when it was interrupted. */
TEST(relinquish_others, what_another_vcpu_has_put_off_is_finished_by_it)
{
    struct vcpu *w;

    machine();
    w = &other->vcpu[0];
    for (unsigned long at = 0; at < 5; at++) {
        struct page_info *table;

        d = pv_domain(1, 1);
        table = pv_tree(d, 3, ENTRIES);
        pin(table, 3);
        yields(at, false);
        EXPECT_EQ(unpin_table(w, d, page_to_mfn(table)), 0);
        EXPECT(w->deferred.hold != HOLD_NONE);
        yields(NEVER, false);
        EXPECT_EQ(destroy(), 0);
        EXPECT_EQ(audit_heap(), 0);
        EXPECT_EQ(d->state, DOMAIN_DEAD);
        EXPECT(d->nr_pages > 0);
        EXPECT_EQ(vcpu_finish_deferred(w), 0);
        expect_nothing_left();
    }
}

TEST(relinquish_others, others_pin_nothing_of_a_domain_that_has_begun_to_die)
{
    struct page_info *table;

    machine();
    build_all();
    table = pv_tree(d, 2, ENTRIES);
    yields(0, false);
    EXPECT_EQ(domain_destroy(d), -ERESTART);
    hosted_yield(NULL);
    EXPECT_EQ(d->state, DOMAIN_DYING);
    EXPECT_EQ(pin_table(&other->vcpu[0], d, page_to_mfn(table), 2), -EINVAL);
    EXPECT_EQ(audit_heap(), 0);
    EXPECT_EQ(domain_destroy(d), 0);
    expect_nothing_left();
}
