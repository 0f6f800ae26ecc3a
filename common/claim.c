/* SPDX-License-Identifier: MIT */
/*
 * Claims: who makes one reserves the frames where they are counted, as who is
 * about to take them does, and leaves them there. So nothing that allocates
 * has to know of claims, but for who redeems them.
 */
#include <xen/claim.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>

#include "magazine.h"

/* What is wanted, or held, by node. */
struct by_node {
    unsigned long nr[MAX_NODES];
};

/* What of a claim is the caller's, for what he is about to allocate. */
struct redeemed {
    unsigned int node;
    unsigned long nr;
    unsigned int round; /* claim_pages() since then: it is of another claim */
};

/* Release: after what was taken from the other count. Pairs with
 * node_nr_free(). */
static void add_claimed(unsigned int node, unsigned long nr)
{
    __atomic_fetch_add(&heap_nodes[node].nr_claimed, nr, __ATOMIC_RELEASE);
}

static void drop_claimed(unsigned int node, unsigned long nr)
{
    unsigned long before =
        __atomic_fetch_sub(&heap_nodes[node].nr_claimed, nr, __ATOMIC_SEQ_CST);

    BUG_ON(before < nr);
}

static unsigned long *claimed_by(struct domain *d, unsigned int node)
{
    return &d->claimed[node];
}

static void set_total(struct domain *d, unsigned long nr)
    __must_hold(d->page_alloc_lock);
static void set_total(struct domain *d, unsigned long nr)
{
    __atomic_store_n(&d->nr_claimed, nr, __ATOMIC_RELAXED);
}

/* Up to @nr of what @d has claimed of @node is the caller's: reserved. */
static unsigned long redeem(struct domain *d, unsigned int node,
                            unsigned long nr) __must_hold(d->page_alloc_lock);
static unsigned long redeem(struct domain *d, unsigned int node,
                            unsigned long nr)
{
    unsigned long *claimed = claimed_by(d, node);
    unsigned long get = *claimed < nr ? *claimed : nr;

    if (get == 0)
        return 0;
    *claimed -= get;
    set_total(d, d->nr_claimed - get);
    drop_claimed(node, get);

    return get;
}

/* How much more may it claim, or get, than @has? */
static unsigned long room_beside(const struct domain *d, unsigned long has)
{
    return has < d->max_pages ? d->max_pages - has : 0;
}

static unsigned long room(const struct domain *d)
{
    return room_beside(d, d->nr_pages + d->nr_promised);
}

void claim_reduce(struct domain *d, unsigned long nr)
{
    for (unsigned int node = nr_nodes; node-- > 0 && nr > 0;) {
        unsigned long got = redeem(d, node, nr);

        if (got > 0)
            node_unreserve(&heap_nodes[node], got);
        nr -= got;
    }
}

/* Of what was promised a part is claimed still, and the rest has been redeemed:
 * either way it has been counted. */
void claim_fit(struct domain *d)
{
    unsigned long most = room_beside(d, d->nr_pages);

    if (d->nr_claimed > most)
        claim_reduce(d, d->nr_claimed - most);
}

/* From @have to what is wanted of one node, if there is as much. */
static bool reserve_more(unsigned int node, unsigned long *have,
                         unsigned long wanted)
{
    unsigned long more = wanted > *have ? wanted - *have : 0;

    if (more > 0 && node_reserve(&heap_nodes[node], more, more) != more)
        return false;
    *have += more;

    return true;
}

/* Of what is held and not wanted of any node, then of what there is. */
static bool reserve_anywhere(struct by_node *have, struct by_node *wanted,
                             unsigned long nr)
{
    for (unsigned int round = 0; round < 2; round++) {
        for (unsigned int i = 0; i < nr_nodes && nr > 0; i++) {
            unsigned int node = node_in_order(magazines_here()->node, i);
            unsigned long more = have->nr[node] - wanted->nr[node];

            if (round > 0)
                more = node_reserve(&heap_nodes[node], nr, 1);
            if (more > nr)
                more = nr;
            if (round > 0)
                have->nr[node] += more;
            wanted->nr[node] += more;
            nr -= more;
        }
    }

    return nr == 0;
}

/* What was reserved and is not to be kept: all above @keep. */
static void give_up(const struct by_node *have, const struct by_node *keep)
{
    for (unsigned int node = 0; node < nr_nodes; node++)
        if (have->nr[node] > keep->nr[node])
            node_unreserve(&heap_nodes[node], have->nr[node] - keep->nr[node]);
}

/* @d has claimed @wanted from now on, of which @have is reserved. */
static void settle(struct domain *d, const struct by_node *have,
                   const struct by_node *wanted)
    __must_hold(d->page_alloc_lock);
static void settle(struct domain *d, const struct by_node *have,
                   const struct by_node *wanted)
{
    unsigned long sum = 0;

    for (unsigned int node = 0; node < nr_nodes; node++) {
        unsigned long *claimed = claimed_by(d, node);
        unsigned long to = wanted->nr[node];

        if (to > *claimed)
            add_claimed(node, to - *claimed);
        if (to < *claimed)
            drop_claimed(node, *claimed - to);
        *claimed = to;
        sum += to;
    }
    set_total(d, sum);
    d->claim_round++;
    give_up(have, wanted);
}

