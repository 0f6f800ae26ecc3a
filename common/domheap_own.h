/* SPDX-License-Identifier: MIT */
/* How an owner's lists and totals change, for the files that change them. */
#ifndef DOMHEAP_OWN_H
#define DOMHEAP_OWN_H

#include <xen/bug.h>
#include <xen/claim.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/page_ref.h>

/* Of flags, those that name a node. */
#define NODE_FLAGS (HEAP_EXACT_NODE | ~(HEAP_NODE(0) - 1U))
_Static_assert(((ASSIGN_EXTRA | ASSIGN_NO_SCRUB) & NODE_FLAGS) == 0,
               "a flag that is two");

static inline unsigned long count_info(const struct page_info *pg)
{
    return __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);
}

/* The list that @pg is on, as far as taking it off makes a difference: that is
 * where it is the first or the last. */
static inline struct page_list *list_of(struct domain *d,
                                        const struct page_info *pg)
{
    page_link_t link = link_of_page(pg);

    if (d->relinquished.first == link || d->relinquished.last == link)
        return &d->relinquished;

    return count_info(pg) & PGC_extra ? &d->extra_pages : &d->pages;
}

static inline unsigned long nr_owned(const struct domain *d)
{
    return d->nr_pages + d->nr_extra_pages;
}

static inline unsigned long *total_of(struct domain *d, unsigned long flags)
{
    return flags & PGC_extra ? &d->nr_extra_pages : &d->nr_pages;
}

/* @d owns @nr more; with the first it holds itself. */
static inline void charge(struct domain *d, unsigned long flags,
                          unsigned long nr) __must_hold(d->page_alloc_lock);
static inline void charge(struct domain *d, unsigned long flags,
                          unsigned long nr)
{
    /* Relaxed: the caller has a reference already. */
    if (nr_owned(d) == 0)
        __atomic_add_fetch(&d->references, 1, __ATOMIC_RELAXED);
    *total_of(d, flags) += nr;
    if (unlikely(d->nr_claimed > 0))
        claim_fit(d);
}

/* @nr less; true: they were the last, and the reference is the caller's now, to
 * be put when no lock is held. */
static inline __must_check bool
uncharge_many(struct domain *d, unsigned long flags, unsigned long nr)
    __must_hold(d->page_alloc_lock);
static inline bool uncharge_many(struct domain *d, unsigned long flags,
                                 unsigned long nr)
{
    BUG_ON(*total_of(d, flags) < nr);
    *total_of(d, flags) -= nr;

    return nr_owned(d) == 0;
}

static inline __must_check bool uncharge(struct domain *d, unsigned long flags)
    __must_hold(d->page_alloc_lock);
static inline bool uncharge(struct domain *d, unsigned long flags)
{
    return uncharge_many(d, flags, 1);
}

/* Nobody owns it or refers to it, and it is not free: both states that say so
 * have the bit of PGC_state_offlined. */
static inline void check_is_nobodys(const struct page_info *pg)
{
    BUG_ON(page_owner_tag(pg) != 0 ||
           (count_info(pg) & (PGC_flags | PGC_count_mask | PGC_state_offlined) &
            ~PGC_broken) != 0);
}

/* @d gets @pg, which is nobody's, with @nr references. */
static inline void own(struct domain *d, struct page_info *pg,
                       unsigned long flags, unsigned long nr)
    __must_hold(d->page_alloc_lock);
static inline void own(struct domain *d, struct page_info *pg,
                       unsigned long flags, unsigned long nr)
{
    check_is_nobodys(pg);
    page_list_add_tail(flags & PGC_extra ? &d->extra_pages : &d->pages, pg);
    __atomic_store_n(&pg->inuse_overlay.owner, d->tag, __ATOMIC_RELAXED);

    /* Release: who gets a reference finds the owner, and the type. Pairs with
     * get_page_any(). The state of the memory, which others change, stays. */
    __atomic_fetch_or(&pg->count_info, PGC_allocated | flags | nr,
                      __ATOMIC_RELEASE);
}

/* @pg, whose count is 0, is nobody's any more; its type is forgotten, as what
 * it contains may suit the next owner less (and be changed by the next user).
 */
static inline void disown(struct domain *d, struct page_info *pg)
    __must_hold(d->page_alloc_lock);
static inline void disown(struct domain *d, struct page_info *pg)
{
    page_list_del(list_of(d, pg), pg);
    pg->list = (struct page_list_entry){ 0, 0 };
    __atomic_store_n(&pg->inuse_overlay.type_info, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&pg->inuse_overlay.owner, 0, __ATOMIC_RELAXED);
}

/* How many more may @d own? It may own more than its quota, which was lowered.
 */
static inline unsigned long quota_left(const struct domain *d)
{
    unsigned long has = d->nr_pages + d->nr_promised;

    return has < d->max_pages ? d->max_pages - has : 0;
}

static inline int may_own(const struct domain *d, unsigned long flags,
                          unsigned long nr) __must_hold(d->page_alloc_lock);
static inline int may_own(const struct domain *d, unsigned long flags,
                          unsigned long nr)
{
    if (!domain_is_alive(d))
        return -EINVAL;

    return flags & PGC_extra || nr <= quota_left(d) ? 0 : -E2BIG;
}

/* What a type reference was taken with, a general one, has gone; so has it. */
static inline void check_type_is_unused(const struct page_info *pg)
{
    BUG_ON(__atomic_load_n(&pg->inuse_overlay.type_info, __ATOMIC_RELAXED) &
           (PGT_count_mask | (PGT_flags & ~PGT_validated)));
}

#endif /* DOMHEAP_OWN_H */
