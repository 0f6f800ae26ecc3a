/* SPDX-License-Identifier: MIT */
/*
 * The lock order, whole, in one place.
 *
 * A CPU that holds a lock may take only locks of a higher rank. So no cycle of
 * waiting CPUs can form. Debug builds check each spin_lock() against the
 * highest rank that the CPU holds.
 */
#ifndef XEN_LOCK_RANK_H
#define XEN_LOCK_RANK_H

enum lock_rank {
    LOCK_RANK_GRANTS,  /* a domain's grant table */
    LOCK_RANK_PAGES,   /* a domain's page_alloc_lock: what it owns */
    LOCK_RANK_DOMAINS, /* domains_lock: which domains there are; the last
                          reference to a domain may go with a frame */
    LOCK_RANK_MAP,     /* the memory map, while memory may be plugged in */
    LOCK_RANK_HEAP,    /* a node's lock: which chunks are whole, who takes from
                          the others; or how many frames are to leave */
    LOCK_RANK_CONSOLE, /* console_lock: a leaf, so that anyone may print */
    NR_LOCK_RANKS
};

#endif /* XEN_LOCK_RANK_H */
