/* SPDX-License-Identifier: MIT */
/*
 * The heap's tables: what it knows about each chunk.
 *
 * Their memory contains anything at first, and grows with the RAM; so it is
 * made ready a group at a time (FRAMES_PER_GROUP), when the first block of it
 * is taken, and so is the group's part of the frame table. Until then only the
 * sets of the node know about its chunks.
 */
#ifndef HEAP_TABLES_H
#define HEAP_TABLES_H

#include <xen/frame_table.h>
#include <xen/heap_statistics.h>
#include <xen/tlb.h>

#include "chunk.h"
#include "once.h"

/* By PDX / CHUNK_FRAMES. */
extern struct chunk *chunk_table;

/*
 * What is owed of flushes for a chunk. Of one that is taken apart: at least for
 * the frames that are free (atomic). Of a whole block: for all of it, in the
 * place of its first chunk, if it is among the node's `owing`.
 */
extern struct tlb_debt *debt_table;

#define CHUNKS_PER_GROUP (FRAMES_PER_GROUP / CHUNK_FRAMES)

/* The largest block, in chunks. */
#define MAX_BLOCK_CHUNKS BIT(MAX_ORDER - CHUNK_ORDER)

static inline unsigned long nr_chunks(void)
{
    return nr_pdxs / CHUNK_FRAMES;
}

/* Where each tier starts, as a PDX. */
extern unsigned long tier_start[NR_TIERS];

/* The first PDX whose frame does not end at or below the address @limit. */
unsigned long pdx_of_limit(paddr_t limit);

/* Take memory for the tables, if that has not been done; and make the nodes,
 * empty. Boot only; stops if there is none. */
void heap_tables_init(void);

/**
 * heap_open - make what is known of a block ready for use.
 *
 * The caller has the 2^@order frames from @pdx on, which belong to no one else.
 * Afterwards their chunks are there, with no frame free and no owner, and their
 * entries (frame_table_open()). Waits for
 * another CPU that is at it; no lock may be held.
 */
void heap_open(unsigned long pdx, unsigned int order);

/* Have idle CPUs open also what has been added since they began. */
void heap_open_added(void);

/* Have the chunks of the group at @pdx been made ready? */
extern unsigned long open_groups[BITMAP_LONGS(FRAME_TABLE_MAX_GROUPS)];

static inline bool heap_is_open(unsigned long pdx)
{
    return once_is_done(open_groups, pdx / FRAMES_PER_GROUP);
}

/* Those of all groups of a block, which is aligned to its size? */
static inline bool heap_block_is_open(unsigned long pdx, unsigned int order)
{
    unsigned long group = pdx / FRAMES_PER_GROUP;
    unsigned long nr = (BIT(order) + FRAMES_PER_GROUP - 1) / FRAMES_PER_GROUP;
    unsigned long bits = (BIT(nr) - 1) << group % BITS_PER_LONG;

    /* Acquire: pairs with once_set(). */
    return (~__atomic_load_n(&open_groups[group / BITS_PER_LONG],
                             __ATOMIC_ACQUIRE) &
            bits) == 0;
}

/* Has each frame of a block, which is aligned to its size, a place in the frame
 * table? */
static inline bool pdx_block_has_place(unsigned long pdx, unsigned int order)
{
    unsigned long group = pdx / FRAMES_PER_GROUP;
    unsigned long nr = (BIT(order) + FRAMES_PER_GROUP - 1) / FRAMES_PER_GROUP;

    return pdx + BIT(order) <= nr_pdxs &&
           (~ram_groups[group / BITS_PER_LONG] >> group % BITS_PER_LONG &
            (BIT(nr) - 1)) == 0;
}

_Static_assert(BIT(MAX_ORDER) / FRAMES_PER_GROUP < BITS_PER_LONG,
               "a block's groups are in one word");

/* What a free frame owes, by its entry. */
static inline struct tlb_debt debt_of(const struct page_info *pg)
{
    return (struct tlb_debt){ pg->free_overlay.tlb_taint,
                              pg->free_overlay.tlbflush_timestamp };
}

#endif /* HEAP_TABLES_H */
