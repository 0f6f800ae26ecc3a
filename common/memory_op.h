/* SPDX-License-Identifier: MIT */
/* The parts of memory_op: what its files have in common. */
#ifndef MEMORY_OP_H
#define MEMORY_OP_H

#include <public/memory.h>
#include <xen/compiler.h>
#include <xen/hypercall.h>
#include <xen/numa.h>
#include <xen/page_alloc.h>

/* The largest extents that a domain may ask for: what is done of a call without
 * a chance to yield is one. */
#define EXTENT_ORDER_MAX            9U
#define EXTENT_ORDER_MAX_PRIVILEGED 12U

static inline unsigned int extent_order_max(const struct domain *d)
{
    return d->privileged ? EXTENT_ORDER_MAX_PRIVILEGED : EXTENT_ORDER_MAX;
}

/*
 * The limit, a machine address, that mem_flags ask for: all memory, or the
 * nearest below at which the heap keeps what is lower apart. To search what is
 * above that, block by block, is more than a guest may ask for.
 */
static inline paddr_t extent_limit(unsigned int mem_flags)
{
    unsigned int bits = XENMEMF_get_address_bits(mem_flags);

    if (bits == 0 || bits >= PADDR_BITS ||
        mfn_to_maddr(pdx_to_mfn(nr_pdxs - 1)) < BIT(bits))
        return HEAP_NO_LIMIT;
    if (bits >= 32)
        return BIT(32);

    return bits >= 24 ? BIT(24) : BIT(bits);
}

/*
 * The node that mem_flags ask for, as HEAP_NODE() and HEAP_EXACT_NODE.
 *
 * One that the machine does not have has no memory: so another one will do, or
 * none. False: that, or one that no machine has.
 */
static inline bool extent_node(unsigned int mem_flags, unsigned int *flags)
{
    unsigned int node = XENMEMF_get_node(mem_flags);
    bool exact = mem_flags & XENMEMF_exact_node_request;

    *flags = 0;
    if (node == XENMEMF_get_node(0U) || mem_flags & XENMEMF_vnode)
        return true;
    if (node >= nr_nodes)
        return node < MAX_NODES && !exact;
    *flags = HEAP_NODE(node) | (exact ? HEAP_EXACT_NODE : 0);

    return true;
}

/* Serves XENMEM_exchange. */
void memory_exchange(struct vcpu *v, struct hypercall *call);

#endif /* MEMORY_OP_H */
