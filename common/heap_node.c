/* SPDX-License-Identifier: MIT */
/* Finds whole blocks, and splits them. */
#include <xen/bug.h>

#include "heap_blocks.h"
#include "heap_report.h"

/* Each set of the node, with the numbers below which its members are. */
#define FOR_EACH_SET(node, nr, use)                                            \
    do {                                                                       \
        for (unsigned int c_ = 0; c_ < NR_CONTENTS; c_++)                      \
            for (unsigned int k_ = 0; k_ < NR_WHOLE_ORDERS; k_++)              \
                use(&(node)->whole[c_][k_], ((nr) >> k_) + 1);                 \
        for (unsigned int c_ = 0; c_ < NR_CLASSES; c_++)                       \
            for (unsigned int r_ = 0; r_ < NR_RUNS; r_++)                      \
                use(&(node)->runs[c_][r_], nr);                                \
        use(&(node)->owned, nr);                                               \
        use(&(node)->clean, nr);                                               \
        use(&(node)->written, nr);                                             \
        use(&(node)->owing, nr);                                               \
        use(&(node)->noted, nr);                                               \
    } while (0)

unsigned long node_longs(unsigned long nr)
{
    unsigned long sum = 0;

    if (nr == 0)
        return 0;
#define COUNT(set, below) sum += bit_tree_longs(below)
    FOR_EACH_SET((struct heap_node *)NULL, nr, COUNT);
#undef COUNT

    return sum;
}

static void set_tiers(struct heap_node *node)
{
    for (unsigned int t = 0; t < NR_TIERS; t++) {
        struct range *tier = &node->tier[t];

        tier->start = tier_start[t];
        if (tier->start < node->base * CHUNK_FRAMES)
            tier->start = node->base * CHUNK_FRAMES;
        tier->end = node->end * CHUNK_FRAMES;
        if (t + 1 < NR_TIERS && tier->end > tier_start[t + 1])
            tier->end = tier_start[t + 1];
        if (tier->start < tier->end)
            node->tiers |= BIT32(t);
    }
}

unsigned long *node_init(struct heap_node *node, unsigned long base,
                         unsigned long end, unsigned long *memory)
{
    unsigned long nr = end - base;

    *node = (struct heap_node){ .lock = SPINLOCK_INIT(LOCK_RANK_HEAP),
                                .base = base,
                                .end = end };
    if (nr == 0)
        return memory;
    set_tiers(node);
#define MAKE(set, below) memory = bit_tree_init(set, below, memory)
    FOR_EACH_SET(node, nr, MAKE);
#undef MAKE

    return memory;
}

static __inlined bool is_dirty(struct heap_node *node,
                               const struct whole *block)
    __must_hold(node->lock);
/* A block of a merged one is dirty only if some chunk of it is. */
static __inlined bool is_dirty(struct heap_node *node,
                               const struct whole *block)
{
    return bit_tree_is_empty(&node->clean) ||
           !bit_tree_has_range(&node->clean, block->chunk - node->base,
                               BIT(block->order - CHUNK_ORDER));
}

/* Is all of it dirty, and nothing else to be said of it? */
static bool is_plain(struct heap_node *node, const struct whole *block)
    __must_hold(node->lock);
static bool is_plain(struct heap_node *node, const struct whole *block)
{
    return !block->written && !block->debt.taint &&
           (!block->dirty || bit_tree_is_empty(&node->clean));
}

static void split_plain(struct heap_node *node, struct whole *block,
                        unsigned int order, unsigned long chunk)
    __must_hold(node->lock);
static void split_plain(struct heap_node *node, struct whole *block,
                        unsigned int order, unsigned long chunk)
{
    struct bit_tree *whole = node->whole[block->dirty ? DIRTY : CLEAN];
    unsigned int k = block->order - CHUNK_ORDER, last = order - CHUNK_ORDER;
    unsigned long i = chunk - node->base;

    block_note_orders(node, node->orders | (BIT32(k) - BIT32(last)));
    while (k-- > last)
        bit_tree_set(&whole[k], i >> k ^ 1);
    block->order = order;
    block->chunk = ALIGN_DOWN(chunk, BIT(last));
}

static void halve(struct heap_node *node, struct whole *block,
                  unsigned long chunk) __must_hold(node->lock);
static void halve(struct heap_node *node, struct whole *block,
                  unsigned long chunk)
{
    unsigned int k = block->order - CHUNK_ORDER - 1;
    struct whole other;

    block->order--;
    other = *block;
    block->chunk = ALIGN_DOWN(chunk, BIT(k));
    other.chunk = block->chunk ^ BIT(k);
    if (other.dirty)
        other.dirty = is_dirty(node, &other);
    if (!other.dirty)
        other.debt = TLB_NO_DEBT;
    block_enter(node, &other);
}

void node_split(struct heap_node *node, struct whole *block, unsigned int order,
                unsigned long chunk, unsigned int levels)
{
    if (block->order > order + levels)
        order = block->order - levels;
    if (is_plain(node, block)) {
        split_plain(node, block, order, chunk);
        return;
    }
    while (block->order > order)
        halve(node, block, chunk);
    if (block->dirty)
        block->dirty = is_dirty(node, block);
    if (!block->dirty)
        block->debt = TLB_NO_DEBT;
}

