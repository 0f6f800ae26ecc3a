/* SPDX-License-Identifier: MIT */
/* A domain with something of all, and its end, interrupted as one likes. */
#include <hosted.h>
#include <xen/audit.h>
#include <xen/base_pointer.h>
#include <xen/domheap.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>
#include <xen/relinquish.h>

#include "../../arch/x86/mm/pin.h"
#include "dying_domain.h"

struct domain *d, *other;
struct page_info *map;

static unsigned long yield_at;
static bool yield_always;
unsigned long nr_questions;

static bool oracle(void)
{
    return nr_questions++ == yield_at || yield_always;
}

void yields(unsigned long at, bool always)
{
    yield_at = at;
    yield_always = always;
    nr_questions = 0;
    hosted_yield(oracle);
}

void machine(void)
{
    pv_machine(1);
    other = pv_domain(2, 1);
    other->privileged = true;
    map = pv_page(other);
    EXPECT_EQ(pin_table(&other->vcpu[0], other, page_to_mfn(map), 1), 0);
    pv_page(other); /* so that domains have memory for their numbers */
    EXPECT_EQ(domain_destroy(pv_domain(1, 1)), 0);
    pv_mark_free();
}

void pin(struct page_info *pg, unsigned int level)
{
    EXPECT_EQ(pin_table(&d->vcpu[0], d, page_to_mfn(pg), level), 0);
}

void map_foreign(unsigned int slot, struct page_info *pg, uint64_t flags)
{
    uint64_t entry = pg ? pv_entry(pg, flags) : 0;

    EXPECT_EQ(update_entry(&other->vcpu[0], other, d, map, 1, slot, entry, 0),
              0);
}

void expect_nothing_left(void)
{
    struct domain *found = domain_get(1);

    EXPECT(found == NULL);
    EXPECT(pv_all_free());
    EXPECT_EQ(audit_heap(), 0);
    EXPECT_EQ(heap_check(), 0);
}

unsigned long destroy(void)
{
    unsigned long nr = 0;
    int rc;

    while ((rc = domain_destroy(d)) == -ERESTART) {
        hosted_yield(NULL);
        EXPECT_EQ(audit_heap(), 0);
        hosted_yield(oracle);
        nr++;
    }
    hosted_yield(NULL);
    EXPECT_EQ(rc, 0);

    return nr;
}

unsigned long destroy_at_each_point(void (*build)(void))
{
    unsigned long at = 0;
    bool reached;

    do {
        build();
        EXPECT_EQ(audit_heap(), 0);
        yields(at, false);
        destroy();
        reached = nr_questions > at;
        at += STRIDE;
        expect_nothing_left();
    } while (reached);

    return at - STRIDE;
}

void destroy_with_all_interruptions(void (*build)(void))
{
    int rc;

    build();
    do {
        unsigned long nr_free = heap_nr_free();

        yields(0, true);
        rc = domain_destroy(d);
        EXPECT(nr_questions < 8);
        /* Of those that nobody uses many go at once. */
        EXPECT(heap_nr_free() - nr_free < 64 + 8);
        hosted_yield(NULL);
        EXPECT_EQ(audit_heap(), 0);
    } while (rc == -ERESTART);
    EXPECT_EQ(rc, 0);
    expect_nothing_left();
}

void build_all(void)
{
    struct page_info *root, *user, *table;

    d = pv_domain(1, 3);
    root = pv_tree(d, 4, ENTRIES);
    user = pv_tree(d, 4, ENTRIES);
    EXPECT_EQ(vcpu_new_kernel_base(&d->vcpu[0], page_to_mfn(root)), 0);
    EXPECT_EQ(vcpu_new_user_base(&d->vcpu[0], page_to_mfn(user)), 0);
    EXPECT_EQ(vcpu_new_kernel_base(&d->vcpu[2], page_to_mfn(root)), 0);
    EXPECT_EQ(vcpu_new_kernel_base(&d->vcpu[1], page_to_mfn(user)), 0);
    pin(root, 4);
    pin(pv_tree(d, 3, ENTRIES), 3);
    pin(pv_tree(d, 1, ENTRIES), 1);

    /* A table that is read by one that it leads to. */
    table = pv_tree(d, 1, 1);
    pv_write(table, 1, pv_entry(root, PV_READ));
    pin(table, 1);

    EXPECT(alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, ASSIGN_EXTRA) != NULL);
    pv_page(d);
}
