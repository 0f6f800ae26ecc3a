/* SPDX-License-Identifier: MIT */
/* What is claimed, by node and by domain, for the files that change it. */
#ifndef CLAIM_COUNTS_H
#define CLAIM_COUNTS_H

#include <xen/bug.h>
#include <xen/claim.h>

#include "heap_node.h"

/* Release: after what was taken from the other count. Pairs with
 * node_nr_free(). */
static inline void add_claimed(unsigned int node, unsigned long nr)
{
    __atomic_fetch_add(&heap_nodes[node].nr_claimed, nr, __ATOMIC_RELEASE);
}

static inline void drop_claimed(unsigned int node, unsigned long nr)
{
    unsigned long before =
        __atomic_fetch_sub(&heap_nodes[node].nr_claimed, nr, __ATOMIC_SEQ_CST);

    BUG_ON(before < nr);
}

static inline unsigned long *claimed_by(struct domain *d, unsigned int node)
{
    return &d->claimed[node];
}

static inline void set_total(struct domain *d, unsigned long nr)
    __must_hold(d->page_alloc_lock);
static inline void set_total(struct domain *d, unsigned long nr)
{
    __atomic_store_n(&d->nr_claimed, nr, __ATOMIC_RELAXED);
}

/* How much more may it claim, or get, than @has? */
static inline unsigned long room_beside(const struct domain *d,
                                        unsigned long has)
{
    return has < d->max_pages ? d->max_pages - has : 0;
}

static inline unsigned long claim_room(const struct domain *d)
{
    return room_beside(d, d->nr_pages + d->nr_promised);
}

/* Up to @nr of what @d has claimed of @node is the caller's: reserved. */
unsigned long claim_redeem(struct domain *d, unsigned int node,
                           unsigned long nr) __must_hold(d->page_alloc_lock);

#endif /* CLAIM_COUNTS_H */
