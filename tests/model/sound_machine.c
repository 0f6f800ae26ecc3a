/* SPDX-License-Identifier: MIT */
/* A machine in which all is well. */
#include <stdio.h>
#include <string.h>

#include <hosted.h>
#include <xen/bug.h>
#include <xen/domheap.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include "sound_machine.h"

/* What the console was sent before; what a test has found wrong is among it. */
static size_t said_before;

const char *said(void)
{
    return hosted_console() + said_before;
}

void listen(void)
{
    said_before = strlen(hosted_console());
}

unsigned int times_said(const char *words)
{
    unsigned int nr = 0;

    for (const char *at = said(); (at = strstr(at, words)); at++)
        nr++;

    return nr;
}

void expect_report(const char *file, int line, bool alone, int invariant,
                   const char *words)
{
    char number[32];

    snprintf(number, sizeof(number), "audit: I%d is broken at", invariant);
    for (unsigned int i = 0; i < 2; i++) {
        listen();
        test_expect_eq(file, line, "what the audit says",
                       (unsigned long long)(i ? audit_heap() : audit()),
                       (unsigned long long)invariant);
        if (!strstr(said(), words) ||
            (alone && times_said(number) != times_said("is broken")))
            test_fail(file, line, "not '%s', or not alone, in:\n%s", words,
                      said());
    }
}

struct page_holder sound_hold(struct page_info *pg)
{
    BUG_ON(!get_page(pg, domain_of_page(pg)));
    return (struct page_holder){ pg, HOLD_READ_ONLY };
}

static struct page_holder hold_table(struct page_info *pg, unsigned int level)
{
    struct page_holder h = sound_hold(pg);

    BUG_ON(get_page_table(&h, level));

    return h;
}

static struct page_info *child_of(struct page_info *table)
{
    return pv_walk(table, &(unsigned int){ 0 }, 1);
}

/* What is held for the pin is the pin's from then on. */
void sound_pin(struct page_info *pg, unsigned int level)
{
    hold_table(pg, level);
    __atomic_fetch_or(&TYPE(pg), PGT_pinned, __ATOMIC_SEQ_CST);
}

static bool always(void)
{
    return true;
}

/* Begin with a table of @level, and be interrupted everywhere. */
static void leave_partial(struct page_info *pg, unsigned int level)
{
    struct page_holder h = sound_hold(pg);

    hosted_yield(always);
    BUG_ON(get_page_table(&h, level) != -ERESTART);
    hosted_yield(NULL);
    put_page(pg);
}

static void map_foreign(struct sound_machine *m, unsigned int slot,
                        const struct page_info *pg)
{
    BUG_ON(update_entry(&m->other->vcpu[0], m->other, m->d, m->foreign, 1, slot,
                        pv_entry(pg, PV_READ), 0));
}

struct sound_machine sound_machine(void)
{
    struct sound_machine m;

    pv_machine(1);
    m.d = pv_domain(1, 2);
    m.v = &m.d->vcpu[0];
    m.other = pv_domain(2, 1);
    m.other->privileged = true;

    m.root = pv_tree(m.d, 4, 2);
    m.l3 = child_of(m.root);
    m.l2 = child_of(m.l3);
    m.l1 = child_of(m.l2);
    m.leaf = child_of(m.l1);
    m.v->kernel_base = hold_table(m.root, 4);
    m.pinned = pv_tree(m.d, 3, 2);
    sound_pin(m.pinned, 3);
    m.partial = pv_tree(m.d, 3, 2);
    leave_partial(m.partial, 3);
    m.plain = pv_page(m.d);
    m.extra = alloc_domheap_pages(m.d, 0, HEAP_NO_LIMIT, ASSIGN_EXTRA);
    BUG_ON(!m.extra);

    m.foreign = pv_page(m.other);
    sound_pin(m.foreign, 1);
    map_foreign(&m, 0, m.leaf);
    map_foreign(&m, 1, m.l1);
    EXPECT_EQ(audit(), 0);
    EXPECT_EQ(audit_heap(), 0);
    EXPECT_STR(hosted_console(), "");

    return m;
}
