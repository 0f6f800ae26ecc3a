/* SPDX-License-Identifier: MIT */
/* Who is on the stage, and what has happened to the child when it begins. */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/bug.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include <asm/contents.h>

#include "../model/pv_machine.h"
#include "actions.h"

struct cast cast;

static unsigned int nr_asks_left;

/* Once, after so many times. */
static bool yields_later(void)
{
    return nr_asks_left > 0 && --nr_asks_left == 0;
}

/* Let what follows be interrupted the @nr th time that it asks. */
static void interrupt_after(unsigned int nr)
{
    nr_asks_left = nr;
    hosted_yield(yields_later);
}

static void not_interrupted(void)
{
    BUG_ON(nr_asks_left != 0);
    hosted_yield(NULL);
}

static void put(struct page_info *table, unsigned int slot,
                struct page_info *what, uint64_t flags)
{
    pv_write(table, slot, pv_entry(what, flags));
}

/* A table of @level and, by its first entry, what it takes below. */
static struct page_info *leaf_table(unsigned int level, const char *called,
                                    const char *below)
{
    struct page_info *pg = stage_page(guest, called);

    if (level == 1)
        put(pg, 0, stage_page(guest, below), PV_WRITE);
    else if (level > 1)
        put(pg, 0, leaf_table(level - 1, below, "below"), PV_TABLE);

    return pg;
}

/* Without one more call, which would go on with it. */
static int pin(struct page_info *pg, unsigned int level)
{
    struct page_holder h = { pg, HOLD_READ_ONLY };
    int rc;

    BUG_ON(!get_page_any(pg));
    rc = get_page_table(&h, level);
    if (rc == 0)
        __atomic_fetch_or(&pg->inuse_overlay.type_info, PGT_pinned,
                          __ATOMIC_SEQ_CST);
    else
        put_page(pg);

    return rc;
}

/* The spare vCPU's unpin, which may leave something undone. */
static void unpin(struct page_info *pg)
{
    struct page_holder h = { pg, HOLD_FULL };

    __atomic_fetch_and(&pg->inuse_overlay.type_info, ~PGT_pinned,
                       __ATOMIC_SEQ_CST);
    vcpu_defer(stage_spare_vcpu(), &h);
}

static void link_to(struct page_info *parent)
{
    BUG_ON(call_update(parent, PARENT_SLOT, pv_entry(cast.child, PV_TABLE)));
}

void cast_build(unsigned int level, unsigned int nr, unsigned int state)
{
    uint64_t flags = level > 1 ? PV_TABLE : PV_WRITE;

    stage_build(nr);
    calls_init();
    cast.level = level;
    cast.child = stage_page(guest, "child");
    cast.parent = stage_page(guest, "parent");
    cast.second = stage_page(guest, "second");
    cast.window = stage_page(guest, "window");
    cast.leaf[0] = leaf_table(level - 1, "leaf 0", "below 0");
    cast.leaf[1] = leaf_table(level - 1, "leaf 1", "below 1");
    put(cast.child, 0, cast.leaf[0], flags);
    put(cast.child, PTES_PER_TABLE - 1, cast.leaf[1], flags);
    BUG_ON(pin(cast.second, level + 1));
    BUG_ON(pin(cast.window, 1));
    cast.foreign = stage_page(other, "foreign");
    BUG_ON(pin(cast.foreign, 1));
    cast.next = alloc_heap_pages(0, CONTENTS_LIMIT, HEAP_NO_SCRUB, NULL);
    free_heap_pages(cast.next, 0, TLB_NO_DEBT);
    stage_keep(state);
}

static void parent_idle(void)
{
    put(cast.parent, PARENT_SLOT, cast.child, PV_TABLE);
}

static void child_idle(void)
{
    BUG_ON(pin(cast.parent, cast.level + 1));
}

static void child_linked(void)
{
    child_idle();
    link_to(cast.parent);
}

static void child_pinned(void)
{
    child_idle();
    BUG_ON(pin(cast.child, cast.level));
}

static void child_pinned_and_linked(void)
{
    child_linked();
    BUG_ON(pin(cast.child, cast.level));
}

static void child_linked_twice(void)
{
    child_linked();
    link_to(cast.second);
}

void start_pin_interrupted(struct page_info *pg, unsigned int level,
                           unsigned int nr)
{
    interrupt_after(nr);
    BUG_ON(pin(pg, level) != -ERESTART);
    not_interrupted();
}

/* An entry is asked about from the second on. */
static void child_begun(unsigned int nr)
{
    child_idle();
    start_pin_interrupted(cast.child, cast.level, nr);
}

static void child_begun_at_first(void)
{
    child_begun(1);
}

static void child_begun_at_last(void)
{
    child_begun(PTES_PER_TABLE - 1);
}

static void child_undone(unsigned int nr)
{
    child_pinned();
    interrupt_after(nr);
    unpin(cast.child);
    not_interrupted();
    BUG_ON(stage_spare_vcpu()->deferred.hold != HOLD_HALF);
}

static void child_undone_at_last(void)
{
    child_undone(1);
}

static void child_undone_at_first(void)
{
    child_undone(PTES_PER_TABLE - 1);
}

static void parent_begun(void)
{
    parent_idle();
    /* Behind the first entry, and in the child. */
    start_pin_interrupted(cast.parent, cast.level + 1, 2);
}

static void parent_undone(void)
{
    parent_idle();
    BUG_ON(pin(cast.parent, cast.level + 1));
    interrupt_after(3);
    unpin(cast.parent);
    not_interrupted();
}

static void child_mapped(void)
{
    child_idle();
    BUG_ON(call_update(cast.window, 0, pv_entry(cast.child, PV_WRITE)));
}

/* Somebody's TLB may know it still. */
static void child_unmapped(void)
{
    child_mapped();
    BUG_ON(call_update(cast.window, 0, 0));
}

#define START(function)                                                        \
    {                                                                          \
#function, function                                                    \
    }
const struct start starts[] = {
    START(parent_idle),
    START(child_idle),
    START(child_linked),
    START(child_pinned),
    START(child_pinned_and_linked),
    START(child_linked_twice),
    START(child_begun_at_first),
    START(child_begun_at_last),
    START(child_undone_at_first),
    START(child_undone_at_last),
    START(parent_begun),
    START(parent_undone),
    START(child_mapped),
    START(child_unmapped),
    { NULL, NULL },
};

static const struct start *others;

void starts_instead(const struct start *list)
{
    others = list;
}

static const struct start *find(const struct start *start, const char *name)
{
    while (start && start->name && strcmp(start->name, name) != 0)
        start++;

    return start && start->name ? start : NULL;
}

void cast_start(unsigned int state, const char *name)
{
    const struct start *start = find(others, name);

    if (!start)
        start = find(starts, name);
    BUG_ON(!start);
    stage_put_back(state);
    hosted_yield(NULL);
    start->make();
    hosted_yield(NULL);
    stage_check();
}
