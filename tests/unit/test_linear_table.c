/* SPDX-License-Identifier: MIT */
/*
 * Tables that name tables of their own level: with CONFIG_LINEAR_TABLES as far
 * as the rules go, without it not at all.
 */
#include <hosted.h>
#include <test.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include "../model/pv_machine.h"

#define REFUSED (CONFIG_LINEAR_TABLES ? 0 : -EINVAL)

static struct domain *d;
static struct vcpu *v;

static void one_domain(void)
{
    pv_machine(1);
    d = pv_domain(1, 1);
    v = &d->vcpu[0];
}

static int use(struct page_holder *h, struct page_info *pg, unsigned int level)
{
    EXPECT(get_page(pg, d));
    *h = (struct page_holder){ pg, HOLD_READ_ONLY };

    return get_page_table(h, level);
}

static int linear_count(const struct page_info *pg)
{
    return pg->inuse_overlay.linear_pt_count;
}

static void expect_unused(struct page_info *pg)
{
    EXPECT_EQ(pv_count(pg), 1);
    EXPECT_EQ(pv_type_count(pg), 0);
    EXPECT_EQ(linear_count(pg), 0);
}

TEST(linear_table, a_table_may_name_itself_to_be_read_and_still_goes)
{
    one_domain();
    for (unsigned int level = 2; level <= 4; level++) {
        struct page_info *table = pv_page(d);
        struct page_holder h;

        pv_write(table, 1, pv_entry(table, PV_READ));
        EXPECT_EQ(use(&h, table, level), REFUSED);
        if (CONFIG_LINEAR_TABLES) {
            EXPECT_EQ(pv_count(table), 2); /* none is the entry's */
            EXPECT_EQ(pv_type_count(table), 1);
        }
        EXPECT_EQ(put_holder(&h), 0);
        expect_unused(table);

        /* But not to be written. */
        pv_write(table, 1, pv_entry(table, PV_WRITE));
        EXPECT_EQ(use(&h, table, level), -EINVAL);
        EXPECT_EQ(put_holder(&h), 0);
        expect_unused(table);
    }
}

TEST(linear_table, a_table_may_name_a_valid_one_and_holds_it)
{
    one_domain();
    for (unsigned int level = 2; level <= 4; level++) {
        struct page_info *table = pv_page(d), *named = pv_tree(d, level, 1);
        struct page_holder h, n;

        pv_write(table, 1, pv_entry(named, PV_READ));
        EXPECT_EQ(use(&n, named, level), 0);
        EXPECT_EQ(use(&h, table, level), REFUSED);
        if (CONFIG_LINEAR_TABLES) {
            EXPECT_EQ(pv_count(named), 3);
            EXPECT_EQ(pv_type_count(named), 2);
            EXPECT_EQ(linear_count(table), 1);
            EXPECT_EQ(linear_count(named), -1);
            EXPECT_EQ(put_holder(&n), 0); /* the entry is the last one */
            EXPECT_EQ(pv_type_count(named), 1);
            EXPECT_EQ(put_holder(&h), 0);
        } else {
            EXPECT_EQ(put_holder(&h), 0);
            EXPECT_EQ(put_holder(&n), 0);
        }
        expect_unused(table);
        expect_unused(named);
    }
}

static int update(struct page_info *table, unsigned int slot, uint64_t entry)
{
    return update_entry(v, d, d, table, 3, slot, entry, 0);
}

