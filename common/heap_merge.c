/* SPDX-License-Identifier: MIT */
/* Lets blocks be free as a whole, and merges them with their buddies. */
#include "heap_blocks.h"

bool block_take_if_there(struct heap_node *node, unsigned int k,
                         unsigned long i, struct whole *block)
{
    enum contents contents = block_contents(node, k, i);

    if (contents == NR_CONTENTS)
        return false;
    block_take(node, k, i, contents, block);

    return true;
}

static void join_details(struct heap_node *node, unsigned long i,
                         struct whole *block) __must_hold(node->lock);
/* What is said of the buddy that starts with chunk @i is said of both. */
static void join_details(struct heap_node *node, unsigned long i,
                         struct whole *block)
{
    struct tlb_debt debt = debt_table[node->base + i];

    block->written &= block_test_and_clear(&node->written, i);
    if (block_test_and_clear(&node->owing, i))
        block->debt =
            block->debt.taint ? tlb_debt_join(block->debt, debt) : debt;
}

static bool has_details(struct heap_node *node, const struct whole *block)
    __must_hold(node->lock);
static bool has_details(struct heap_node *node, const struct whole *block)
{
    return block->written || !bit_tree_is_empty(&node->written) ||
           !bit_tree_is_empty(&node->owing);
}

static void merge(struct heap_node *node, struct whole *block)
    __must_hold(node->lock);
static void merge(struct heap_node *node, struct whole *block)
{
    unsigned int k = block->order - CHUNK_ORDER;
    unsigned long i = (block->chunk - node->base) >> k;
    bool details = has_details(node, block);

    for (; k < MAX_ORDER - CHUNK_ORDER; k++, i >>= 1) {
        enum contents contents = block_contents(node, k, i ^ 1);

        if (contents == NR_CONTENTS)
            break;
        block_leave(node, k, i ^ 1, contents);
        block->dirty |= contents == DIRTY;
        if (details)
            join_details(node, (i ^ 1) << k, block);
    }
    block->chunk = node->base + (i << k);
    block->order = k + CHUNK_ORDER;
}

void node_insert(struct heap_node *node, struct whole *block)
{
    unsigned long i = block->chunk - node->base;
    unsigned long nr = BIT(block->order - CHUNK_ORDER);

    if (block->dirty)
        bit_tree_clear_range(&node->clean, i, nr);
    else
        bit_tree_set_range(&node->clean, i, nr);
    merge(node, block);
    block_enter(node, block);
}

bool node_insert_largest(struct heap_node *node, unsigned long chunk,
                         unsigned long *nr)
{
    unsigned int k = MAX_ORDER - CHUNK_ORDER;
    unsigned long i = (chunk - node->base) >> k, bits;
    unsigned long room = BITS_PER_LONG - i % BITS_PER_LONG;

    if (*nr > room)
        *nr = room;
    bits = ~0UL >> (BITS_PER_LONG - *nr) << i % BITS_PER_LONG;
    if (!bit_tree_is_empty(&node->clean) || !bit_tree_is_empty(&node->noted) ||
        !bit_tree_is_empty(&node->whole[CLEAN][k]) ||
        (bit_tree_word(&node->whole[DIRTY][k], i / BITS_PER_LONG) & bits))
        return false;
    bit_tree_set_bits(&node->whole[DIRTY][k], i / BITS_PER_LONG, bits);
    block_note_orders(node, node->orders | BIT32(k));

    return true;
}
