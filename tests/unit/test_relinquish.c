/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain: nothing is left of it, wherever it is interrupted, and
 * whatever was left half done before.
 */
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

static void build_nothing(void)
{
    d = pv_domain(1, 1);
}

TEST(relinquish, a_domain_that_has_nothing_is_gone_at_once)
{
    machine();
    destroy_at_each_point(build_nothing);
}

TEST(relinquish, nothing_is_left_of_a_domain_that_had_something_of_all)
{
    machine();
    build_all();
    EXPECT_EQ(audit(), 0);
    yields(NEVER, false);
    EXPECT_EQ(destroy(), 0);
    expect_nothing_left();
    EXPECT_EQ(audit(), 0);
}

TEST(relinquish, nor_if_it_is_interrupted_anywhere)
{
    machine();
    EXPECT(destroy_at_each_point(build_all) > 50);
}

TEST(relinquish, xsa_45_interrupted_everywhere_it_goes_on_and_ends)
{
    machine();
    destroy_with_all_interruptions(build_all);
}

/* XSA-252: what its owner has given up, but for the pin. */
static void build_given_up(void)
{
    struct page_info *table;

    d = pv_domain(1, 1);
    for (unsigned int level = 1; level <= 4; level++) {
        table = pv_tree(d, level, ENTRIES);
        pin(table, level);
        EXPECT(put_page_allocated(table));
        for (unsigned int n = 0; level > 1 && n < ENTRIES; n++)
            EXPECT(put_page_allocated(
                pv_walk(table, &(unsigned int){ pv_slot(level, n) }, 1)));
    }
}

TEST(relinquish, xsa_252_what_was_given_up_while_pinned_is_no_zombie)
{
    machine();
    EXPECT(destroy_at_each_point(build_given_up) > 20);
    destroy_with_all_interruptions(build_given_up);
}

/*
 * XSA-310: a tree that was left anywhere between nothing and all, on the way up
 * or down, with its one interesting entry anywhere.
 */
static struct {
    unsigned int level, slot;
    bool down, held; /* by a deferred record, or by nobody */
    unsigned long at;
    bool reached;
} stop;

static void build_stopped(void)
{
    struct page_info *table;
    struct page_holder h;

    d = pv_domain(1, 1);
    table = pv_page(d);
    pv_write(table, stop.slot,
             pv_entry(pv_tree(d, stop.level - 1, ENTRIES), PV_TABLE));
    EXPECT(get_page(table, d));
    h = (struct page_holder){ table, HOLD_READ_ONLY };
    if (stop.down)
        EXPECT_EQ(get_page_table(&h, stop.level), 0);

    yields(stop.at, false);
    if (stop.down)
        stop.reached = put_holder(&h) != 0;
    else
        stop.reached = get_page_table(&h, stop.level) != 0;
    hosted_yield(NULL);

    if (h.hold == HOLD_READ_ONLY)
        put_page(table); /* it needs nobody */
    else if (stop.held || h.hold == HOLD_FULL)
        d->vcpu[0].deferred = h;
    else if (h.hold == HOLD_HALF)
        put_page(table);
}

static unsigned long nr_stopped;

static void destroy_stopped_everywhere(void)
{
    stop.at = 0;
    do {
        build_stopped();
        EXPECT_EQ(audit_heap(), 0);
        yields(NEVER, false);
        EXPECT_EQ(destroy(), 0);
        expect_nothing_left();
        destroy_with_all_interruptions(build_stopped);
        nr_stopped += stop.reached;
        stop.at += STRIDE;
    } while (stop.reached);
}