/* XSA-240: no chain is longer than one link, whichever end it grows at. */
TEST(linear_table, chains_are_refused)
{
    struct page_info *table[3];
    struct page_holder h[3];

    one_domain();
    for (unsigned int i = 0; i < 3; i++) {
        table[i] = pv_tree(d, 3, 1);
        EXPECT_EQ(use(&h[i], table[i], 3), 0);
    }
    EXPECT_EQ(update(table[0], 1, pv_entry(table[1], PV_READ)), REFUSED);
    if (CONFIG_LINEAR_TABLES) {
        EXPECT_EQ(update(table[1], 1, pv_entry(table[2], PV_READ)), -EINVAL);
        EXPECT_EQ(update(table[2], 1, pv_entry(table[0], PV_READ)), -EINVAL);
        EXPECT_EQ(update(table[1], 1, pv_entry(table[0], PV_READ)), -EINVAL);
        EXPECT_EQ(update(table[2], 1, pv_entry(table[1], PV_READ)), 0);
        EXPECT_EQ(linear_count(table[1]), -2);
        EXPECT_EQ(update(table[0], 1, 0), 0);
        EXPECT_EQ(linear_count(table[0]), 0);
        EXPECT_EQ(linear_count(table[1]), -1);
        EXPECT_EQ(update(table[2], 1, 0), 0);
        EXPECT_EQ(update(table[1], 1, pv_entry(table[0], PV_READ)), 0);
        EXPECT_EQ(update(table[1], 1, 0), 0);
    }
    for (unsigned int i = 0; i < 3; i++) {
        EXPECT_EQ(put_holder(&h[i]), 0);
        expect_unused(table[i]);
    }
}

/* XSA-182: write access does not come by the way for flags. */
TEST(linear_table, a_link_does_not_become_writable)
{
    struct page_info *table, *named;
    struct page_holder h, n;

    one_domain();
    table = pv_tree(d, 3, 1);
    named = pv_tree(d, 3, 1);
    EXPECT_EQ(use(&h, table, 3), 0);
    EXPECT_EQ(use(&n, named, 3), 0);
    EXPECT_EQ(update(table, 1, pv_entry(table, PV_READ)), REFUSED);
    EXPECT_EQ(update(table, 2, pv_entry(named, PV_READ)), REFUSED);
    EXPECT_EQ(update(table, 1, pv_entry(table, PV_WRITE)), -EINVAL);
    EXPECT_EQ(update(table, 2, pv_entry(named, PV_WRITE)), -EINVAL);
    EXPECT_EQ(put_holder(&h), 0);
    EXPECT_EQ(put_holder(&n), 0);
    expect_unused(table);
    expect_unused(named);
}

static unsigned int nr_checks, yield_at;

static bool yield_once(void)
{
    return nr_checks++ == yield_at;
}

/* XSA-309, 290: the counts are right wherever it was interrupted. */
TEST(linear_table, counts_survive_each_interruption)
{
    one_domain();
    if (!CONFIG_LINEAR_TABLES)
        return;
    for (yield_at = 0; yield_at < 24; yield_at++) {
        struct page_info *table = pv_page(d), *named = pv_tree(d, 3, 2);
        struct page_holder h, n;
        int rc;

        for (unsigned int slot = 1; slot < PTES_PER_TABLE; slot++)
            pv_write(table, slot, pv_entry(named, PV_READ));
        EXPECT_EQ(use(&n, named, 3), 0);
        nr_checks = 0;
        hosted_yield(yield_once);
        rc = use(&h, table, 3);
        if (rc) {
            int nr = table->inuse_overlay.nr_validated_ptes;

            EXPECT_EQ(linear_count(table), nr > 1 ? nr - 1 : 0);
            rc = get_page_table(&h, 3);
        }
        EXPECT_EQ(rc, 0);
        EXPECT_EQ(linear_count(named), -(PTES_PER_TABLE - 1));
        EXPECT_EQ(put_holder(&n), 0);
        nr_checks = 0;
        while (put_holder(&h) != 0)
            EXPECT_EQ(linear_count(table), -linear_count(named));
        hosted_yield(NULL);
        EXPECT_EQ(v->deferred.hold, HOLD_NONE);
        /* What was surrendered to a partial table is finished by anybody. */
        EXPECT(get_page(named, d));
        n = (struct page_holder){ named, HOLD_HALF };
        EXPECT_EQ(put_holder(&n), 0);
        expect_unused(table);
        expect_unused(named);
    }
}