/* All of it, or nothing has changed (R12). */
static int try_to_claim(struct domain *d, const struct by_node *wanted,
                        unsigned long anywhere, unsigned long sum)
{
    struct by_node old = { { 0 } }, have, want = *wanted;
    bool is_there = true;
    int rc = 0;

    spin_lock(&d->page_alloc_lock);
    for (unsigned int node = 0; node < nr_nodes; node++)
        old.nr[node] = *claimed_by(d, node);
    have = old;
    if (!domain_is_alive(d))
        rc = -EINVAL;
    else if (sum > room(d))
        rc = -E2BIG;
    for (unsigned int node = 0; !rc && node < nr_nodes && is_there; node++)
        is_there = reserve_more(node, &have.nr[node], want.nr[node]);
    if (!rc && (!is_there || !reserve_anywhere(&have, &want, anywhere))) {
        give_up(&have, &old);
        rc = -ENOMEM;
    }
    if (!rc)
        settle(d, &have, &want);
    spin_unlock(&d->page_alloc_lock);

    return rc;
}

/* What is asked for, by node. Returns the sum; 0 and *@rc. */
static int add_up(const struct claim *claim, unsigned int nr,
                  struct by_node *wanted, unsigned long *anywhere,
                  unsigned long *sum)
{
    for (unsigned int i = 0; i < nr; i++) {
        bool any = claim[i].node == CLAIM_ANY_NODE;

        if (!any && claim[i].node >= nr_nodes)
            return -EINVAL;
        if (__builtin_add_overflow(*sum, claim[i].nr, sum))
            return -E2BIG;
        *(any ? anywhere : &wanted->nr[claim[i].node]) += claim[i].nr;
    }

    return 0;
}

int claim_pages(struct domain *d, const struct claim *claim, unsigned int nr)
{
    struct by_node wanted = { { 0 } };
    unsigned long anywhere = 0, sum = 0;
    int rc = add_up(claim, nr, &wanted, &anywhere, &sum);

    ASSERT(spin_holds_none());
    if (!rc)
        rc = try_to_claim(d, &wanted, anywhere, sum);
    if (rc != -ENOMEM || !magazines_have_any())
        return rc;

    magazines_shorten();
    rc = try_to_claim(d, &wanted, anywhere, sum);
    magazines_lengthen();

    return rc;
}

unsigned long claim_begin(struct domain *d, unsigned long nr,
                          unsigned long at_least)
{
    unsigned long may;

    spin_lock(&d->page_alloc_lock);
    may = domain_is_alive(d) ? room(d) : 0;
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
    redeemed.nr = redeem(d, node, nr);
    redeemed.round = d->claim_round;
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
    again = domain_is_alive(d) && d->claim_round == redeemed->round;
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

/* A claim of less than the block will do if the rest is there. */
static struct page_info *take_from(struct domain *d, unsigned int node,
                                   unsigned int order, paddr_t limit,
                                   unsigned int flags, unsigned long *nr)
{
    struct redeemed got = redeem_some(d, node, BIT(order));
    unsigned long rest = BIT(order) - got.nr;
    struct page_info *pg = NULL;

    if (got.nr == 0)
        return NULL;
    if (rest == 0 || node_reserve(&heap_nodes[node], rest, rest) == rest) {
        pg = alloc_heap_pages(order, limit, from_node(flags, node), NULL);
        if (!pg && rest > 0)
            node_unreserve(&heap_nodes[node], rest);
    }
    if (pg)
        *nr = got.nr;
    else
        restore(d, &got, got.nr);

    return pg;
}

struct page_info *claim_take(struct domain *d, unsigned int order,
                             paddr_t limit, unsigned int flags,
                             unsigned long *nr)
{
    struct page_info *pg = NULL;

    *nr = 0;
    for (unsigned int i = 0; i < nodes_to_try(flags) && !pg; i++)
        pg = take_from(d, node_in_order(first_node(flags), i), order, limit,
                       flags, nr);

    return pg;
}

unsigned int claim_take_stream(struct domain *d, struct heap_stream *stream,
                               paddr_t limit, unsigned int flags,
                               struct page_info **page, unsigned int nr,
                               struct tlb_debt *debt)
{
    unsigned int taken = 0;

    for (unsigned int i = 0; i < nodes_to_try(flags) && taken < nr; i++) {
        unsigned int node = node_in_order(first_node(flags), i), n;
        struct redeemed got = redeem_some(d, node, nr - taken);

        if (got.nr == 0)
            continue;
        n = alloc_heap_stream(stream, limit, from_node(flags, node),
                              page + taken, (unsigned int)got.nr, debt);
        restore(d, &got, got.nr - n);
        taken += n;
    }

    return taken;
}
