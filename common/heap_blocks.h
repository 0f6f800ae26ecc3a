/* SPDX-License-Identifier: MIT */
/* The sets of whole blocks: the steps that blocks are split and merged by. The
 * node's lock is held. */
#ifndef HEAP_BLOCKS_H
#define HEAP_BLOCKS_H

#include "heap_node.h"

#define BIT32(n) (1U << (n))

/* Most sets are empty. */
static __inlined bool block_is_in(const struct bit_tree *tree, unsigned long i)
{
    return !bit_tree_is_empty(tree) && bit_tree_test(tree, i);
}

/* Was it? It no longer is. */
static __inlined bool block_test_and_clear(struct bit_tree *tree,
                                           unsigned long i)
{
    bool was = block_is_in(tree, i);

    if (was)
        bit_tree_remove(tree, i);

    return was;
}

/* Whoever has no lock may ask. */
static __inlined void block_note_orders(struct heap_node *node,
                                        unsigned int orders)
{
    __atomic_store_n(&node->orders, orders, __ATOMIC_RELAXED);
}

/* Let a block be in its sets. */
static __inlined void block_enter(struct heap_node *node,
                                  const struct whole *block)
    __must_hold(node->lock);
static __inlined void block_enter(struct heap_node *node,
                                  const struct whole *block)
{
    unsigned long i = block->chunk - node->base;
    unsigned int k = block->order - CHUNK_ORDER;

    bit_tree_set(&node->whole[block->dirty ? DIRTY : CLEAN][k], i >> k);
    block_note_orders(node, node->orders | BIT32(k));
    if (block->written)
        bit_tree_set(&node->written, i);
    if (unlikely(block->debt.taint != 0)) {
        bit_tree_set(&node->owing, i);
        debt_table[block->chunk] = block->debt;
    }
}

/* Let block @i of order @k + CHUNK_ORDER, which is there, be so no longer. */
static __inlined void block_leave(struct heap_node *node, unsigned int k,
                                  unsigned long i, enum contents contents)
    __must_hold(node->lock);
static __inlined void block_leave(struct heap_node *node, unsigned int k,
                                  unsigned long i, enum contents contents)
{
    struct bit_tree *set = &node->whole[contents][k];

    bit_tree_remove(set, i);
    if (bit_tree_is_empty(set) &&
        bit_tree_is_empty(&node->whole[contents ^ 1][k]))
        block_note_orders(node, node->orders & ~BIT32(k));
}

/* In which of the two sets of its order is it? NR_CONTENTS: in none. */
static __inlined enum contents block_contents(struct heap_node *node,
                                              unsigned int k, unsigned long i)
    __must_hold(node->lock);
static __inlined enum contents block_contents(struct heap_node *node,
                                              unsigned int k, unsigned long i)
{
    if (!(node->orders >> k & 1))
        return NR_CONTENTS;
    if (block_is_in(&node->whole[DIRTY][k], i))
        return DIRTY;

    return block_is_in(&node->whole[CLEAN][k], i) ? CLEAN : NR_CONTENTS;
}

/* Take it, which is there and is what @contents says, with all that is known of
 * it. */
static __inlined void block_take(struct heap_node *node, unsigned int k,
                                 unsigned long i, enum contents contents,
                                 struct whole *block) __must_hold(node->lock);
static __inlined void block_take(struct heap_node *node, unsigned int k,
                                 unsigned long i, enum contents contents,
                                 struct whole *block)
{
    block_leave(node, k, i, contents);
    i <<= k;
    block->chunk = node->base + i;
    block->order = k + CHUNK_ORDER;
    block->dirty = contents == DIRTY;
    block->written = block_test_and_clear(&node->written, i);
    block->debt = TLB_NO_DEBT;
    if (unlikely(block_test_and_clear(&node->owing, i)))
        block->debt = debt_table[block->chunk];
}

#endif /* HEAP_BLOCKS_H */
