/* SPDX-License-Identifier: MIT */
/* memory_op's exchange: a chunk either succeeds, or it has never been. */
#include <public/xen.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/m2p.h>

#include <public/memory.h>

#include "naive_calls.h"

struct exchange {
    struct naive_caller *c;
    struct xen_memory_exchange op;
    unsigned int d;
    unsigned long in_per_chunk, out_per_chunk; /* extents */
};

static bool is_list_ok(const struct xen_memory_reservation *r)
{
    return r->nr_extents <= ~0UL / 8 &&
           naive_range_ok((uint64_t)r->extent_start, r->nr_extents * 8);
}

static bool is_overflow(const struct xen_memory_reservation *r)
{
    return r->nr_extents > ~0UL >> r->extent_order;
}

static int understand(struct exchange *e)
{
    const struct xen_memory_reservation *in = &e->op.in, *out = &e->op.out;
    unsigned int max = e->c->g->domain[e->c->d].privileged ? 12 : 9;

    if (in->extent_order > max || out->extent_order > max)
        return -EPERM;
    if (e->op.nr_exchanged > in->nr_extents || in->domid != out->domid ||
        is_overflow(in) || is_overflow(out) ||
        in->nr_extents << in->extent_order != out->nr_extents
                                                  << out->extent_order)
        return -EINVAL;
    if (!is_list_ok(in) || !is_list_ok(out))
        return -EFAULT;
    e->in_per_chunk = e->out_per_chunk = 1;
    if (in->extent_order < out->extent_order)
        e->in_per_chunk = BIT(out->extent_order - in->extent_order);
    else
        e->out_per_chunk = BIT(in->extent_order - out->extent_order);
    e->d = naive_domain_of(e->c, in->domid);
    if (e->d >= NAIVE_DOMAINS)
        return -ESRCH;

    return naive_may_act_for(e->c, e->d) ? 0 : -EPERM;
}

static uint64_t at(const xen_pfn_t *list, unsigned long i)
{
    return (uint64_t)list + 8 * i;
}

/* Its owner's alone, with no other reference. */
static bool steal(struct exchange *e, unsigned long mfn)
{
    struct naive_guests *g = e->c->g;
    unsigned int f = naive_frame_of(g, mfn);

    if (f == NAIVE_NONE || g->frame[f].owner != e->d + 1 ||
        !g->frame[f].allocated || naive_count_of(g, f).general != 1)
        return false;
    g->frame[f] = (struct naive_frame){ .m2p = M2P_INVALID };

    return true;
}

static unsigned int chunk_order(const struct exchange *e)
{
    return e->op.in.extent_order > e->op.out.extent_order
               ? e->op.in.extent_order
               : e->op.out.extent_order;
}

static int take(struct exchange *e, unsigned long chunk, bool no_memory)
{
    xen_pfn_t number;

    for (unsigned long i = 0; i < e->out_per_chunk; i++) {
        if (!naive_read(
                e->c, at(e->op.out.extent_start, chunk * e->out_per_chunk + i),
                &number, sizeof(number)))
            return -EFAULT;
        if (no_memory) {
            EXPECT(e->op.out.mem_flags & 0xff ||
                   !naive_node_ok(e->op.out.mem_flags) ||
                   !e->c->heap_has(chunk_order(e)));
            return -ENOMEM;
        }
    }
    for (unsigned long i = 0; i < e->in_per_chunk; i++) {
        if (!naive_read(e->c,
                        at(e->op.in.extent_start, chunk * e->in_per_chunk + i),
                        &number, sizeof(number)))
            return -EFAULT;
        for (unsigned long n = 0; n < BIT(e->op.in.extent_order); n++)
            if (!steal(e, number + n))
                return -EINVAL;
    }

    return 0;
}

/* The frames that the core says it gave for an extent. */
static void give(struct exchange *e, unsigned long i)
{
    struct naive_caller after = *e->c;
    xen_pfn_t gfn, mfn;

    after.memory = e->c->memory_after;
    EXPECT(naive_read(e->c, at(e->op.out.extent_start, i), &gfn, sizeof(gfn)));
    EXPECT(
        naive_read(&after, at(e->op.out.extent_start, i), &mfn, sizeof(mfn)));
    for (unsigned long n = 0; n < BIT(e->op.out.extent_order); n++) {
        unsigned int f = naive_frame_of(e->c->g, mfn + n);

        EXPECT(f != NAIVE_NONE && e->c->g->frame[f].owner == 0);
        if (f == NAIVE_NONE)
            return;
        e->c->g->frame[f] = (struct naive_frame){
            .owner = e->d + 1,
            .allocated = true,
            .m2p = gfn == M2P_INVALID ? gfn : gfn + n,
        };
    }
}

static int exchange_chunk(struct exchange *e, unsigned long chunk,
                          bool no_memory)
{
    static struct naive_guests before;
    bool alive = e->c->g->domain[e->d].state == DOMAIN_ALIVE;
    int rc;

    before = *e->c->g;
    rc = take(e, chunk, no_memory);
    if (rc) {
        /* What a domain that dies has lost, it does not get back. */
        if (alive)
            *e->c->g = before;
        return rc;
    }
    e->op.nr_exchanged = (chunk + 1) * e->in_per_chunk;
    for (unsigned long i = 0; i < e->out_per_chunk && alive; i++)
        give(e, chunk * e->out_per_chunk + i);

    return alive ? 0 : -EINVAL;
}

long naive_exchange(struct naive_caller *c, uint64_t argument)
{
    struct exchange e = { .c = c };
    unsigned long start;
    int rc;

    if (!naive_read(c, argument, &e.op, sizeof(e.op)))
        return -EFAULT;
    start = e.op.nr_exchanged;
    rc = understand(&e);
    if (rc)
        return rc;
    for (unsigned long chunk = start / e.in_per_chunk;
         chunk < e.op.in.nr_extents / e.in_per_chunk && !rc &&
         c->nr_done < c->limit;
         chunk++) {
        rc = exchange_chunk(&e, chunk,
                            c->result == -ENOMEM &&
                                e.op.nr_exchanged - start == c->nr_served);
        c->nr_done = e.op.nr_exchanged - start;
    }

    return rc;
}
