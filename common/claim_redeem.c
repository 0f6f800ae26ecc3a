/* SPDX-License-Identifier: MIT */
/*
 * What is allocated for a domain redeems its claim: what of that is reserved is
 * the allocation's, and is claimed again if it fails.
 */
#include <xen/claim.h>
#include <xen/offline.h>
#include <xen/page_alloc.h>

#include "claim_counts.h"
#include "magazine.h"
#include "parked.h"

/* What of a claim is the caller's, for what he is about to allocate. */
struct redeemed {
    unsigned int node;
    unsigned long nr;
    unsigned long nr_claims; /* if that has changed it is of another claim */
};

unsigned long claim_begin(struct domain *d, unsigned long nr,
                          unsigned long at_least)
{
    unsigned long may;

    spin_lock(&d->page_alloc_lock);
    may = domain_is_alive(d) ? claim_room(d) : 0;
    if (may > nr)
        may = nr;
    if (may < at_least)
        may = 0;
    d->nr_promised += may;
    spin_unlock(&d->page_alloc_lock);

    return may;
}

void claim_end(struct domain *d, unsigned long nr)
{
    BUG_ON(d->nr_promised < nr);
    d->nr_promised -= nr;
}

static struct redeemed redeem_some(struct domain *d, unsigned int node,
                                   unsigned long nr)
{
    struct redeemed redeemed = { .node = node };

    spin_lock(&d->page_alloc_lock);
    redeemed.nr = claim_redeem(d, node, nr);
    redeemed.nr_claims = d->nr_claims;
    spin_unlock(&d->page_alloc_lock);

    return redeemed;
}

/* @nr of what was redeemed are claimed again; but free, if the domain has begun
 * to die, or another claim has taken the place of the one that it was of. */
static void restore(struct domain *d, const struct redeemed *redeemed,
                    unsigned long nr)
{
    bool again;

    if (nr == 0)
        return;
    spin_lock(&d->page_alloc_lock);
    again = domain_is_alive(d) && d->nr_claims == redeemed->nr_claims;
    if (again) {
        add_claimed(redeemed->node, nr);
        *claimed_by(d, redeemed->node) += nr;
        set_total(d, d->nr_claimed + nr);
        claim_fit(d);
    }
    spin_unlock(&d->page_alloc_lock);
    if (!again)
        node_unreserve(&heap_nodes[redeemed->node], nr);
}

/* Frames that are to leave the machine, and are claimed, leave it out of the
 * claim of who comes by. True: then it is worth while to try again. */
static bool let_leave(struct domain *d, unsigned int node)
{
    struct redeemed got;
    unsigned long nr;

    if (!any_leaving())
        return false;
    got = redeem_some(d, node, offline_nr_pending());
    nr = park_waiting(&heap_nodes[node], got.nr);
    restore(d, &got, got.nr - nr);

    return nr > 0;
}

/* The nodes to redeem claims of, by the flags of a request: the first one, and
 * how many. */
static unsigned int first_node(unsigned int flags)
{
    return flags >= HEAP_NODE(0) ? flags / HEAP_NODE(0) - 1
                                 : magazines_here()->node;
}

static unsigned int nodes_to_try(unsigned int flags)
{
    return flags & HEAP_EXACT_NODE ? 1 : nr_nodes;
}

/* How the heap is asked, once it is known which node. */
static unsigned int from_node(unsigned int flags, unsigned int node)
{
    return (flags & (HEAP_NO_SCRUB | HEAP_LONG_LIVED)) | HEAP_RESERVED |
           HEAP_NODE(node);
}

/* What the claim lacks: of what is there, or of what CPUs have cached too. */
static bool reserve_rest(struct heap_node *node, unsigned long nr, bool call_in)
{
    bool got = nr == 0 || node_reserve(node, nr, nr) == nr;

    if (got || !call_in)
        return got;
    magazines_shorten();
    got = node_reserve(node, nr, nr) == nr;
    magazines_lengthen();

    return got;
}

/* How a block is wanted. */
struct wanted {
    unsigned int order;
    paddr_t limit;
    unsigned int flags;
    bool call_in;
};

/* A claim of less than the block will do if the rest is there. */
static struct page_info *try_to_take(struct domain *d, unsigned int node,
                                     const struct wanted *want,
                                     unsigned long *nr)
{
    struct redeemed got = redeem_some(d, node, BIT(want->order));
    unsigned long rest = BIT(want->order) - got.nr;
    struct page_info *pg = NULL;

    if (got.nr == 0)
        return NULL;
    if (reserve_rest(&heap_nodes[node], rest, want->call_in)) {
        pg = alloc_heap_pages(want->order, want->limit,
                              from_node(want->flags, node), NULL);
        if (!pg && rest > 0)
            node_unreserve(&heap_nodes[node], rest);
    }
    if (pg)
        *nr = got.nr;
    else
        restore(d, &got, got.nr);

    return pg;
}

static struct page_info *take_from(struct domain *d, unsigned int node,
                                   const struct wanted *want, unsigned long *nr)
{
    struct page_info *pg;

    do
        pg = try_to_take(d, node, want, nr);
    while (!pg && let_leave(d, node));

    return pg;
}

struct page_info *claim_take(struct domain *d, unsigned int order,
                             paddr_t limit, unsigned int flags, bool call_in,
                             unsigned long *nr)
{
    struct wanted want = { order, limit, flags, call_in };
    struct page_info *pg = NULL;

    *nr = 0;
    for (unsigned int i = 0; i < nodes_to_try(flags) && !pg; i++)
        pg = take_from(d, node_in_order(first_node(flags), i), &want, nr);

    return pg;
}

static unsigned int take_some(struct domain *d, struct heap_stream *stream,
                              unsigned int node, paddr_t limit,
                              unsigned int flags, struct page_info **page,
                              unsigned int nr, struct tlb_debt *debt)
{
    struct redeemed got = redeem_some(d, node, nr);
    unsigned int taken;

    if (got.nr == 0)
        return 0;
    taken = alloc_heap_stream(stream, limit, from_node(flags, node), page,
                              (unsigned int)got.nr, debt);
    restore(d, &got, got.nr - taken);

    return taken;
}

unsigned int claim_take_stream(struct domain *d, struct heap_stream *stream,
                               paddr_t limit, unsigned int flags,
                               struct page_info **page, unsigned int nr,
                               struct tlb_debt *debt)
{
    unsigned int taken = 0;

    for (unsigned int i = 0; i < nodes_to_try(flags) && taken < nr; i++) {
        unsigned int node = node_in_order(first_node(flags), i);

        do
            taken += take_some(d, stream, node, limit, flags, page + taken,
                               nr - taken, debt);
        while (taken < nr && let_leave(d, node));
    }

    return taken;
}
