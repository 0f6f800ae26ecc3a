/* SPDX-License-Identifier: MIT */
/*
 * The walker: examines a guest's page table entry by entry, takes it apart
 * entry by entry, and can stop in between.
 *
 * Where it stands is two numbers (struct walk): so many entries are full
 * holders, and the next one may be half of one. What has been done of a table
 * is always told by them alone, whoever did it and in whichever direction.
 */
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/page_ref.h>
#include <xen/page_table.h>
#include <xen/page_type.h>

#include <asm/contents.h>
#include <asm/processor.h>

#include "entry.h"
#include "linear_table.h"

uint64_t hypervisor_slots[HYPERVISOR_SLOTS];

struct walk {
    struct page_info *pg;
    uint64_t *table;
    struct domain *d;
    unsigned int level;
    unsigned int nr; /* entries below hold fully what they name */
    bool half;       /* and this one half of it */
};

/* @child holds a frame for an entry of a table of @level. */
static int get_child(struct page_info *table, unsigned int level,
                     uint64_t entry, struct page_holder *child)
{
    int rc = get_page_table(child, level - 1);

    if (rc == -EINVAL && child->hold == HOLD_READ_ONLY)
        rc = linear_link(table, level, entry, child);
    if (rc && rc != -ERESTART && child->hold == HOLD_READ_ONLY) {
        put_page(child->page);
        *child = PAGE_HOLDER_EMPTY;
    }

    return rc;
}

static __inlined int get_entry_inline(struct domain *d, struct domain *owner,
                                      struct page_info *table,
                                      unsigned int level, uint64_t *entry,
                                      struct page_holder *child)
{
    mfn_t mfn = entry_mfn(*entry);

    if (level == 1)
        return get_leaf(d, owner, entry, child);
    if (linear_is_self(table, level, *entry)) {
        *entry |= PTE_UNCOUNTED;
        return 0;
    }
    if (!mfn_valid(mfn) || owner != d || !get_page(mfn_to_page(mfn), d))
        return -EINVAL;
    *child = (struct page_holder){ mfn_to_page(mfn), HOLD_READ_ONLY };

    return get_child(table, level, *entry, child);
}

int get_entry(struct domain *d, struct domain *owner, struct page_info *table,
              unsigned int level, uint64_t *entry, struct page_holder *child)
{
    return get_entry_inline(d, owner, table, level, entry, child);
}

/* The entry at @slot, which may be half a holder already. */
static __inlined int examine_entry(struct walk *w, unsigned int level,
                                   uint64_t *slot)
{
    uint64_t entry = __atomic_load_n(slot, __ATOMIC_RELAXED), adjusted;
    struct page_holder child = PAGE_HOLDER_EMPTY;
    int rc;

    if (!(entry & PTE_PRESENT))
        return 0;
    rc = check_entry(level, entry, &adjusted);
    if (rc)
        return rc;
    if (level > 1 && w->half) {
        child = (struct page_holder){ mfn_to_page(entry_mfn(entry)),
                                      HOLD_READ_ONLY };
        rc = get_page_table(&child, level - 1);
    } else {
        rc = get_entry_inline(w->d, w->d, w->pg, level, &adjusted, &child);
    }
    if (level > 1)
        w->half = rc && child.hold != HOLD_NONE;
    if (rc == 0 && adjusted != entry)
        __atomic_store_n(slot, adjusted, __ATOMIC_RELAXED);

    return rc;
}

/* To the end, or as far as it may; at least one entry, so that it ends. */
static __inlined int examine_level(struct walk *w, unsigned int level)
{
    uint64_t *slot = w->table + w->nr, *end = w->table + PTES_PER_TABLE;
    int rc = 0;

    while (slot < end) {
        if (!is_hypervisor_slot(level, (unsigned int)(slot - w->table)))
            rc = examine_entry(w, level, slot);
        if (rc)
            break;
        slot++;
        if (slot < end && cpu_must_yield()) {
            rc = -ERESTART;
            break;
        }
    }
    w->nr = (unsigned int)(slot - w->table);

    return rc;
}

/* The leaves are nearly all there is: let the compiler know that they are. */
static int examine(struct walk *w)
{
    return w->level == 1 ? examine_level(w, 1) : examine_level(w, w->level);
}

static int put_holder_of(struct page_holder *h, struct page_info *table);

/* The entry at @slot, which is full, or half if the walk stands there. */
static __inlined int put_entry(struct walk *w, unsigned int level,
                               const uint64_t *slot)
{
    uint64_t entry = __atomic_load_n(slot, __ATOMIC_RELAXED);
    struct page_holder child = holder_of_entry(level, entry);
    int rc;

    if (level == 1) {
        put_leaf(&child);
        return 0;
    }
    /* Its flags are still as the guest wrote them, whatever they claim. */
    if (w->half)
        child =
            (struct page_holder){ mfn_to_page(entry_mfn(entry)), HOLD_HALF };
    rc = put_holder_of(&child, linear_is_link(level, &child) ? w->pg : NULL);
    if (rc != -EINTR)
        w->half = rc != 0;

    return rc;
}