TEST(relinquish, xsa_310_tables_that_were_left_anywhere_are_no_zombies)
{
    unsigned int slots[] = { 0, PTES_PER_TABLE / 2 - 1, PTES_PER_TABLE - 1 };

    machine();
    for (stop.level = 2; stop.level <= 4; stop.level++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(slots); i++) {
            /* With tables of 512 entries one level is enough. */
            if (CONFIG_TABLE_BITS > 4 && (stop.level > 2 || i > 0))
                continue;
            stop.slot = slots[i];
            for (unsigned int way = 0; way < 4; way++) {
                stop.down = way & 1;
                stop.held = way & 2;
                destroy_stopped_everywhere();
            }
        }
    }
    EXPECT(nr_stopped > (STRIDE == 1 ? 150 : 50));
}

/* Chains of tables of one level, and circles of one. */
static void build_linear(void)
{
    d = pv_domain(1, 1);
    for (unsigned int level = 2; level <= 4; level++) {
        struct page_info *from = pv_page(d), *to = pv_tree(d, level, 2);

        pv_write(from, 1, pv_entry(from, PV_READ));
        pv_write(from, 3, pv_entry(to, PV_READ));
        pv_write(to, 3, pv_entry(to, PV_READ));
        pin(to, level);
        pin(from, level);
    }
}

TEST(relinquish, linear_tables_go_too)
{
    if (!CONFIG_LINEAR_TABLES)
        return;
    machine();
    EXPECT(destroy_at_each_point(build_linear) > 10);
    destroy_with_all_interruptions(build_linear);
}

/* A frame that others hold is a step, after which it may have to yield; those
 * that nobody holds are one together. */
TEST(relinquish, each_frame_is_a_step)
{
    machine();
    d = pv_domain(1, 1);
    for (unsigned int i = 0; i < 4; i++) {
        pv_page(d);
        map_foreign(i, pv_page(d), PV_READ);
    }
    yields(0, true);
    EXPECT(destroy() >= 4);
    for (unsigned int i = 0; i < 4; i++)
        map_foreign(i, NULL, 0);
    expect_nothing_left();
}

/* Full of others' references, a frame is taken from its owner all the same. */
TEST(relinquish, a_count_that_is_full_does_not_keep_a_frame)
{
    struct page_info *pg;
    unsigned long nr = 0;

    if (CONFIG_COUNT_BITS > 16)
        return;
    machine();
    d = pv_domain(1, 1);
    pg = pv_tree(d, 2, 1);
    pin(pg, 2);
    while (get_page(pg, d))
        nr++;
    yields(NEVER, false);
    EXPECT_EQ(destroy(), 0);
    EXPECT_EQ(pv_count(pg), nr);
    EXPECT_EQ(pv_type_count(pg), 0);
    while (nr-- > 0)
        put_page(pg);
    expect_nothing_left();
}

TEST(relinquish, what_the_hypervisor_shares_stays_until_it_wants_it_back)
{
    struct page_info *pg;

    machine();
    build_all();
    pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(pg != NULL);
    EXPECT_EQ(share_page(d, pg, true), 0);
    EXPECT_EQ(audit_heap(), 0);
    yields(NEVER, false);
    EXPECT_EQ(destroy(), 0);
    EXPECT_EQ(audit_heap(), 0);
    EXPECT_EQ(unshare_page(pg), 0);
    free_heap_pages(pg, 0, TLB_NO_DEBT);
    expect_nothing_left();
}

TEST(relinquish, a_number_can_be_had_again)
{
    machine();
    build_all();
    EXPECT_EQ(domain_create(1, 1, 0, &(struct domain *){ NULL }), -EEXIST);
    yields(NEVER, false);
    destroy();
    build_all();
    destroy();
    expect_nothing_left();
}

TEST(relinquish, a_domain_that_runs_does_not_end)
{
    machine();
    build_all();
    pv_run(0, &d->vcpu[1]);
    EXPECT_EQ(domain_destroy(d), -ERESTART);
    EXPECT_EQ(vcpu_enter(&d->vcpu[0]), -EBUSY);
    pv_run(0, NULL);
    EXPECT_EQ(domain_destroy(d), 0);
    expect_nothing_left();
    EXPECT_BUG(EXPECT_EQ(domain_destroy(dom_io), 0));
}