/*
 * The highest block of order @k + CHUNK_ORDER of which 2^@nr chunks, aligned,
 * lie in [@start, @end): one that the end cuts may do, by its lower part.
 */
static unsigned long find_block(const struct bit_tree *set, unsigned int k,
                                unsigned long nr, unsigned long start,
                                unsigned long end)
{
    unsigned long i = end >> k;

    if (bit_tree_is_empty(set))
        return BIT_TREE_NONE;
    if ((i << k) + nr > end || !bit_tree_test(set, i))
        i = bit_tree_last(set, end >> k);

    return i != BIT_TREE_NONE && i << k >= start ? i : BIT_TREE_NONE;
}

bool node_take_whole(struct heap_node *node, unsigned int order,
                     struct range range, enum contents prefer,
                     struct whole *block)
{
    unsigned int orders = node->orders & -1U << (order - CHUNK_ORDER);
    unsigned long start, end;

    if (!orders)
        return false;
    start = (range.start + CHUNK_FRAMES - 1) / CHUNK_FRAMES - node->base;
    end = range.end / CHUNK_FRAMES - node->base;
    for (; orders; orders &= orders - 1) {
        unsigned int k = lowest_bit(orders);

        for (unsigned int c = 0; c < NR_CONTENTS; c++) {
            unsigned long i = find_block(&node->whole[prefer ^ c][k], k,
                                         BIT(order - CHUNK_ORDER), start, end);

            if (i == BIT_TREE_NONE)
                continue;
            block_take(node, k, i, prefer ^ c, block);
            return true;
        }
    }

    return false;
}

static unsigned long first_dirty(const struct heap_node *node,
                                 const struct whole *block)
    __must_hold(node->lock);
static unsigned long first_dirty(const struct heap_node *node,
                                 const struct whole *block)
{
    unsigned long i = block->chunk - node->base, dirty;

    dirty =
        ~bit_tree_word(&node->clean, i / BITS_PER_LONG) >> i % BITS_PER_LONG;
    while (!dirty) {
        i = ALIGN_DOWN(i, BITS_PER_LONG) + BITS_PER_LONG;
        dirty = ~bit_tree_word(&node->clean, i / BITS_PER_LONG);
    }

    return node->base + i + lowest_bit(dirty);
}

bool node_take_dirty(struct heap_node *node, unsigned long end,
                     struct whole *block, unsigned long *chunk)
{
    for (unsigned int orders = node->orders; orders; orders &= orders - 1) {
        unsigned int k = lowest_bit(orders);
        unsigned long i =
            bit_tree_last(&node->whole[DIRTY][k], node_index(node, end) >> k);

        if (i == BIT_TREE_NONE)
            continue;
        block_take(node, k, i, DIRTY, block);
        *chunk = first_dirty(node, block);
        return true;
    }

    return false;
}

bool node_take_block_of(struct heap_node *node, unsigned long chunk,
                        struct whole *block)
{
    unsigned int order, k;
    unsigned long head = node_block_of(node, chunk, &order), i;

    if (head == BIT_TREE_NONE)
        return false;
    k = order - CHUNK_ORDER;
    i = (head - node->base) >> k;
    block_take(node, k, i, block_contents(node, k, i), block);

    return true;
}

/* Sequentially consistent: see any_leaving(). */
void node_note(struct heap_node *node, unsigned long chunk)
{
    bit_tree_set(&node->noted, chunk - node->base);
    __atomic_fetch_add(&chunk_table[chunk].nr_offline, 1, __ATOMIC_SEQ_CST);
}

void node_unnote(struct heap_node *node, unsigned long chunk)
{
    if (__atomic_sub_fetch(&chunk_table[chunk].nr_offline, 1,
                           __ATOMIC_SEQ_CST) == 0)
        bit_tree_clear(&node->noted, chunk - node->base);
}

bool node_has_note(struct heap_node *node, const struct whole *block)
{
    unsigned long first = block->chunk - node->base, last;

    if (likely(bit_tree_is_empty(&node->noted)))
        return false;
    last = bit_tree_last(&node->noted, first + BIT(block->order - CHUNK_ORDER));

    return last != BIT_TREE_NONE && last >= first;
}

bool node_wait_for_halves(struct heap_node *node)
{
    if (!node->nr_halved)
        return false;
    spin_unlock(&node->lock);
    smp_wait_a_turn();
    node_lock(node);

    return true;
}

unsigned long node_look_up(struct heap_node *node, unsigned long chunk,
                           unsigned int *order)
{
    unsigned long head;

    node_lock(node);
    do
        head = node_block_of(node, chunk, order);
    while (head == BIT_TREE_NONE && node_wait_for_halves(node));
    spin_unlock(&node->lock);

    return head;
}

unsigned long node_block_from(struct heap_node *node, unsigned long chunk,
                              unsigned int least, unsigned int *order)
{
    unsigned int orders = node->orders & -1U << (least - CHUNK_ORDER);

    for (; orders; orders &= orders - 1) {
        unsigned int k = lowest_bit(orders);
        unsigned long i = (chunk - node->base) >> k;

        if (!block_is_in(&node->whole[CLEAN][k], i) &&
            !block_is_in(&node->whole[DIRTY][k], i))
            continue;
        *order = k + CHUNK_ORDER;
        return node->base + (i << k);
    }

    return BIT_TREE_NONE;
}
