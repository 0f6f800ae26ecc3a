/* SPDX-License-Identifier: MIT */
/*
 * A node of the heap: the chunks of its memory, and where to find them.
 *
 * Free memory is a set of whole blocks, of order CHUNK_ORDER and more, and of
 * chunks that are taken apart. The buddy of a block is the neighbour that it
 * would form a block of the next order with; two of them that are whole are
 * merged. A block is a bit in the set of its order, so to split and to merge
 * are a few bits, whatever its size: no frame's entry is touched.
 *
 * Invariants, true whenever the lock is free (docs/invariants.md):
 *
 *   H1  A free frame is in one place only: a whole block, the words of a chunk
 *       that is not in one, or the cache of a CPU.
 *   H2  A block starts at a multiple of its size; all its frames are valid and
 *       of its node. Its chunks have no owner, no frame free by their words,
 *       and are in no other set.
 *   H3  No two buddies of one order below MAX_ORDER are whole: they are merged.
 *       No chunk without owner has all its frames free by its words.
 *   H4  A chunk without owner that has a frame free by its words is in the set
 *       of a run that is not shorter than its longest. One that is owned is
 *       among `owned` and in no such set.
 *   H5  As many frames are free as the node says are available or claimed, and
 *       no more than it got.
 *   H6  The entry of a frame that is free by the words of its chunk, or cached,
 *       says that it is free. It is zero apart from that, if the frame is not
 *       dirty; if it is, it may tell of a debt, which the chunk's covers (T5).
 *   H7  Frame 0 is never free.
 *   H20  What is claimed of a node is free there, and so is what is available
 *        besides.
 *   H8  What is clean owes nothing: a block in the set of the clean ones, and a
 *       chunk's frame that is not dirty.
 *   H9  A chunk's note is the number of its frames that are to leave the
 *       machine, or have left it; it is among `noted` unless that is 0, and
 *       then in no block.
 *   H10  What the node was given is free, cached, in use or offline: a frame
 *       that has left is nowhere else. Its entry says what it owes, and its
 *       chunk whether it is dirty, as when it left.
 */
#ifndef HEAP_NODE_H
#define HEAP_NODE_H

#include <xen/bit_tree.h>
#include <xen/numa.h>
#include <xen/smp.h>
#include <xen/spinlock.h>

#include "heap_tables.h"

#define NR_WHOLE_ORDERS (NR_ORDERS - CHUNK_ORDER)

enum contents { CLEAN, DIRTY, NR_CONTENTS };

struct heap_node {
    spinlock_t lock;

    /* Free frames, but for those that CPUs have cached, and those that are
     * claimed. Atomic: frames are reserved here before they are taken. */
    unsigned long nr_available;
    unsigned long nr_claimed; /* atomic; free too: <xen/claim.h> */
    unsigned long nr_frames;  /* given to it, ever */
    unsigned long nr_offline; /* of these, parked (parked.h); atomic */
    unsigned long base, end;  /* its chunks, and maybe others, lie between */

    /* Chunks on their way from a whole block to an owner: who does not find a
     * free frame looks again. Atomic. */
    unsigned long nr_between;

    /* Some chunk that is taken apart may have dirty free frames that the
     * scrubber does not know of (scrub.c). Atomic. */
    bool is_soiled;

    /* Sets of chunks, by number from `base` on; of blocks, by that over their
     * size. */
    struct bit_tree whole[NR_CONTENTS][NR_WHOLE_ORDERS];
    struct bit_tree runs[NR_CLASSES][NR_RUNS];
    struct bit_tree owned;
    unsigned int orders; /* bit k: there are whole blocks CHUNK_ORDER + k */
    unsigned int lengths[NR_CLASSES]; /* bit r: chunks with runs of 2^r */

    struct bit_tree clean; /* of whole ones, those that contain zeroes only */
    /* Of the first ones of whole blocks: those all of whose frames have entries
     * that are up to date; and those that owe a flush. */
    struct bit_tree written, owing;
    struct bit_tree noted; /* whose nr_offline is not 0 */
} __aligned(64);

extern struct heap_node heap_nodes[MAX_NODES];

/* A whole block: @chunk is the number of its first. */
struct whole {
    unsigned long chunk;
    unsigned int order;
    bool written, dirty;
    struct tlb_debt debt;
};

/* Of a chunk without RAM: some node, which does not have it. */
static inline struct heap_node *node_of_chunk(unsigned long chunk)
{
    unsigned int node = node_of_pdx(chunk * CHUNK_FRAMES);

    return &heap_nodes[node == NODE_NONE ? 0 : node];
}

/* The number of a chunk in the node's sets, or where they begin, or end. */
static inline unsigned long node_index(const struct heap_node *node,
                                       unsigned long chunk)
{
    if (chunk <= node->base)
        return 0;

    return (chunk < node->end ? chunk : node->end) - node->base;
}

/* Let there be a node of the chunks from @base up to @end, without memory.
 * @memory is what node_longs() says. Returns the first long behind it. */
unsigned long node_longs(unsigned long nr_chunks);
unsigned long *node_init(struct heap_node *node, unsigned long base,
                         unsigned long end, unsigned long *memory);

/* Reserve up to @nr of the frames that are available; returns how many. And
 * give back what of them was not taken, or what has become free. */
unsigned long node_reserve(struct heap_node *node, unsigned long nr,
                           unsigned long at_least);
void node_unreserve(struct heap_node *node, unsigned long nr);

