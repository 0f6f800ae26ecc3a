/* SPDX-License-Identifier: MIT */
/*
 * What the heap has, node by node, and what each CPU has of it.
 *
 * Counted when asked for, from what the heap itself goes by, without stopping
 * anybody: exact where nobody uses the heap meanwhile. What is counted is in
 * one place only: a block, a chunk, or the cache of a CPU.
 */
#ifndef XEN_HEAP_STATISTICS_H
#define XEN_HEAP_STATISTICS_H

#include <xen/page_alloc.h>
#include <xen/types.h>

/* Where memory gets scarcer, by address; the scarcest first. */
enum heap_tier { TIER_BELOW_16M, TIER_BELOW_4G, TIER_ABOVE_4G, NR_TIERS };

/* Of one node, or the sum of all. Each member is a number that adds up. */
struct heap_node_statistics {
    unsigned long nr_frames;  /* given to it, ever */
    unsigned long nr_free;    /* not handed out; of them: */
    unsigned long nr_cached;  /*   in the cache of some CPU of the node */
    unsigned long nr_dirty;   /*   to be scrubbed before they are used */
    unsigned long nr_claimed; /*   promised to domains, and so not available */
    unsigned long nr_offline; /* not free: taken out of use */

    /* Free blocks, without what is cached: aligned runs in a chunk that is
     * taken apart, whole blocks from CHUNK_ORDER on. */
    unsigned long nr_blocks[NR_TIERS][NR_ORDERS];

    /* Chunks in whole blocks; those that somebody takes from; and of the others
     * those with free frames, by the order of their longest run. */
    unsigned long nr_whole, nr_owned, nr_broken[CHUNK_ORDER];
};

/* Of node @node, which there is; and of all together. */
void heap_node_statistics(unsigned int node, struct heap_node_statistics *s);
void heap_sum_statistics(struct heap_node_statistics *s);

/* Free frames of a tier that are not cached. */
unsigned long heap_tier_free(const struct heap_node_statistics *s,
                             enum heap_tier tier);

/**
 * heap_fragmentation - how much of what is free is of no use to who asks for
 * 2^@order frames.
 *
 * Per mille, 0 if nothing is free. What is cached counts as single frames: a
 * request that finds nothing else gathers it first.
 */
unsigned int heap_fragmentation(const struct heap_node_statistics *s,
                                unsigned int order);

/* What a CPU has. */
struct heap_cpu_statistics {
    unsigned int node;
    unsigned long nr_clean, nr_dirty; /* single frames */

    /* Blocks of orders below CHUNK_ORDER, and of that one. */
    unsigned long nr_small[NR_ORDERS];
    mfn_t chunk; /* it takes from, or INVALID_MFN */
};

/* False: it has not used the heap, or has left. */
bool heap_cpu_statistics(unsigned int cpu, struct heap_cpu_statistics *s);

#endif /* XEN_HEAP_STATISTICS_H */
