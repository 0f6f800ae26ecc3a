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
    unsigned int first; /* of the chunk's frames that was taken */
};

static void take_run(struct place *place, unsigned int order)
{
    place->first = chunk_take_run(&chunk_table[place->number], order,
                                  end_in_chunk(place->range, place->number));
}

static bool find_in_tier(struct heap_node *node, unsigned int order,
                         enum chunk_class class, enum contents prefer,
                         struct place *place) __must_hold(node->lock);
static bool find_in_tier(struct heap_node *node, unsigned int order,
                         enum chunk_class class, enum contents prefer,
                         struct place *place)
{
    struct range range = place->range;

    place->number = node_find_run(node, class, order, range);
    if (place->number != BIT_TREE_NONE)
        return true;
    /* The chunk that the end cuts will do if its first run does. */
    if (end_in_chunk(range, range.end / CHUNK_FRAMES) >= BIT(order))
        range.end = ALIGN_UP(range.end, CHUNK_FRAMES);
    place->is_block = begin_block(node, range, prefer, &place->block);
    if (!place->is_block)
        place->number = node_find_run(node, class ^ 1, order, place->range);

    return place->is_block || place->number != BIT_TREE_NONE;
}

static void find_place(struct heap_node *node, unsigned int order,
                       enum chunk_class class, struct range range,
                       enum contents prefer, struct place *place)
{
    bool found;

    place->is_block = false;
    node_lock(node);
    do {
        unsigned int tiers = node->tiers;

        found = false;
        while (!found && next_tier(node, &tiers, range, &place->range)) {
            found = find_in_tier(node, order, class, prefer, place);
            if (!found && node->nr_halved)
                break;
        }
    } while (!found && node_wait_for_halves(node));
    if (!found)
        place->number = BIT_TREE_NONE;
    /* Of several words some may be taken in vain, and given back: who places
     * the chunk meanwhile must not miss them. */
    if (order > WORD_ORDER && place->number != BIT_TREE_NONE)
        take_run(place, order);
    spin_unlock(&node->lock);
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
        struct place place;

        find_place(node, order, class, range, prefer, &place);
        if (place.is_block)
            return take_from_block(node, &place.block, order, class, range);
        if (place.number == BIT_TREE_NONE)
            return BIT_TREE_NONE;
        if (order <= WORD_ORDER)
            take_run(&place, order);
        /* Until then its set says too much, which does no harm. */
        if (chunk_owner(&chunk_table[place.number]) == NO_OWNER)
            move_chunk(place.number);
        if (place.first < CHUNK_FRAMES)
            return place.number * CHUNK_FRAMES + place.first;
        /* Either the set said too much, or all that there is lies behind. */
        if (end_in_chunk(place.range, place.number) < CHUNK_FRAMES)
            range.end = place.number * CHUNK_FRAMES;
    }
}
