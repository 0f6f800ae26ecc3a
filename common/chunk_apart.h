/* SPDX-License-Identifier: MIT */
/*
 * Whole blocks that are halved, and chunks of them that are taken apart: what
 * chunks, runs and blocks are supplied by.
 *
 * Whoever takes a block out of the sets to halve it, or to take it apart, says
 * so (begin_block()) before the lock is let go, and own_block() or end_block()
 * says that it is done. Meanwhile nobody finds its frames.
 */
#ifndef CHUNK_APART_H
#define CHUNK_APART_H

#include "chunk_supply.h"

/* Of chunks that one takes from for a single run, while they are taken apart.
 */
#define OWNER_IN_PASSING (~0U)

/* The next of @tiers, the highest first, that has a part of @range. */
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

/* A block has been taken, and is to be halved, or a chunk of it taken apart;
 * and is no longer, as it is its owner's. The first with the lock held. */
static inline void begin_apart(struct heap_node *node)
{
    __atomic_fetch_add(&node->nr_between, 1, __ATOMIC_RELAXED);
}

static inline void end_apart(struct heap_node *node)
{
    __atomic_fetch_sub(&node->nr_between, 1, __ATOMIC_RELEASE);
}

/* Nothing was found: if somebody has begun with a block, wait until it is done,
 * and look again. */
static inline bool wait_for_parts(struct heap_node *node)
{
    if (__atomic_load_n(&node->nr_between, __ATOMIC_ACQUIRE) == 0)
        return false;
    supply_waits(node);

    return true;
}

/* Take the smallest block that has a chunk in @range, and begin; or false. */
bool begin_block(struct heap_node *node, struct range range,
                 enum contents prefer, struct whole *block)
    __must_hold(node->lock);

/* Halve a block with which one has begun, until it is of @order: what is left
 * has @chunk in it. Who has found nothing meanwhile looks again. */
void split_on(struct heap_node *node, struct whole *block, unsigned int order,
              unsigned long chunk);

/* Chunk @number of a block with which one has begun becomes @owner's: each of
 * its frames is free by itself. That is the end of it. */
void own_block(struct heap_node *node, struct whole *block,
               unsigned long number, uint32_t owner, enum chunk_class class);

#endif /* CHUNK_APART_H */
