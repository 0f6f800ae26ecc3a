/* SPDX-License-Identifier: MIT */
/* Lets blocks be free as a whole, and merges them with their buddies. */
#include <xen/bug.h>

#include "heap_blocks.h"

/* How often the lock is let go, for all that is merged. */
#define TIMES_LET_GO 3U

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

static bool merge(struct heap_node *node, struct whole *block)
    __must_hold(node->lock);
/* False: there are more buddies that it may merge with. */
static bool merge(struct heap_node *node, struct whole *block)
{
    unsigned int k = block->order - CHUNK_ORDER, last = k + LEVELS_AT_ONCE;
    unsigned long i = (block->chunk - node->base) >> k;
    bool details = has_details(node, block), is_alone = false;

    if (last > MAX_ORDER - CHUNK_ORDER)
        last = MAX_ORDER - CHUNK_ORDER;
    for (; k < last; k++, i >>= 1) {
        enum contents contents = block_contents(node, k, i ^ 1);

        is_alone = contents == NR_CONTENTS;
        if (is_alone)
            break;
        block_leave(node, k, i ^ 1, contents);
        block->dirty |= contents == DIRTY;
        if (details)
            join_details(node, (i ^ 1) << k, block);
    }
    block->chunk = node->base + (i << k);
    block->order = k + CHUNK_ORDER;

    return is_alone || block->order == MAX_ORDER;
}

/* Whoever has no lock may ask. */
static void note_kept(struct heap_node *node, unsigned int orders)
{
    __atomic_store_n(&node->kept_orders, orders, __ATOMIC_RELEASE);
}

/* Until it is in its set, or kept as a part of more, the note stays: so who has
 * no lock finds the one or the other. If others keep blocks as fast as this CPU
 * merges them, it does not let them for ever. */
void node_merge_kept(struct heap_node *node)
{
    for (unsigned int times = 0; node->kept_orders; times++) {
        struct whole block = node->kept;

        if (merge(node, &block)) {
            block_enter(node, &block);
            note_kept(node, 0);
        } else {
            node->kept = block;
            note_kept(node, BIT32(block.order - CHUNK_ORDER));
        }
        if (times < TIMES_LET_GO) {
            spin_unlock(&node->lock);
            spin_lock(&node->lock);
        }
    }
}

void node_keep(struct heap_node *node, const struct whole *block)
{
    unsigned long i = block->chunk - node->base;
    unsigned int k = block->order - CHUNK_ORDER;

    ASSERT(!node->kept_orders);
    if (block->dirty)
        bit_tree_clear_range(&node->clean, i, BIT(k));
    else
        bit_tree_set_range(&node->clean, i, BIT(k));
    node->kept = *block;
    note_kept(node, BIT32(k));
}

/* The highest tier goes before the others; even if there is no RAM in it yet.
 */
static bool suits(const struct heap_node *node, struct range range,
                  enum contents prefer)
{
    const struct whole *kept = &node->kept;
    unsigned long pdx = kept->chunk * CHUNK_FRAMES;

    return kept->dirty == (prefer == DIRTY) && pdx >= range.start &&
           pdx + BIT(kept->order) <= range.end &&
           pdx >= node->tier[highest_bit(node->tiers)].start;
}

bool node_take_kept(struct heap_node *node, unsigned int order,
                    struct range range, enum contents prefer,
                    struct whole *block)
{
    if (node->kept_orders != BIT32(order - CHUNK_ORDER) ||
        !suits(node, range, prefer))
        return false;
    *block = node->kept;
    note_kept(node, 0);

    return true;
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
