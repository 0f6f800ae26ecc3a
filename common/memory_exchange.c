/* SPDX-License-Identifier: MIT */
/*
 * memory_op's exchange: some frames of a domain's for as many others, usually
 * for ones that follow one another or lie low.
 *
 * It is done a chunk at a time: the frames of one extent of that side which has
 * the larger ones. All that can fail of a chunk comes first, and is undone if
 * it does: frames are taken from the heap, and then from the domain, which
 * stays charged for them. So the domain owns at no time more than it may.
 */
#include <public/xen.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/page_list.h>

#include <asm/contents.h>
#include <asm/processor.h>

#include "memory_op.h"

struct exchange {
    struct xen_memory_exchange op;
    struct domain *d;
    uint64_t in, out; /* the guest's lists */

    /* A chunk has that many extents. */
    unsigned int in_order, out_order;

    /* Of the chunk at hand: frames that nobody owns. */
    struct page_list stolen; /* single frames */
    struct page_list fresh;  /* the first ones of extents, which are named */
};

static struct page_info *take_first(struct page_list *list)
{
    struct page_info *pg = page_list_first(list);

    if (pg) {
        page_list_del(list, pg);
        pg->list = (struct page_list_entry){ 0, 0 };
    }

    return pg;
}

/* What the guest will call them stands in the M2P from now on. */
static void name_frames(mfn_t mfn, unsigned int order, uint64_t gfn)
{
    for (unsigned long i = 0; i < BIT(order); i++)
        m2p_set(mfn_add(mfn, i), gfn == M2P_INVALID ? gfn : gfn + i);
}

/* Frames of the heap's for one extent of the chunk. */
static int take_extent(struct exchange *e, unsigned long i)
{
    unsigned int order = e->op.out.extent_order;
    paddr_t limit = extent_limit(e->op.out.mem_flags);
    struct page_info *pg;
    unsigned int flags;
    xen_pfn_t gfn;

    if (copy_element_from_guest(&gfn, e->out, i, sizeof(gfn)))
        return -EFAULT;
    if (!extent_node(e->op.out.mem_flags, &flags))
        return -ENOMEM;
    pg = alloc_heap_pages(
        order, limit < CONTENTS_LIMIT ? limit : CONTENTS_LIMIT, flags, NULL);
    if (!pg)
        return -ENOMEM;
    if (order >= CHUNK_ORDER)
        heap_clear_entries(pg, order);
    name_frames(page_to_mfn(pg), order, gfn);
    page_list_add_tail(&e->fresh, pg);

    return 0;
}

/* The frames of the domain's that one extent of the chunk names. */
static int steal_extent(struct exchange *e, unsigned long i,
                        struct tlb_debt *debt)
{
    xen_pfn_t mfn;

    if (copy_element_from_guest(&mfn, e->in, i, sizeof(mfn)))
        return -EFAULT;
    for (unsigned long n = 0; n < BIT(e->op.in.extent_order); n++) {
        mfn_t frame = mfn_add(_mfn(mfn), n);

        if (!mfn_valid(frame) ||
            steal_page(e->d, mfn_to_page(frame), true, debt))
            return -EINVAL;
        page_list_add_tail(&e->stolen, mfn_to_page(frame));
    }

    return 0;
}

static int take_chunk(struct exchange *e, unsigned long chunk)
{
    struct tlb_debt debt = TLB_NO_DEBT;
    int rc = 0;

    for (unsigned long i = 0; i < BIT(e->out_order) && !rc; i++)
        rc = take_extent(e, (chunk << e->out_order) + i);
    for (unsigned long i = 0; i < BIT(e->in_order) && !rc; i++)
        rc = steal_extent(e, (chunk << e->in_order) + i, &debt);
    /* Once for all that was stolen, wherever that goes. */
    tlb_debt_pay(debt);

    return rc;
}

static void undo_chunk(struct exchange *e)
{
    struct page_info *pg;

    while ((pg = take_first(&e->stolen)) != NULL)
        unsteal_page(e->d, pg);
    while ((pg = take_first(&e->fresh)) != NULL) {
        name_frames(page_to_mfn(pg), e->op.out.extent_order, M2P_INVALID);
        free_heap_pages(pg, e->op.out.extent_order, TLB_NO_DEBT);
    }
}

/* The domain is charged for @pg already; if it has begun to die it gets none.
 */
static bool give_page(struct exchange *e, struct page_info *pg)
{
    if (donate_page(e->d, pg, true) == 0)
        return true;
    free_domheap_page(pg);
    drop_charge(e->d);

    return false;
}

