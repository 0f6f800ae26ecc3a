/* SPDX-License-Identifier: MIT */
/* Takes runs out of chunks: out of broken ones, whole ones, or those of others.
 */
#include "chunk_apart.h"

/* How far into the chunk the range goes. */
static unsigned int end_in_chunk(struct range range, unsigned long chunk)
{
    unsigned long nr = range.end - chunk * CHUNK_FRAMES;

    return nr < CHUNK_FRAMES ? (unsigned int)nr : CHUNK_FRAMES;
}

/* Where a run may be: in a chunk that nobody owns, or in a block. */
struct place {
    unsigned long number; /* or BIT_TREE_NONE */
    struct range range;   /* its tier's part of where to look */
    bool is_block;
    struct whole block;
};

static void find_in_tier(struct heap_node *node, unsigned int order,
                         enum chunk_class class, enum contents prefer,
                         struct place *place) __must_hold(node->lock);
static void find_in_tier(struct heap_node *node, unsigned int order,
                         enum chunk_class class, enum contents prefer,
                         struct place *place)
{
    struct range range = place->range;

    place->number = node_find_run(node, class, order, range);
    if (place->number != BIT_TREE_NONE)
        return;
    /* The chunk that the end cuts will do if its first run does. */
    if (end_in_chunk(range, range.end / CHUNK_FRAMES) >= BIT(order))
        range.end = ALIGN_UP(range.end, CHUNK_FRAMES);
    place->is_block = begin_block(node, range, prefer, &place->block);
    if (!place->is_block)
        place->number = node_find_run(node, class ^ 1, order, place->range);
}

static void find_place(struct heap_node *node, unsigned int order,
                       enum chunk_class class, struct range range,
                       enum contents prefer, struct place *place)
{
    place->number = BIT_TREE_NONE;
    place->is_block = false;
    do {
        unsigned int tiers = node->tiers;

        node_lock(node);
        while (place->number == BIT_TREE_NONE && !place->is_block &&
               next_tier(node, &tiers, range, &place->range))
            find_in_tier(node, order, class, prefer, place);
        spin_unlock(&node->lock);
    } while (place->number == BIT_TREE_NONE && !place->is_block &&
             wait_for_parts(node));
}

/* Take the first run of a chunk that was a block; the rest is anybody's. */
static unsigned long take_from_block(struct heap_node *node,
                                     struct whole *block, unsigned int order,
                                     enum chunk_class class, struct range range)
{
    unsigned int end = end_in_chunk(range, block->chunk), first;

    own_block(node, block, block->chunk, OWNER_IN_PASSING, class);
    if (block->dirty)
        node_soil(node);
    first = chunk_take_run(&chunk_table[block->chunk], order, end);
    node_lock(node);
    if (chunk_owner(&chunk_table[block->chunk]) == OWNER_IN_PASSING)
        node_disown(node, block->chunk);
    else /* another CPU has, and maybe did not see what was taken in vain */
        node_place(node, block->chunk);
    spin_unlock(&node->lock);

    return first < CHUNK_FRAMES ? block->chunk * CHUNK_FRAMES + first
                                : BIT_TREE_NONE;
}

/* From chunks that others own, whoever they are. */
unsigned long supply_raid(struct heap_node *node, unsigned int order,
                          struct range range)
{
    unsigned long pdx = BIT_TREE_NONE, number = BIT_TREE_NONE;

    spin_lock(&node->lock);
    while (pdx == BIT_TREE_NONE &&
           (number = node_last_owned(node, number)) != BIT_TREE_NONE) {
        unsigned int end = end_in_chunk(range, number), first = CHUNK_FRAMES;

        if (number * CHUNK_FRAMES < range.end)
            first = chunk_take_run(&chunk_table[number], order, end);
        if (first < CHUNK_FRAMES)
            pdx = number * CHUNK_FRAMES + first;
    }
    spin_unlock(&node->lock);

    return pdx;
}

unsigned long supply_run(struct heap_node *node, unsigned int order,
                         enum chunk_class class, struct range range,
                         enum contents prefer)
{
    for (;;) {
        unsigned int end, first;
        struct place place;

        find_place(node, order, class, range, prefer, &place);
        if (place.is_block)
            return take_from_block(node, &place.block, order, class, range);
        if (place.number == BIT_TREE_NONE)
            return BIT_TREE_NONE;
        end = end_in_chunk(place.range, place.number);
        first = chunk_take_run(&chunk_table[place.number], order, end);
        /* Until then its set says too much, which does no harm. */
        if (chunk_owner(&chunk_table[place.number]) == NO_OWNER)
            move_chunk(place.number);
        if (first < CHUNK_FRAMES)
            return place.number * CHUNK_FRAMES + first;
        /* Either the set said too much, or all that there is lies behind. */
        if (end < CHUNK_FRAMES)
            range.end = place.number * CHUNK_FRAMES;
    }
}