/* Available or claimed. Who claims, or gives a claim back, takes from the one
 * before he adds to the other: so the sum is too small meanwhile. It is never
 * too large, as what went from the one to the other between the two looks would
 * make it: then it is looked at again. */
static inline unsigned long node_nr_free(const struct heap_node *node)
{
    unsigned long claimed, available;

    /* Acquire, in this order. Pairs with claim_pages(). */
    do {
        claimed = __atomic_load_n(&node->nr_claimed, __ATOMIC_ACQUIRE);
        available = __atomic_load_n(&node->nr_available, __ATOMIC_ACQUIRE);
    } while (__atomic_load_n(&node->nr_claimed, __ATOMIC_RELAXED) != claimed);

    return claimed + available;
}

/* What a CPU may keep of it for itself, so that enough is left for the others.
 */
static inline unsigned long node_share(const struct heap_node *node)
{
    return __atomic_load_n(&node->nr_available, __ATOMIC_RELAXED) /
           (16UL * nr_cpus);
}

/* Is there so much that every CPU may keep @nr frames a few times over? */
static inline bool node_has_plenty(const struct heap_node *node,
                                   unsigned long nr)
{
    return __atomic_load_n(&node->nr_available, __ATOMIC_RELAXED) >=
           16UL * nr_cpus * nr;
}

/* Is there a whole block of @order, or was there one a moment ago? While one is
 * split or merged it is nowhere: so only who has the lock can say no. */
static inline bool node_may_have(struct heap_node *node, unsigned int order)
{
    unsigned int lower = order - CHUNK_ORDER;
    bool has;

    if (likely(__atomic_load_n(&node->orders, __ATOMIC_RELAXED) >> lower != 0))
        return true;
    spin_lock(&node->lock);
    has = node->orders >> lower != 0;
    spin_unlock(&node->lock);

    return has;
}

/* Dirty frames of chunks that are taken apart are free now. */
static inline void node_soil(struct heap_node *node)
{
    /* Behind the full barrier of chunk_give(): who finds the mark set has given
     * before it is cleared, and who clears it looks for frames after that. */
    if (!__atomic_load_n(&node->is_soiled, __ATOMIC_RELAXED))
        __atomic_store_n(&node->is_soiled, true, __ATOMIC_RELEASE);
}

/* Let a block be free as a whole, and merge it. */
void node_insert(struct heap_node *node, struct whole block)
    __must_hold(node->lock);

/* Where to look: from PDX @start on, up to @end. */
struct range {
    unsigned long start, end;
};

/**
 * node_take_whole - take a block of @order in @range out of the sets.
 *
 * From the smallest that will do; of those from a clean one, or from a dirty
 * one if @prefer says so; of those from the highest, its lower part. Its frames
 * have been reserved. Returns false if there is none.
 */
bool node_take_whole(struct heap_node *node, unsigned int order,
                     struct range range, enum contents prefer,
                     struct whole *block) __must_hold(node->lock);

/* Take a dirty chunk out of a whole block that ends at or below chunk @end: of
 * the smallest there are, from the highest. Returns false if there is none. */
bool node_take_dirty(struct heap_node *node, unsigned long end,
                     struct whole *block) __must_hold(node->lock);

/* Take @chunk out of the whole block that it is in; false: it is in none. */
bool node_take_chunk(struct heap_node *node, unsigned long chunk,
                     struct whole *block) __must_hold(node->lock);

/* Note that one more frame of the chunk is to leave, or one fewer; and is there
 * a note in a block? A chunk with a note is never whole. */
void node_note(struct heap_node *node, unsigned long chunk)
    __must_hold(node->lock);
void node_unnote(struct heap_node *node, unsigned long chunk)
    __must_hold(node->lock);
bool node_has_note(struct heap_node *node, const struct whole *block)
    __must_hold(node->lock);

/* The chunk that @chunk's whole block starts with, or BIT_TREE_NONE. */
unsigned long node_block_of(struct heap_node *node, unsigned long chunk,
                            unsigned int *order) __must_hold(node->lock);

/**
 * node_place - move a chunk to where it belongs, after a change of its words.
 *
 * Does nothing to one that has an owner. Stops if it is whole already: then a
 * frame has been freed that was free.
 */
void node_place(struct heap_node *node, unsigned long chunk)
    __must_hold(node->lock);

/* Take a run of 2^@order below frame @end of a chunk without owner; returns the
 * first frame's number in the chunk, or CHUNK_FRAMES. */
unsigned int node_take_run(struct heap_node *node, unsigned long chunk,
                           unsigned int order, unsigned int end)
    __must_hold(node->lock);

/* @owner takes from the chunk, which is in no block, from now on; or nobody. */
void node_own(struct heap_node *node, unsigned long chunk, uint32_t owner)
    __must_hold(node->lock);
void node_disown(struct heap_node *node, unsigned long chunk)
    __must_hold(node->lock);

/* The last chunk before @number (BIT_TREE_NONE: of all) that somebody owns, or
 * BIT_TREE_NONE. */
unsigned long node_last_owned(struct heap_node *node, unsigned long number)
    __must_hold(node->lock);

/* The highest chunk of @range, which may cut it, that has no owner and is in
 * the set of the shortest run that will do for 2^@order, or BIT_TREE_NONE. */
unsigned long node_find_run(struct heap_node *node, enum chunk_class class,
                            unsigned int order, struct range range)
    __must_hold(node->lock);

#endif /* HEAP_NODE_H */