/* The same the other way; the walk stands behind @slot, or half on it. */
static __inlined int take_apart_level(struct walk *w, unsigned int level)
{
    uint64_t *slot = w->table + w->nr + w->half;
    int rc = 0;

    while (slot > w->table) {
        slot--;
        if (!is_hypervisor_slot(level, (unsigned int)(slot - w->table)))
            rc = put_entry(w, level, slot);
        if (rc == -EINTR && !w->half)
            slot++; /* it is full still */
        if (rc)
            break;
        if (slot > w->table && cpu_must_yield()) {
            rc = -ERESTART;
            break;
        }
    }
    w->nr = (unsigned int)(slot - w->table);

    return rc;
}

static int take_apart(struct walk *w)
{
    return w->level == 1 ? take_apart_level(w, 1)
                         : take_apart_level(w, w->level);
}

/* Where a table stands that this CPU has made busy; @nr if it is not partial.
 */
static struct walk start_walk(struct page_info *pg, unsigned long before,
                              unsigned int nr)
{
    const struct page_inuse *inuse = &pg->inuse_overlay;
    bool resume = before & PGT_partial;

    return (struct walk){
        .pg = pg,
        .table = frame_contents(page_to_mfn(pg)),
        .d = domain_of_page(pg),
        .level = level_of_type(page_type(pg)),
        .nr = resume
                  ? __atomic_load_n(&inuse->nr_validated_ptes, __ATOMIC_RELAXED)
                  : nr,
        .half = resume &&
                __atomic_load_n(&inuse->partial_pte, __ATOMIC_RELAXED) != 0,
    };
}

/*
 * A walk has been interrupted. By what is held now, and not by what it was that
 * interrupted it, is decided what to publish: nothing has happened only if it
 * stands where it stood (R5).
 */
static bool has_moved(const struct walk *start, const struct walk *w)
{
    return w->nr != start->nr || w->half != start->half;
}

static void install_hypervisor_slots(uint64_t *table)
{
    for (unsigned int i = 0; i < HYPERVISOR_SLOTS; i++)
        __atomic_store_n(&table[HYPERVISOR_SLOT_FIRST + i], hypervisor_slots[i],
                         __ATOMIC_RELAXED);
}

/* The table cannot be one. If nothing is held, that is all (R6). */
static int give_up(struct page_holder *h, unsigned long before,
                   const struct walk *w, int rc)
{
    if (w->nr == 0 && !w->half) {
        page_type_publish_idle(h->page, before);
        return rc;
    }
    page_type_publish_partial(h->page, before, w->nr, w->half ? 1 : 0);
    h->hold = HOLD_HALF;

    return rc;
}

/* Anybody goes on with it, or at last who destroys its domain; but who has been
 * through with that one will not. Then it is for the caller to take it apart.
 */
static int leave_partial(struct page_holder *h, struct domain *d, int rc)
{
    if (!domain_has_begun_to_die(d))
        return rc;
    h->hold = HOLD_HALF;

    return -EINVAL;
}

int get_page_table(struct page_holder *h, unsigned int level)
{
    struct walk start, w;
    unsigned long before;
    int rc;

    rc = page_type_take(h->page, type_of_level(level), &before);
    if (rc < 0)
        return rc;
    if (rc == TYPE_WON) {
        start = w = start_walk(h->page, before, 0);
        rc = examine(&w);
        if (rc == -EINTR || rc == -ERESTART) {
            if (!has_moved(&start, &w)) {
                page_type_publish_back(h->page, before);
                return before & PGT_partial ? leave_partial(h, w.d, -EINTR)
                                            : -EINTR;
            }
            page_type_publish_partial(h->page, before, w.nr, w.half ? 1 : 0);
            return leave_partial(h, w.d, -ERESTART);
        }
        if (rc)
            return give_up(h, before, &w, rc);
        if (level == 4)
            install_hypervisor_slots(w.table);
        page_type_publish_valid(h->page, before);
    }
    h->hold = HOLD_FULL;

    return 0;
}

/* @table names @h's by a linear entry, which goes with this; NULL: none does.
 */
static int put_type(struct page_holder *h, struct page_info *table)
{
    struct walk start, w;
    unsigned long before;
    int rc = page_type_drop(h->page, h->hold, &before);

    if (rc < 0)
        return rc;
    if (rc == TYPE_WON && type_is_table(before)) {
        start = w = start_walk(h->page, before, PTES_PER_TABLE);
        if (take_apart(&w)) {
            if (!has_moved(&start, &w)) {
                page_type_publish_back(h->page, before);
                return -EINTR;
            }
            if (table)
                linear_unlink(table, h->page);
            page_type_publish_partial(h->page, before, w.nr, w.half ? -1 : 0);
            h->hold = HOLD_HALF;
            return -ERESTART;
        }
    }
    /* Late, if others use it still: a count that is too high for a moment has a
     * link refused, and one too low would let a chain grow. */
    if (table)
        linear_unlink(table, h->page);
    if (rc == TYPE_WON)
        page_type_publish_idle(h->page, before);

    return 0;
}

static int put_holder_of(struct page_holder *h, struct page_info *table)
{
    struct page_info *pg = h->page;

    if (h->hold == HOLD_HALF || h->hold == HOLD_FULL) {
        int rc = put_type(h, table);

        if (rc)
            return rc;
    }
    *h = PAGE_HOLDER_EMPTY;
    if (pg)
        put_page(pg);

    return 0;
}

int put_holder(struct page_holder *h)
{
    return put_holder_of(h, NULL);
}
