/* SPDX-License-Identifier: MIT */
/*
 * The set of free blocks. The heap's own, not for its users.
 *
 * Free memory is a set of blocks of 2^order frames, each aligned to its size.
 * The buddy of a block is the neighbour that it would form a block of the next
 * order with: its frame number differs in bit 'order' alone. Taking a frame
 * splits a block; giving it back merges buddies again.
 *
 * Invariants, true whenever heap_lock is free (docs/invariants.md):
 *
 *   H1  A free frame is in one free block only.
 *   H2  Of a free block only the head's entry is marked free, and tells the
 *       order; the entries of its other frames are zero.
 *   H3  Each head is on one list: that of its tier and order; and nothing else
 *       is. The links of neighbours on a list agree.
 *   H4  A block starts at a multiple of its size, and all its frames are valid.
 *   H5  No two buddies of one order below MAX_ORDER are free: they are merged.
 *   H6  The counts of blocks and of frames are those of the blocks there are,
 *       and no more frames are free than the heap was given.
 *   H7  Frame 0 is in no block. So no block reaches from tier to tier.
 *   H8  On each list the blocks that owe no TLB flush come first. A block that
 *       owes none has no time either.
 *
 * From H1 to H5 it follows that the set of free frames alone decides what the
 * blocks are, in whichever order the frames became free.
 */
#ifndef FREE_BLOCKS_H
#define FREE_BLOCKS_H

#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/page_list.h>
#include <xen/spinlock.h>

/* Memory by what can reach it, the scarcest first. */
enum heap_tier { TIER_BELOW_16M, TIER_BELOW_4G, TIER_ABOVE_4G, NR_TIERS };

struct heap {
    struct page_list free[NR_TIERS][NR_ORDERS];
    unsigned long nr_blocks[NR_ORDERS];
    unsigned long nr_free;    /* frames in those blocks */
    unsigned long nr_frames;  /* given to the heap, ever */
    unsigned long first, end; /* PDXs that these lie between */
};

extern spinlock_t heap_lock;
extern struct heap heap __guarded_by(heap_lock);

/*
 * In the order of a head: the block is being given back. It is on no list and
 * not to be merged, but no part of it can be given back once more.
 */
#define ORDER_IN_TRANSIT 0x80U

/* Is @pg the head of a free block, whatever its order? */
static inline bool is_free_head(struct page_info *pg)
{
    return page_state(pg) == PGC_state_free &&
           !(as_free(pg)->order & ORDER_IN_TRANSIT);
}

/* What is owed before the free block of @pg is used anew. */
static inline struct tlb_debt free_block_debt(struct page_info *pg)
{
    return (struct tlb_debt){ as_free(pg)->tlb_taint,
                              as_free(pg)->tlbflush_timestamp };
}

/* The tier of a block that starts with @mfn. */
enum heap_tier heap_tier(mfn_t mfn);

/* Are all frames of the aligned block of @order at @mfn valid? */
bool block_is_valid(mfn_t mfn, unsigned int order);

/* The head of the block, free or in transit, that holds @mfn, or NULL. */
struct page_info *free_block_of(mfn_t mfn) __must_hold(heap_lock);

/**
 * insert_free_block - let the 2^@order frames at @pg, which owe @debt, be free.
 *
 * The block is as H4 says, in no free block, and its entries are zero. Takes
 * at most MAX_ORDER steps. A block that merges owes what both of them owed.
 */
void insert_free_block(struct page_info *pg, unsigned int order,
                       struct tlb_debt debt) __must_hold(heap_lock);

/**
 * take_free_block - take 2^@order frames that end at or below @limit.
 *
 * From the highest tier that has such; there from a block of the lowest order
 * that will do and whose debt is paid, and of those from the one that became
 * free last. If none is paid, from the one of the lowest order, and of those
 * from the one that owes for longest. Only where the limit cuts through a tier
 * are lists searched.
 *
 * Returns NULL if there is none. Otherwise all entries are zero, but that of
 * the first frame tells by the members of a free block what is owed.
 */
struct page_info *take_free_block(unsigned int order, paddr_t limit)
    __must_hold(heap_lock);

/**
 * measure_below - how many free frames lie below @limit?
 *
 * Sets *@order to that of the largest block there, or to NR_ORDERS if there is
 * none. Looks at each free block.
 */
unsigned long measure_below(paddr_t limit, unsigned int *order)
    __must_hold(heap_lock);

#endif /* FREE_BLOCKS_H */
