/* SPDX-License-Identifier: MIT */
/* Keeps the books of chunks that are taken apart: who owns which, and in which
 * set the others are. */
#include <xen/bug.h>

#include "heap_node.h"
#include "heap_report.h"

/* Is the set empty then? */
static __noinline bool leave(struct bit_tree *set, unsigned long i)
{
    bit_tree_remove(set, i);

    return bit_tree_is_empty(set);
}

static __noinline void enter(struct bit_tree *set, unsigned long i)
{
    bit_tree_set(set, i);
}

static void move(struct heap_node *node, unsigned long number, unsigned int old,
                 int run) __must_hold(node->lock);
/* From the set @old, as chunk->set is, to the one for its longest @run. */
static void move(struct heap_node *node, unsigned long number, unsigned int old,
                 int run)
{
    struct chunk *chunk = &chunk_table[number];
    unsigned int new = (unsigned int)(run + 1), class = chunk->class;
    unsigned long i = number - node->base;

    __atomic_store_n(&chunk->set, (uint8_t) new, __ATOMIC_RELAXED);
    if (old == new)
        return;
    if (old > 0 && leave(&node->runs[class][old - 1], i))
        node->lengths[class] &= ~(1U << (old - 1));
    if (new > 0) {
        enter(&node->runs[class][new - 1], i);
        node->lengths[class] |= 1U << (new - 1);
    }
}

/* Take all 512 frames, or none: somebody who was the owner takes some. */
static bool take_all(struct chunk *chunk, bool *dirty)
{
    unsigned long taken[CHUNK_WORDS], all = ~0UL, any_dirty = 0;

#pragma GCC unroll 8
    for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
        taken[w] = chunk_take_word(chunk, w);
        all &= taken[w];
        any_dirty |= chunk_dirty(chunk, w, taken[w]);
    }
    *dirty = any_dirty != 0;
    if (likely(all == ~0UL))
        return true;
    for (unsigned int w = 0; w < CHUNK_WORDS; w++)
        __atomic_fetch_or(&chunk->free[w], taken[w], __ATOMIC_SEQ_CST);

    return false;
}

static void make_whole(struct heap_node *node, unsigned long number, bool dirty)
    __must_hold(node->lock);
static void make_whole(struct heap_node *node, unsigned long number, bool dirty)
{
    struct whole block = {
        .chunk = number,
        .order = CHUNK_ORDER,
        .written = true,
        .dirty = dirty,
        .debt = dirty ? debt_table[number] : TLB_NO_DEBT,
    };

    chunk_table[number].is_apart = false;
    node_keep(node, &block);
}

static void check_is_apart(struct heap_node *node, unsigned long number)
    __must_hold(node->lock);
/* A chunk of which nothing was free, and now is: was it handed out? If it was
 * as a part of a block, nobody has noted that it is apart. */
static void check_is_apart(struct heap_node *node, unsigned long number)
{
    struct chunk *chunk = &chunk_table[number];
    unsigned int order;

    if (chunk->is_apart)
        return;
    if (node_block_of(node, number, &order) != BIT_TREE_NONE)
        refuse_free(pdx_to_mfn(number * CHUNK_FRAMES));
    chunk->is_apart = true;
}

/*
 * The longest run of a chunk whose set is not known to anybody meanwhile: so
 * who gives a frame after its words are read finds no set, and comes here too.
 */
static int unset_run(struct chunk *chunk)
{
    /* Full barrier: pairs with the one in chunk_give(), before the set is read.
     */
    __atomic_store_n(&chunk->set, 0, __ATOMIC_SEQ_CST);

    return chunk_run(chunk);
}

static void place(struct heap_node *node, unsigned long number)
    __must_hold(node->lock);
static void place(struct heap_node *node, unsigned long number)
{
    struct chunk *chunk = &chunk_table[number];
    unsigned int old = chunk->set;
    int run = chunk_is_whole(chunk) ? RUN_WHOLE : unset_run(chunk);
    bool dirty;

    if (run == RUN_WHOLE && !chunk_is_noted(chunk) && take_all(chunk, &dirty)) {
        move(node, number, old, RUN_NONE);
        make_whole(node, number, dirty);
        return;
    }
    /* If somebody has taken some meanwhile, who gives them back comes here. */
    move(node, number, old, run == RUN_WHOLE ? RUN_WHOLE - 1 : run);
}

void node_place(struct heap_node *node, unsigned long number)
{
    struct chunk *chunk = &chunk_table[number];

    if (chunk_owner(chunk) != NO_OWNER)
        return;
    /* If nothing is free, its owner has taken all of it; or another has made it
     * whole since we gave to it. */
    if (chunk->set == 0 && !chunk_has_any(chunk))
        return;
    if (chunk->set == 0)
        check_is_apart(node, number);
    place(node, number);
}

void node_own(struct heap_node *node, unsigned long number, uint32_t owner)
{
    move(node, number, chunk_table[number].set, RUN_NONE);
    bit_tree_set(&node->owned, number - node->base);
    chunk_set_owner(&chunk_table[number], owner);
}

void node_disown(struct heap_node *node, unsigned long number)
{
    bit_tree_clear(&node->owned, number - node->base);
    /* First nobody owns it, then its words are read: see chunk_give(). */
    chunk_set_owner(&chunk_table[number], NO_OWNER);
    node_place(node, number);
}

unsigned long node_last_owned(struct heap_node *node, unsigned long number)
{
    unsigned long i = bit_tree_last(&node->owned, number - node->base);

    return i == BIT_TREE_NONE ? i : node->base + i;
}

unsigned long node_find_run(struct heap_node *node, enum chunk_class class,
                            unsigned int order, struct range range)
{
    unsigned int lengths = node->lengths[class] & -1U << order;
    unsigned long start, end;

    if (!lengths)
        return BIT_TREE_NONE;
    start = range.start / CHUNK_FRAMES - node->base;
    end = (range.end + CHUNK_FRAMES - 1) / CHUNK_FRAMES - node->base;
    for (; lengths; lengths &= lengths - 1) {
        unsigned long i =
            bit_tree_last(&node->runs[class][lowest_bit(lengths)], end);

        if (i != BIT_TREE_NONE && i >= start)
            return node->base + i;
    }

    return BIT_TREE_NONE;
}
