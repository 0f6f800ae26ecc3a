/* SPDX-License-Identifier: MIT */
/*
 * Whole blocks that are halved, and chunks of them that are taken apart: what
 * chunks, runs and blocks are supplied by.
 *
 * Whoever takes a block out of the sets to halve it, or to take it apart, says
 * so before the lock is let go, and when it is done. Meanwhile nobody finds its
 * frames.
 */
#ifndef CHUNK_APART_H
#define CHUNK_APART_H

#include "chunk_supply.h"

/* Of chunks that one takes from for a single run, while they are taken apart.
 */
#define OWNER_IN_PASSING (~0U)

/* The next of @tiers, the highest first, that has a part of @range. While a
 * block is being halved, who has found nothing does not go on: it may be of a
 * tier that is less scarce than the next. */
static inline bool next_tier(const struct heap_node *node, unsigned int *tiers,
                             struct range range, struct range *part)
{
    while (*tiers) {
        unsigned int tier = highest_bit(*tiers);

        *tiers ^= 1U << tier;
        *part = node->tier[tier];
        if (part->start < range.start)
            part->start = range.start;
        if (part->end > range.end)
            part->end = range.end;
        if (part->start < part->end)
            return true;
    }

    return false;
}

/**
 * begin_halves - a block has been taken, and only a part of @order is wanted.
 *
 * Returns whether it is larger: then end_halves() halves it, and what is left
 * has @chunk in it.
 */
static inline bool begin_halves(struct heap_node *node,
                                const struct whole *block, unsigned int order)
    __must_hold(node->lock);
static inline bool begin_halves(struct heap_node *node,
                                const struct whole *block, unsigned int order)
{
    bool is_larger = block->order > order;

    __atomic_store_n(&node->nr_halved, node->nr_halved + is_larger,
                     __ATOMIC_RELAXED);

    return is_larger;
}

void end_halves(struct heap_node *node, struct whole *block, unsigned int order,
                unsigned long chunk);

/* Take the smallest block that has a chunk in @range; or false. */
bool begin_block(struct heap_node *node, struct range range,
                 enum contents prefer, struct whole *block)
    __must_hold(node->lock);

/* Chunk @number of a block that one has begun with becomes @owner's: each of
 * its frames is free by itself. begin_apart() is for who has taken a block in
 * another way. */
void begin_apart(struct heap_node *node, const struct whole *block)
    __must_hold(node->lock);
void own_block(struct heap_node *node, struct whole *block,
               unsigned long number, uint32_t owner, enum chunk_class class);

#endif /* CHUNK_APART_H */
