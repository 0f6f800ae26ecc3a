/* SPDX-License-Identifier: MIT */
/*
 * Claims: memory that a domain has been promised, and has not got yet.
 *
 * A claim is a number of frames, of a node or of any. They are free, but only
 * what is allocated for the domain gets them: all other requests fail as if
 * they were in use. What CPUs have cached can not be claimed; it is called in
 * where a claim would fail, so that if one does fail that is definite.
 *
 * What is allocated for the domain redeems its claim: on the nearest node that
 * it has one on, then on the next ones. Where it has none, or none with a block
 * that will do, other memory is taken, and as much of the claim is given back:
 * the promise was of so many frames in all. Frames that are not charged
 * (ASSIGN_EXTRA) neither redeem it nor reduce it. What was redeemed, and then
 * not allocated, is claimed again.
 *
 * Claims of a domain and what it owns do not exceed its quota together: of what
 * it gets otherwise (donate_page()) as much of its claims is given back as
 * would not fit. A domain that dies has none from that moment on.
 *
 * Memory may fail that is claimed (<xen/offline.h>). Then whose claim of that
 * node is redeemed next, and meets it, has claimed as much less.
 *
 * So claims never lie (I28 to I31 of <xen/audit.h>, H20 of the heap). Frames on
 * their way, from a claim to the domain, are in neither count: see
 * node_nr_free() for what may be seen meanwhile.
 *
 * Locking: each function takes the domain's page_alloc_lock itself, but for
 * those that say that it is held.
 */
#ifndef XEN_CLAIM_H
#define XEN_CLAIM_H

#include <xen/compiler.h>
#include <xen/domain.h>

#define CLAIM_ANY_NODE (~0U)

struct claim {
    unsigned int node; /* or CLAIM_ANY_NODE */
    unsigned long nr;
};

/**
 * claim_pages - claim what @claim[0] to @claim[@nr - 1] say for @d, all of it.
 *
 * In the place of what it has claimed before: with @nr 0 it has no claim any
 * more. May ask other CPUs for what they have cached, and wait: no spinlock may
 * be held.
 *
 * Returns 0, or, and its claim is what it was: -EINVAL, @d is not alive, or
 * there is no such node; -E2BIG, it would own more than its quota; -ENOMEM,
 * there is too little that is free and not claimed.
 */
__must_check int claim_pages(struct domain *d, const struct claim *claim,
                             unsigned int nr);

/* For allocations: has @d any claim? A moment's view. */
static inline bool claim_is_there(const struct domain *d)
{
    return unlikely(__atomic_load_n(&d->nr_claimed, __ATOMIC_RELAXED) != 0);
}

/**
 * claim_begin - @nr frames are about to be allocated for @d.
 *
 * So much of its quota is kept for them until claim_end(). @at_least of them
 * will do. Returns how many @d may have, or 0.
 */
unsigned long claim_begin(struct domain *d, unsigned long nr,
                          unsigned long at_least);
void claim_end(struct domain *d, unsigned long nr)
    __must_hold(d->page_alloc_lock);

/**
 * claim_take - a block of @order out of what @d has claimed; or NULL.
 *
 * As alloc_heap_pages(). *@nr is set to how much of the claim it was. What the
 * claim lacks of a block is taken of what is free; with @call_in, where nothing
 * else would do, of what CPUs have cached too. If @flags name a node it is from
 * the claim nearest to that, or, with HEAP_EXACT_NODE, from the one on it.
 * Between claim_begin() and claim_end().
 */
struct page_info *claim_take(struct domain *d, unsigned int order,
                             paddr_t limit, unsigned int flags, bool call_in,
                             unsigned long *nr);

/* The same as alloc_heap_stream(). */
unsigned int claim_take_stream(struct domain *d, struct heap_stream *stream,
                               paddr_t limit, unsigned int flags,
                               struct page_info **page, unsigned int nr,
                               struct tlb_debt *debt);

/* Give back @nr of its claims, wherever, or all there are; and what of them
 * would not fit into the quota. */
void claim_reduce(struct domain *d, unsigned long nr)
    __must_hold(d->page_alloc_lock);
void claim_fit(struct domain *d) __must_hold(d->page_alloc_lock);

#endif /* XEN_CLAIM_H */
