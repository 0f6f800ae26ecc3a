/* SPDX-License-Identifier: MIT */
/*
 * A table that somebody else's domain has examined when its owner is dead or
 * dying: whoever destroys the owner has been there, and comes no more.
 */
#include <hosted.h>
#include <test.h>
#include <xen/audit.h>
#include <xen/errno.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>
#include <xen/relinquish.h>

#include "../model/pv_machine.h"

static bool always(void)
{
    return true;
}

/* The domain owns a tree, of which a reference is held. */
static struct page_holder tree_of(struct domain *d, unsigned int level)
{
    struct page_info *table = pv_tree(d, level, 3);

    EXPECT(get_page(table, d));
    return (struct page_holder){ table, HOLD_READ_ONLY };
}

/* However often it is interrupted. */
static void put(struct page_holder *h)
{
    while (put_holder(h))
        ;
}

TEST(late_table, a_table_of_a_living_domain_is_left_partial_for_anybody)
{
    struct domain *d;
    struct page_holder h;

    pv_machine(1);
    d = pv_domain(1, 1);
    h = tree_of(d, 1);
    hosted_yield(always);
    EXPECT_EQ(get_page_table(&h, 1), -ERESTART);
    EXPECT_EQ(h.hold, HOLD_READ_ONLY);
    EXPECT(h.page->inuse_overlay.type_info & PGT_partial);
    hosted_yield(NULL);
    EXPECT_EQ(get_page_table(&h, 1), 0);
    put(&h);
    EXPECT_EQ(audit(), 0);
}

/* Each level: at the second what is partial is a child's, too. */
TEST(late_table, a_table_of_a_dead_domain_is_taken_apart_by_who_was_interrupted)
{
    for (unsigned int level = 1; level <= 2; level++) {
        struct domain *d;
        struct page_holder h;

        if (level == 1)
            pv_machine(1);
        d = pv_domain(1, 1);
        h = tree_of(d, level);
        domain_pause(d);
        d->state = DOMAIN_DYING;
        hosted_yield(always);
        EXPECT_EQ(get_page_table(&h, level), -EINVAL);
        EXPECT_EQ(h.hold, HOLD_HALF);
        put(&h);
        hosted_yield(NULL);
        EXPECT_EQ(h.hold, HOLD_NONE);
        EXPECT_EQ(domain_destroy(d), 0);
        EXPECT_EQ(audit(), 0);
        EXPECT(pv_all_free());
    }
}

/*
 * It was partial before, too, and only busy when who destroys the owner came
 * by: that nothing was done this time leaves it partial all the same.
 */
TEST(late_table, so_is_one_of_which_nothing_more_was_examined)
{
    struct page_info *child;
    unsigned long before;
    struct page_holder h;
    struct domain *d;

    pv_machine(1);
    d = pv_domain(1, 1);
    h = tree_of(d, 2);
    child = mfn_to_page(pv_entry_mfn(pv_read(h.page, pv_slot(2, 0))));
    hosted_yield(always);
    EXPECT_EQ(get_page_table(&h, 2), -ERESTART);

    /* Somebody else is at work on the child: who must yield does not wait. */
    EXPECT_EQ(page_type_take(child, PGT_l1_page_table, &before), TYPE_WON);
    domain_pause(d);
    d->state = DOMAIN_DYING;
    EXPECT_EQ(get_page_table(&h, 2), -EINVAL);
    EXPECT_EQ(h.hold, HOLD_HALF);
    page_type_publish_back(child, before);

    put(&h);
    hosted_yield(NULL);
    EXPECT_EQ(domain_destroy(d), 0);
    EXPECT_EQ(audit(), 0);
    EXPECT(pv_all_free());
}
