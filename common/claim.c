/* SPDX-License-Identifier: MIT */
/*
 * Claims: who makes one reserves the frames where they are counted, as who is
 * about to take them does, and leaves them there. So nothing that allocates
 * has to know of claims, but for who redeems them (claim_redeem.c).
 */
#include <xen/claim.h>
#include <xen/errno.h>
#include <xen/offline.h>
#include <xen/page_alloc.h>

#include "claim_counts.h"
#include "magazine.h"

/* What is wanted, or held, by node. */
struct by_node {
    unsigned long nr[MAX_NODES];
};

unsigned long claim_redeem(struct domain *d, unsigned int node,
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

void claim_reduce(struct domain *d, unsigned long nr)
{
    for (unsigned int node = nr_nodes; node-- > 0 && nr > 0;) {
        unsigned long got = claim_redeem(d, node, nr);

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
    d->nr_claims++;
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
    else if (sum > claim_room(d))
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
    if (rc == -ENOMEM) {
        magazines_shorten();
        rc = try_to_claim(d, &wanted, anywhere, sum);
        magazines_lengthen();
    }
    /* Of what was claimed before. */
    if (!rc)
        offline_go_on();

    return rc;
}
