/* SPDX-License-Identifier: MIT */
/*
 * How a domain ends: what it has is taken from it, a step at a time.
 *
 * A step that is interrupted leaves nothing half done that only this file could
 * go on with: what is put off stands in a deferred record, and partial tables
 * need nobody. So between two calls the domain's frames are as those of any
 * other are, and what others do with them meanwhile is as good as ever.
 *
 * References to types run from higher tables to lower ones and never in a
 * circle, not even by linear entries: those make chains of two, and one for the
 * own table holds nothing. So once pins, base pointers and half of holders are
 * gone, all types are; and with the tables go the references that their entries
 * hold.
 */
#include <xen/bug.h>
#include <xen/claim.h>
#include <xen/descriptors.h>
#include <xen/domheap.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/grant_table.h>
#include <xen/offline.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>
#include <xen/relinquish.h>

#include <asm/processor.h>

/* What is to be done next: struct domain, relinquish_step. */
enum step {
    STEP_BEGIN,
    STEP_VCPUS,
    STEP_GRANTS,
    STEP_PAGES,
    STEP_EXTRA_PAGES,
    STEP_END,
};

/*
 * From now on it gets no frames, nor pins, and no vCPU is entered; those that
 * run are waited for. Sequentially consistent, both: pairs with vcpu_enter().
 * Either it finds the domain dying, or we find that it runs.
 */
static int begin(struct domain *d)
{
    BUG_ON(d->nr_vcpus == 0); /* nobody ends the two that are always there */
    spin_lock(&d->page_alloc_lock);
    __atomic_store_n(&d->state, DOMAIN_DYING, __ATOMIC_SEQ_CST);
    claim_reduce(d, d->nr_claimed);
    spin_unlock(&d->page_alloc_lock);
    offline_go_on();
    if (!domheap_stream_end(d))
        return -ERESTART;

    for (unsigned int i = 0; i < d->nr_vcpus; i++)
        if (__atomic_load_n(&d->vcpu[i].running, __ATOMIC_SEQ_CST))
            return -ERESTART;

    return 0;
}

/* Drop *@h. If that is interrupted, @v's record has it, which was empty. */
static int drop(struct vcpu *v, struct page_holder *h)
{
    vcpu_defer(v, h);

    return v->deferred.hold == HOLD_NONE ? 0 : -ERESTART;
}

static int relinquish_vcpu(struct vcpu *v)
{
    int rc = vcpu_finish_deferred(v);

    if (!rc)
        rc = drop(v, &v->kernel_base);
    if (!rc)
        rc = drop(v, &v->user_base);
    if (rc)
        return rc;
    vcpu_drop_gdt(v);
    vcpu_drop_ldt(v);

    return 0;
}

static int relinquish_vcpus(struct domain *d)
{
    int rc = 0;

    for (unsigned int i = 0; i < d->nr_vcpus && !rc; i++)
        rc = relinquish_vcpu(&d->vcpu[i]);

    return rc;
}

/*
 * Take a reference, however many there are: the count may be full of others',
 * and there is room for this one. False: it has none, and is being freed.
 */
static bool hold(struct page_info *pg)
{
    unsigned long seen = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);

    do {
        if ((seen & PGC_count_mask) == 0)
            return false;
    } while (!__atomic_compare_exchange_n(&pg->count_info, &seen, seen + 1,
                                          true, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));

    return true;
}

static void set_aside(struct domain *d, struct page_list *list,
                      struct page_info *pg) __must_hold(d->page_alloc_lock);
static void set_aside(struct domain *d, struct page_list *list,
                      struct page_info *pg)
{
    page_list_del(list, pg);
    page_list_add(&d->relinquished, pg);
}

/* The first of the list, with a reference; NULL: there is none. One that is
 * being freed will be taken off its list by who does that. */
static struct page_info *hold_first(struct domain *d, struct page_list *list)
{
    struct page_info *pg;

    spin_lock(&d->page_alloc_lock);
    while ((pg = page_list_first(list)) && !hold(pg))
        set_aside(d, list, pg);
    spin_unlock(&d->page_alloc_lock);

    return pg;
}

/* A pin is a full holder, and what is left of its use is half of one. */
static int drop_pin(struct vcpu *v, struct page_info *pg)
{
    struct page_holder pin = { pg, HOLD_FULL };

    return page_type_unpin(pg) ? drop(v, &pin) : 0;
}

/* Whoever left a table partial, its parent or nobody: take it apart. */
static int drop_partial(struct vcpu *v, struct page_info *pg)
{
    struct page_holder half = { pg, HOLD_HALF };

    if (!(__atomic_load_n(&pg->inuse_overlay.type_info, __ATOMIC_RELAXED) &
          PGT_partial))
        return 0;
    get_page_again(pg);

    return drop(v, &half);
}

/* One frame that the caller has a reference to. */
static int relinquish_page(struct domain *d, struct page_info *pg)
{
    int rc = drop_pin(&d->vcpu[0], pg);

    if (!rc)
        rc = drop_partial(&d->vcpu[0], pg);
    if (!rc)
        put_page_allocated(pg);

    return rc;
}

/* Most are used for nothing any more: those go many at a time. Returns how many
 * of the first ones did. */
#define RELEASED_AT_ONCE 64U
static unsigned int release_first(struct domain *d, struct page_list *list)
{
    struct page_info *page[RELEASED_AT_ONCE];
    unsigned int nr = 0;

    spin_lock(&d->page_alloc_lock);
    for (struct page_info *pg = page_list_first(list);
         pg && nr < RELEASED_AT_ONCE &&
         __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED) ==
             (PGC_allocated | 1);
         pg = page_list_next(pg))
        page[nr++] = pg;
    spin_unlock(&d->page_alloc_lock);

    return nr > 0 ? release_pages(d, page, nr) : 0;
}

/* The first of the list, whatever is to be done. What others hold stays, and is
 * set aside. */
static int relinquish_first(struct domain *d, struct page_list *list,
                            bool *is_empty)
{
    struct page_info *pg = hold_first(d, list);
    int rc;

    *is_empty = pg == NULL;
    if (!pg)
        return 0;
    rc = relinquish_page(d, pg);
    if (!rc) {
        spin_lock(&d->page_alloc_lock);
        set_aside(d, list, pg);
        spin_unlock(&d->page_alloc_lock);
    }
    put_page(pg);

    return rc;
}

/* So the list becomes empty. */
static int relinquish_list(struct domain *d, struct page_list *list)
{
    int rc = vcpu_finish_deferred(&d->vcpu[0]);
    bool is_empty = false;

    while (!rc && !is_empty) {
        if (release_first(d, list) == 0)
            rc = relinquish_first(d, list, &is_empty);
        if (!is_empty && cpu_must_yield())
            rc = -ERESTART;
    }

    return rc;
}

static int relinquish(struct domain *d, enum step step)
{
    switch (step) {
    case STEP_BEGIN: return begin(d);
    case STEP_VCPUS: return relinquish_vcpus(d);
    case STEP_GRANTS: return grant_table_relinquish(d);
    case STEP_PAGES: return relinquish_list(d, &d->pages);
    case STEP_EXTRA_PAGES: return relinquish_list(d, &d->extra_pages);
    case STEP_END: break;
    }

    return 0;
}

int domain_destroy(struct domain *d)
{
    while (d->relinquish_step < STEP_END) {
        int rc = relinquish(d, d->relinquish_step);

        if (rc)
            return rc;
        d->relinquish_step++;
    }
    __atomic_store_n(&d->state, DOMAIN_DEAD, __ATOMIC_RELAXED);
    domain_put(d);

    return 0;
}
