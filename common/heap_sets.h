/* SPDX-License-Identifier: MIT */
/*
 * What is done with the sets of a node, its lock held: blocks split and merge,
 * chunks change their owner and their set. heap_node.h includes it.
 */
#ifndef HEAP_SETS_H
#define HEAP_SETS_H

/**
 * node_lock - take the node's lock; all free blocks are in the sets then.
 *
 * A block that comes back may be wanted again at once, so it is merged only
 * when somebody comes for something else: a few levels at a time, and between
 * them the lock is let go.
 */
void node_merge_kept(struct heap_node *node) __must_hold(node->lock);

static __inlined void node_lock(struct heap_node *node) __acquires(node->lock);
static __inlined void node_lock(struct heap_node *node)
{
    spin_lock(&node->lock);
    if (unlikely(node->kept_orders != 0))
        node_merge_kept(node);
}

/**
 * node_wait_for_halves - nothing was found: may that be as it is being halved?
 *
 * A block is halved a few levels at a time, and in between what is left of it
 * is in no set. Then the answer is true, after the lock has been let go and
 * taken again: look again. If not there was nothing for sure.
 */
bool node_wait_for_halves(struct heap_node *node) __must_hold(node->lock);

/* The first chunk of the whole block that @chunk is in, or BIT_TREE_NONE, as
 * things are at some moment. No lock may be held. */
unsigned long node_look_up(struct heap_node *node, unsigned long chunk,
                           unsigned int *order);

/* Let a block be free as a whole: it is the one that is kept. No other is. */
void node_keep(struct heap_node *node, const struct whole *block)
    __must_hold(node->lock);

/* Is it a block of @order that is kept, in @range, and would @prefer not look
 * for another one? Then take it. spin_lock() will do instead of node_lock(). */
bool node_take_kept(struct heap_node *node, unsigned int order,
                    struct range range, enum contents prefer,
                    struct whole *block) __must_hold(node->lock);

/* Let up to *@nr of the largest blocks be free, which are dirty and follow one
 * another from @chunk on, in one step; *@nr is how many. False: it takes more,
 * as some is free already, or clean, or has a note. */
bool node_insert_largest(struct heap_node *node, unsigned long chunk,
                         unsigned long *nr) __must_hold(node->lock);

/**
 * node_take_whole - take a block of at least @order in @range out of the sets.
 *
 * The range is a part of one of the node's tiers.
 * The smallest that will do; of those a clean one, or a dirty one if @prefer
 * says so; of those the highest. If it is larger, its lower part of @order is
 * in the range. Its frames have been reserved. Returns false if there is none.
 */
bool node_take_whole(struct heap_node *node, unsigned int order,
                     struct range range, enum contents prefer,
                     struct whole *block) __must_hold(node->lock);

/* Take a block that ends at or below chunk @end, and whose chunk *@chunk is
 * dirty: the highest of the smallest. Returns false if there is none. */
bool node_take_dirty(struct heap_node *node, unsigned long end,
                     struct whole *block, unsigned long *chunk)
    __must_hold(node->lock);

/* Take the whole block that @chunk is in; false: it is in none. */
bool node_take_block_of(struct heap_node *node, unsigned long chunk,
                        struct whole *block) __must_hold(node->lock);

/* Halve a block that was taken, up to @levels times, until it is of @order;
 * what is left has @chunk in it, and the other halves are free. */
#define LEVELS_AT_ONCE 4U
void node_split(struct heap_node *node, struct whole *block, unsigned int order,
                unsigned long chunk, unsigned int levels)
    __must_hold(node->lock);

/* Note that one more frame of the chunk is to leave, or one fewer; and is there
 * a note in a block? A chunk with a note is never whole. */
void node_note(struct heap_node *node, unsigned long chunk)
    __must_hold(node->lock);
void node_unnote(struct heap_node *node, unsigned long chunk)
    __must_hold(node->lock);
bool node_has_note(struct heap_node *node, const struct whole *block)
    __must_hold(node->lock);

/* The chunk that @chunk's whole block starts with, or BIT_TREE_NONE: it is in
 * none of the order @least or more. */
unsigned long node_block_from(struct heap_node *node, unsigned long chunk,
                              unsigned int least, unsigned int *order)
    __must_hold(node->lock);

static inline unsigned long
node_block_of(struct heap_node *node, unsigned long chunk, unsigned int *order)
    __must_hold(node->lock);
static inline unsigned long
node_block_of(struct heap_node *node, unsigned long chunk, unsigned int *order)
{
    return node_block_from(node, chunk, CHUNK_ORDER, order);
}

/**
 * node_place - move a chunk to where it belongs, after a change of its words.
 *
 * Does nothing to one that has an owner. Stops if it is whole already: then a
 * frame has been freed that was free.
 */
void node_place(struct heap_node *node, unsigned long chunk)
    __must_hold(node->lock);

/* @owner takes from the chunk, which is in no block, from now on; or nobody. */
void node_own(struct heap_node *node, unsigned long chunk, uint32_t owner)
    __must_hold(node->lock);
void node_disown(struct heap_node *node, unsigned long chunk)
    __must_hold(node->lock);

/* The last chunk before @number (BIT_TREE_NONE: of all) that somebody owns, or
 * BIT_TREE_NONE. */
unsigned long node_last_owned(struct heap_node *node, unsigned long number)
    __must_hold(node->lock);

/* The highest chunk of @range, which may cut it, that has no owner and is in
 * the set of the shortest run that will do for 2^@order, or BIT_TREE_NONE. The
 * range is a part of one of the node's tiers. */
unsigned long node_find_run(struct heap_node *node, enum chunk_class class,
                            unsigned int order, struct range range)
    __must_hold(node->lock);

#endif /* HEAP_SETS_H */