static int give_extent(struct exchange *e, struct page_info *pg,
                       unsigned long i)
{
    xen_pfn_t mfn = mfn_x(page_to_mfn(pg));
    bool given = true;

    for (unsigned long n = 0; n < BIT(e->op.out.extent_order); n++)
        given &= give_page(e, pg + n);
    if (!given)
        return -EINVAL;

    return copy_element_to_guest(e->out, i, &mfn, sizeof(mfn));
}

/* From here on the chunk is exchanged, whatever the guest can be told of it. */
static int give_chunk(struct exchange *e, unsigned long chunk)
{
    unsigned long i = chunk << e->out_order;
    struct page_info *pg;
    int rc = 0;

    while ((pg = take_first(&e->stolen)) != NULL)
        free_domheap_page(pg);
    while ((pg = take_first(&e->fresh)) != NULL) {
        int failed = give_extent(e, pg, i++);

        rc = rc ?: failed;
    }

    return rc;
}

static int exchange_chunk(struct exchange *e, unsigned long chunk)
{
    int rc = take_chunk(e, chunk);

    if (rc) {
        undo_chunk(e);
        return rc;
    }
    e->op.nr_exchanged = (chunk + 1) << e->in_order;

    return give_chunk(e, chunk);
}

static int exchange_all(struct exchange *e)
{
    unsigned long first = e->op.nr_exchanged >> e->in_order;
    unsigned long nr = e->op.in.nr_extents >> e->in_order;

    for (unsigned long chunk = first; chunk < nr; chunk++) {
        int rc;

        if (chunk > first && cpu_must_yield())
            return -ERESTART;
        rc = exchange_chunk(e, chunk);
        if (rc)
            return rc;
    }

    return 0;
}

static bool list_ok(uint64_t list, unsigned long nr)
{
    uint64_t size;

    return !__builtin_mul_overflow(nr, sizeof(xen_pfn_t), &size) &&
           guest_range_ok(list, size);
}

/* Is it a demand that makes sense? And how is it cut into chunks? */
static int understand(struct exchange *e, const struct vcpu *v)
{
    const struct xen_memory_reservation *in = &e->op.in, *out = &e->op.out;
    unsigned int max = extent_order_max(v->domain);

    if (in->extent_order > max || out->extent_order > max)
        return -EPERM;
    if (e->op.nr_exchanged > in->nr_extents || in->domid != out->domid ||
        in->nr_extents > ~0UL >> in->extent_order ||
        out->nr_extents > ~0UL >> out->extent_order ||
        in->nr_extents << in->extent_order != out->nr_extents
                                                  << out->extent_order)
        return -EINVAL;
    e->in = (uint64_t)in->extent_start;
    e->out = (uint64_t)out->extent_start;
    if (!list_ok(e->in, in->nr_extents) || !list_ok(e->out, out->nr_extents))
        return -EFAULT;
    if (in->extent_order < out->extent_order)
        e->in_order = out->extent_order - in->extent_order;
    else
        e->out_order = in->extent_order - out->extent_order;

    return 0;
}

static int find_domain(struct exchange *e, const struct vcpu *v)
{
    e->d = named_domain_get(v, e->op.in.domid);
    if (!e->d)
        return -ESRCH;

    return may_act_for(v, e->d) ? 0 : -EPERM;
}

void memory_exchange(struct vcpu *v, struct hypercall *call)
{
    struct exchange e = { .stolen = PAGE_LIST_EMPTY, .fresh = PAGE_LIST_EMPTY };
    uint64_t argument = call->argument[1];
    int rc;

    if (call->argument[0] >> MEMOP_EXTENT_SHIFT) {
        call->result = -EINVAL;
        return;
    }
    if (copy_from_guest(&e.op, argument, sizeof(e.op))) {
        call->result = -EFAULT;
        return;
    }
    rc = understand(&e, v);
    if (!rc)
        rc = find_domain(&e, v);
    if (!rc)
        rc = exchange_all(&e);
    named_domain_put(v, e.d);
    /* Where the next part begins stands in the guest's memory alone. */
    if (copy_to_guest(argument +
                          offsetof(struct xen_memory_exchange, nr_exchanged),
                      &e.op.nr_exchanged, sizeof(e.op.nr_exchanged)))
        rc = -EFAULT;
    call->restart = rc == -ERESTART;
    if (!call->restart)
        call->result = rc;
}
