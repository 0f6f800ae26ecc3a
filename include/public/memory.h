/* SPDX-License-Identifier: MIT */
/*
 * The guest's interface: memory_op(command, argument), its commands and their
 * arguments.
 */
#ifndef PUBLIC_MEMORY_H
#define PUBLIC_MEMORY_H

#include "xen.h"

/*
 * Extents of 2^extent_order frames each. The answer is how many are done; an
 * error is told by that alone. extent_start is an array of xen_pfn_t:
 *   increase   set to the first frame of each, unless it is NULL
 *   decrease   the first frame of each
 *   populate   what the guest calls the first frame of each; then set to it
 */
#define XENMEM_increase_reservation 0
#define XENMEM_decrease_reservation 1
#define XENMEM_populate_physmap     6

/* In mem_flags: below 2^bits bytes; 0: anywhere. */
#define XENMEMF_address_bits(x)     (x)
#define XENMEMF_get_address_bits(x) ((x)&0xffU)

/* And from that node, if it can be; or not at all, with the request for just
 * that node. 0: from any. The number of a virtual node says nothing here. */
#define XENMEMF_node(x)            (((x) + 1) << 8)
#define XENMEMF_get_node(x)        ((((x) >> 8) - 1) & 0xffU)
#define XENMEMF_exact_node_request (1 << 17)
#define XENMEMF_exact_node(n)      (XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode              (1 << 18)

struct xen_memory_reservation {
    xen_pfn_t *extent_start;
    xen_ulong_t nr_extents;
    unsigned int extent_order;
    unsigned int mem_flags;
    domid_t domid;
};

/*
 * Frames for as many others: in.extent_start as for decrease, out.extent_start
 * as for populate. nr_exchanged starts at 0 and says how many of the extents of
 * in are gone. Returns 0 or an error.
 */
#define XENMEM_exchange 11

struct xen_memory_exchange {
    struct xen_memory_reservation in, out;
    xen_ulong_t nr_exchanged;
};

/* The highest number of a frame of RAM, or one above it. No argument. */
#define XENMEM_maximum_ram_page 2

/* How many frames a domain owns, and how many it may; the argument points to a
 * domid_t. */
#define XENMEM_current_reservation 3
#define XENMEM_maximum_reservation 4

/* Where the machine-to-physical table is. */
#define XENMEM_machphys_mapping 12

struct xen_machphys_mapping {
    xen_ulong_t v_start, v_end; /* addresses */
    xen_ulong_t max_mfn;
};

#endif /* PUBLIC_MEMORY_H */
