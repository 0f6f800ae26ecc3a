/* SPDX-License-Identifier: MIT */
/* Finds chunks to take from, and whole blocks; and moves chunks that frames
 * have been given to. */
#include "chunk_apart.h"
#include "heap_report.h"
#include "parked.h"

/* One that has fewer free frames than any other that will do. */
static unsigned long own_broken(struct heap_node *node, uint32_t owner,
                                enum chunk_class class, struct range range)
    __must_hold(node->lock);
static unsigned long own_broken(struct heap_node *node, uint32_t owner,
                                enum chunk_class class, struct range range)
{
    unsigned long number = node_find_run(node, class, 0, range);

    if (number != BIT_TREE_NONE)
        node_own(node, number, owner);

    return number;
}

/* In the order of preference. *@is_block: it is for the caller to take apart.
 */
static unsigned long choose_chunk(struct heap_node *node, uint32_t owner,
                                  const struct wanted_chunk *want,
                                  struct range range, struct whole *block,
                                  bool *is_block) __must_hold(node->lock);
static unsigned long choose_chunk(struct heap_node *node, uint32_t owner,
                                  const struct wanted_chunk *want,
                                  struct range range, struct whole *block,
                                  bool *is_block)
{
    unsigned long number = BIT_TREE_NONE;

    if (want->whole)
        *is_block = begin_block(node, range, want->prefer, block);
    if (!*is_block)
        number = own_broken(node, owner, want->class, range);
    if (!*is_block && number == BIT_TREE_NONE)
        *is_block = begin_block(node, range, want->prefer, block);
    if (!*is_block && number == BIT_TREE_NONE && !want->whole)
        number = own_broken(node, owner, want->class ^ 1, range);

    return number;
}

unsigned long supply_chunk(struct heap_node *node, uint32_t owner,
                           unsigned long old, const struct wanted_chunk *want)
{
    unsigned long number = BIT_TREE_NONE;
    struct range all = { 0, nr_pdxs }, part;
    bool is_block = false, found;
    struct whole block;

    if (old != BIT_TREE_NONE)
        supply_release(owner, old);
    node_lock(node);
    do {
        unsigned int tiers = node->tiers;

        found = false;
        while (!found && next_tier(node, &tiers, all, &part)) {
            number = choose_chunk(node, owner, want, part, &block, &is_block);
            found = is_block || number != BIT_TREE_NONE;
            if (!found && node->nr_halved)
                break;
        }
    } while (!found && node_wait_for_halves(node));
    spin_unlock(&node->lock);
    if (!is_block)
        return number;
    own_block(node, &block, block.chunk, owner, want->class);
    if (block.dirty)
        node_soil(node);

    return block.chunk;
}

unsigned long supply_dirty_chunk(struct heap_node *node, uint32_t owner,
                                 unsigned long end)
{
    struct whole block;
    unsigned long number;
    bool found;

    node_lock(node);
    found = node_take_dirty(node, end, &block, &number);
    if (found)
        begin_apart(node, &block);
    spin_unlock(&node->lock);
    if (!found)
        return BIT_TREE_NONE;
    own_block(node, &block, number, owner, CLASS_MOVING);

    return block.chunk;
}

static bool take_block(struct heap_node *node, unsigned int order,
                       struct range range, enum contents prefer,
                       struct whole *block) __must_hold(node->lock);
static bool take_block(struct heap_node *node, unsigned int order,
                       struct range range, enum contents prefer,
                       struct whole *block)
{
    unsigned int tiers = node->tiers;
    bool found = false;
    struct range part;

    while (!found && next_tier(node, &tiers, range, &part)) {
        found = node_take_whole(node, order, part, prefer, block);
        if (!found && node->nr_halved)
            break;
    }

    return found;
}

bool supply_block(struct heap_node *node, unsigned int order,
                  struct range range, enum contents prefer, struct whole *block)
{
    bool found, is_larger = false;

    spin_lock(&node->lock);
    found = node_take_kept(node, order, range, prefer, block);
    if (!found) {
        node_merge_kept(node);
        do
            found = take_block(node, order, range, prefer, block);
        while (!found && node_wait_for_halves(node));
        is_larger = found && begin_halves(node, block, order);
    }
    spin_unlock(&node->lock);
    if (!found)
        return false;
    if (is_larger)
        end_halves(node, block, order, block->chunk);
    if (unlikely(!heap_block_is_open(block->chunk * CHUNK_FRAMES, order)))
        heap_open(block->chunk * CHUNK_FRAMES, order);
    entry_clear(pdx_to_page(block->chunk * CHUNK_FRAMES));

    return true;
}

void add_debt(unsigned long number, struct tlb_debt debt)
{
    struct tlb_debt *all = &debt_table[number], later;
    uint32_t stamp = __atomic_load_n(&all->stamp, __ATOMIC_RELAXED);

    do {
        later = tlb_debt_join((struct tlb_debt){ debt.taint, stamp }, debt);
    } while (later.stamp != stamp && !__atomic_compare_exchange_n(
                                         &all->stamp, &stamp, later.stamp, true,
                                         __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    if ((__atomic_load_n(&all->taint, __ATOMIC_RELAXED) & debt.taint) !=
        debt.taint)
        __atomic_fetch_or(&all->taint, debt.taint, __ATOMIC_RELAXED);
}

void refuse_bits(unsigned long number, unsigned int w, unsigned long bits)
{
    refuse_free(pdx_to_mfn(number * CHUNK_FRAMES + w * BITS_PER_LONG +
                           lowest_bit(bits)));
}

void move_chunk(unsigned long number)
{
    struct heap_node *node = node_of_chunk(number);

    node_lock(node);
    node_place(node, number);
    spin_unlock(&node->lock);
}
