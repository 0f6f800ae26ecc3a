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
 *   H1  A free frame is in one place only: a whole block, which is in a set or
 *       kept, the words of a chunk that is not in one, or the cache of a CPU.
 *       What a block that is being halved has left is in no place yet.
 *   H2  A block starts at a multiple of its size; all its frames are valid and
 *       of its node. Its chunks have no owner, no frame free by their words,
 *       and are in no other set.
 *   H3  No two buddies of one order below MAX_ORDER are whole: they are merged,
 *       but for the block that is kept.
 *       No chunk without owner has all its frames free by its words, but one
 *       with a note.
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

/* Where to look: from PDX @start on, up to @end. */
struct range {
    unsigned long start, end;
};

/* A whole block: @chunk is the number of its first. */
struct whole {
    unsigned long chunk;
    unsigned int order;
    bool written, dirty;
    struct tlb_debt debt;
};

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

    /* Blocks that are being halved, for their parts: see
     * node_wait_for_halves(). Who has no lock may ask. */
    unsigned int nr_halved;

    /* The block that was given back last, until it is wanted again, or somebody
     * takes the lock for something else and merges it: see node_lock(). Bit k
     * (atomic): there is one, of CHUNK_ORDER + k. */
    unsigned int kept_orders;
    struct whole kept;

    /* What lies between these of each tier. Bit t: there is some of tier t. */
    struct range tier[NR_TIERS];
    unsigned int tiers;

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

/* nr_nodes of them, as soon as there is a heap. */
extern struct heap_node *heap_nodes;

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

#include "heap_sets.h"

#include "heap_available.h"

#endif /* HEAP_NODE_H */
