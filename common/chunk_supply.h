/* SPDX-License-Identifier: MIT */
/*
 * Frames out of a node, and back: by the chunk, the run or the block.
 *
 * Each function takes the node's lock itself, for a few hundred instructions at
 * most. The entries of frames are written outside it, by who has the frames to
 * itself.
 */
#ifndef CHUNK_SUPPLY_H
#define CHUNK_SUPPLY_H

#include "heap_node.h"

/* Of the chunk that is about to be scrubbed; no CPU's number, nor a stream's.
 */
#define OWNER_SCRUBBER (~1U)

/* How a chunk is wanted. */
struct wanted_chunk {
    enum chunk_class class;
    enum contents prefer; /* if it is part of a whole block */
    bool whole;           /* rather that than a broken one, and none of the
                             other class */
};

/**
 * supply_chunk - another chunk for @owner to take from, instead of @old.
 *
 * @old (BIT_TREE_NONE: none) is released, if it is @owner's still. The new one
 * is the most broken of its class, so that the others may heal; or else a part
 * of a whole block; or one of the other class. Of the highest tier that has
 * any. Returns its number, or BIT_TREE_NONE.
 */
unsigned long supply_chunk(struct heap_node *node, uint32_t owner,
                           unsigned long old, const struct wanted_chunk *want);

/* A dirty chunk that ends at or below chunk @end, out of a whole block, is
 * @owner's. Returns its number, or BIT_TREE_NONE. */
unsigned long supply_dirty_chunk(struct heap_node *node, uint32_t owner,
                                 unsigned long end);

/* @owner takes no more from a chunk, if it has been its own until now. */
void supply_release(uint32_t owner, unsigned long number);

/**
 * supply_run - take 2^@order frames, fewer than a chunk, in @range.
 *
 * They have been reserved. Returns the PDX of the first; their entries say that
 * they are free. BIT_TREE_NONE if there are none.
 */
unsigned long supply_run(struct heap_node *node, unsigned int order,
                         enum chunk_class class, struct range range,
                         enum contents prefer);

/* The same out of a chunk that somebody owns: the last resort. */
unsigned long supply_raid(struct heap_node *node, unsigned int order,
                          struct range range);

/**
 * supply_block - take a whole block of @order in @range.
 *
 * It has been reserved. Sets *@block. The entry of the first frame is zero, and
 * that is all that is known of its entries. Returns whether there is one.
 */
bool supply_block(struct heap_node *node, unsigned int order,
                  struct range range, enum contents prefer,
                  struct whole *block);

/* Note that a frame of the chunk is to leave, or is not any more. If it is
 * whole, or part of a block, it is taken apart. No lock may be held. */
void supply_note(unsigned long number);
void supply_unnote(unsigned long number);

/* Wait until no CPU is about to take apart a chunk that it has found. */
void supply_waits(struct heap_node *node);

/* Parts of give_bits(): the frames of a chunk owe @debt as well; some of a word
 * are free already; the chunk may have a longer run than its set says. */
void add_debt(unsigned long number, struct tlb_debt debt);
_Noreturn void refuse_bits(unsigned long number, unsigned int w,
                           unsigned long bits);
void move_chunk(unsigned long number);

/**
 * give_bits - let frames of word @w of a chunk be free.
 *
 * Their entries say so already. @debt is at least what they owe; if they are
 * not @dirty they owe nothing. The frames are to be added to what the node has
 * by the caller, afterwards.
 */
static inline void give_bits(unsigned long number, unsigned int w,
                             unsigned long bits, bool dirty,
                             struct tlb_debt debt)
{
    struct chunk *chunk = &chunk_table[number];
    unsigned long before, now;

    if (unlikely(debt.taint != 0))
        add_debt(number, debt);
    chunk_mark_dirty(chunk, w, bits, dirty);
    now = chunk_give(chunk, w, bits, &before);
    if (unlikely((before & bits) != 0))
        refuse_bits(number, w, before & bits);
    if (chunk_owner(chunk) == NO_OWNER && bits_may_move(chunk, w, now))
        move_chunk(number);
}

/* The same for one frame that owes nothing. */
static __inlined void give_frame(unsigned long pdx, bool dirty)
{
    struct chunk *chunk = &chunk_table[pdx / CHUNK_FRAMES];
    unsigned int w = pdx % CHUNK_FRAMES / BITS_PER_LONG;
    unsigned int at = pdx % BITS_PER_LONG;
    unsigned long now;

    chunk_mark_dirty(chunk, w, BIT(at), dirty);
    if (unlikely(chunk_give_one(chunk, w, at, &now)))
        refuse_bits(pdx / CHUNK_FRAMES, w, BIT(at));
    if (chunk_owner(chunk) == NO_OWNER && frame_may_move(chunk, w, at, now))
        move_chunk(pdx / CHUNK_FRAMES);
}

/* The same for the aligned run of 2^@order at @pdx; and what the node has. */
void give_run(unsigned long pdx, unsigned int order, bool dirty,
              struct tlb_debt debt);

/* Let a whole block be free, which is not written as a whole. */
void give_block(const struct whole *block);

/* The same for up to @nr of the largest, which follow one another from @chunk
 * on and have never been anybody's. Returns how many: 0 if they are to be given
 * one by one. */
unsigned long give_largest(unsigned long chunk, unsigned long nr);

#endif /* CHUNK_SUPPLY_H */
