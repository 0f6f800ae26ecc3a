/* SPDX-License-Identifier: MIT */
/* Takes chunks apart, takes runs out of them, and lets them be whole again. */
#include <asm/processor.h>

#include "chunk_supply.h"
#include "heap_report.h"
#include "parked.h"

/* Of chunks that one takes from for a single run, while they are taken apart.
 */
#define OWNER_IN_PASSING (~0U)

/* What @range has of a tier. */
static struct range in_tier(struct range range, unsigned int tier)
{
    unsigned long end = tier + 1 < NR_TIERS ? tier_start[tier + 1] : range.end;

    if (range.start < tier_start[tier])
        range.start = tier_start[tier];
    if (range.end > end)
        range.end = end;

    return range;
}

static bool is_empty(struct range range)
{
    return range.start >= range.end;
}

/* Let the entries of a chunk say that its frames are free, and owe @debt. */
static void write_entries(unsigned long chunk, struct tlb_debt debt)
{
    struct page_info *pg = pdx_to_page(chunk * CHUNK_FRAMES);
    struct page_info entry = { .count_info = PGC_state_free };

    if (debt.taint)
        entry.count_info |= PGC_owing;
    entry.free_overlay.tlb_taint = debt.taint;
    entry.free_overlay.tlbflush_timestamp = debt.stamp;
    for (unsigned int i = 0; i < CHUNK_FRAMES; i++)
        pg[i] = entry;
}

/* The block's frames are free, each by itself, but nobody finds them yet. */
static struct chunk *take_apart(const struct whole *block)
{
    struct chunk *chunk;

    heap_open(block->chunk * CHUNK_FRAMES, CHUNK_ORDER);
    chunk = &chunk_table[block->chunk];
    debt_table[block->chunk] = block->debt;
    if (!block->written)
        write_entries(block->chunk, block->debt);
    for (unsigned int w = 0; w < CHUNK_WORDS; w++)
        __atomic_store_n(&chunk->dirty[w], block->dirty ? ~0UL : 0,
                         __ATOMIC_RELAXED);

    return chunk;
}

/* From now on they are found. Release: with all that take_apart() wrote. */
static void show_frames(struct chunk *chunk)
{
    for (unsigned int w = 0; w < CHUNK_WORDS; w++)
        __atomic_store_n(&chunk->free[w], ~0UL, __ATOMIC_RELEASE);
}

/* A chunk that was a block becomes @owner's. */
static void own_block(struct heap_node *node, const struct whole *block,
                      uint32_t owner, enum chunk_class class)
{
    struct chunk *chunk = take_apart(block);

    spin_lock(&node->lock);
    chunk->class = class & 1;
    chunk->is_apart = true;
    node_own(node, block->chunk, owner);
    show_frames(chunk);
    __atomic_fetch_sub(&node->nr_between, 1, __ATOMIC_RELEASE);
    spin_unlock(&node->lock);
}

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

/* Take a chunk out of a whole block, to be taken apart by who calls. */
static bool begin_block(struct heap_node *node, struct range range,
                        enum contents prefer, struct whole *block)
    __must_hold(node->lock);
static bool begin_block(struct heap_node *node, struct range range,
                        enum contents prefer, struct whole *block)
{
    if (!node_take_whole(node, CHUNK_ORDER, range, prefer, block))
        return false;
    __atomic_fetch_add(&node->nr_between, 1, __ATOMIC_RELAXED);

    return true;
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

void supply_release(uint32_t owner, unsigned long number)
{
    struct heap_node *node = node_of_chunk(number);

    spin_lock(&node->lock);
    if (chunk_owner(&chunk_table[number]) == owner)
        node_disown(node, number);
    spin_unlock(&node->lock);
}

unsigned long supply_chunk(struct heap_node *node, uint32_t owner,
                           unsigned long old, const struct wanted_chunk *want)
{
    unsigned long number = BIT_TREE_NONE;
    struct whole block;
    bool is_block = false;

    if (old != BIT_TREE_NONE)
        supply_release(owner, old);
    spin_lock(&node->lock);
    for (unsigned int tier = NR_TIERS;
         tier-- > 0 && number == BIT_TREE_NONE && !is_block;) {
        struct range range = in_tier((struct range){ 0, nr_pdxs }, tier);

        if (!is_empty(range))
            number = choose_chunk(node, owner, want, range, &block, &is_block);
    }
    spin_unlock(&node->lock);
    if (!is_block)
        return number;
    own_block(node, &block, owner, want->class);
    if (block.dirty)
        node_soil(node);

    return block.chunk;
}

unsigned long supply_dirty_chunk(struct heap_node *node, uint32_t owner,
                                 unsigned long end)
{
    struct whole block;
    bool found;

    spin_lock(&node->lock);
    found = node_take_dirty(node, end, &block);
    if (found)
        __atomic_fetch_add(&node->nr_between, 1, __ATOMIC_RELAXED);
    spin_unlock(&node->lock);
    if (!found)
        return BIT_TREE_NONE;
    own_block(node, &block, owner, CLASS_MOVING);

    return block.chunk;
}

/* How far into the chunk the range goes. */
static unsigned int end_in_chunk(struct range range, unsigned long chunk)
{
    unsigned long nr = range.end - chunk * CHUNK_FRAMES;

    return nr < CHUNK_FRAMES ? (unsigned int)nr : CHUNK_FRAMES;
}

/* From chunks that nobody owns. */
static unsigned long take_from_sets(struct heap_node *node, unsigned int order,
                                    enum chunk_class class, struct range range)
    __must_hold(node->lock);
static unsigned long take_from_sets(struct heap_node *node, unsigned int order,
                                    enum chunk_class class, struct range range)
{
    unsigned long number;

    while ((number = node_find_run(node, class, order, range)) !=
           BIT_TREE_NONE) {
        unsigned int end = end_in_chunk(range, number);
        unsigned int first = node_take_run(node, number, order, end);

        if (first < CHUNK_FRAMES)
            return number * CHUNK_FRAMES + first;
        /* Either the set said too much, or all that there is lies behind. */
        if (end < CHUNK_FRAMES)
            range.end = number * CHUNK_FRAMES;
    }

    return BIT_TREE_NONE;
}

/* Take the first run of a chunk that was a block; the rest is anybody's. */
static unsigned long take_from_block(struct heap_node *node,
                                     const struct whole *block,
                                     unsigned int order, enum chunk_class class,
                                     struct range range)
{
    unsigned int end = end_in_chunk(range, block->chunk), first;

    own_block(node, block, OWNER_IN_PASSING, class);
    if (block->dirty)
        node_soil(node);
    first = chunk_take_run(&chunk_table[block->chunk], order, end);
    spin_lock(&node->lock);
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
    unsigned long pdx = BIT_TREE_NONE;
    struct whole block;
    bool is_block = false;

    spin_lock(&node->lock);
    for (unsigned int tier = NR_TIERS; tier-- > 0;) {
        struct range part = in_tier(range, tier), whole = part;

        if (is_empty(part))
            continue;
        pdx = take_from_sets(node, order, class, part);
        if (pdx != BIT_TREE_NONE)
            break;
        /* The chunk that the end cuts will do if its first run does. */
        if (end_in_chunk(part, part.end / CHUNK_FRAMES) >= BIT(order))
            whole.end = ALIGN_UP(part.end, CHUNK_FRAMES);
        is_block = begin_block(node, whole, prefer, &block);
        if (is_block)
            break;
        pdx = take_from_sets(node, order, class ^ 1, part);
        if (pdx != BIT_TREE_NONE)
            break;
    }
    spin_unlock(&node->lock);

    return is_block ? take_from_block(node, &block, order, class, range) : pdx;
}

bool supply_block(struct heap_node *node, unsigned int order,
                  struct range range, enum contents prefer, struct whole *block)
{
    bool found = false;

    spin_lock(&node->lock);
    for (unsigned int tier = NR_TIERS; tier-- > 0 && !found;) {
        struct range part = in_tier(range, tier);

        if (!is_empty(part))
            found = node_take_whole(node, order, part, prefer, block);
    }
    spin_unlock(&node->lock);
    if (!found)
        return false;
    if (unlikely(!heap_block_is_open(block->chunk * CHUNK_FRAMES, order)))
        heap_open(block->chunk * CHUNK_FRAMES, order);
    entry_clear(pdx_to_page(block->chunk * CHUNK_FRAMES));

    return true;
}

void supply_waits(struct heap_node *node)
{
    while (__atomic_load_n(&node->nr_between, __ATOMIC_ACQUIRE) > 0)
        smp_wait_a_turn();
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

    spin_lock(&node->lock);
    node_place(node, number);
    spin_unlock(&node->lock);
}

/* Only a chunk that is not whole can have a note. */
void supply_note(unsigned long number)
{
    struct heap_node *node = node_of_chunk(number);
    struct whole block;
    bool is_block;

    spin_lock(&node->lock);
    node_note(node, number);
    is_block = node_take_chunk(node, number, &block);
    if (is_block)
        __atomic_fetch_add(&node->nr_between, 1, __ATOMIC_RELAXED);
    spin_unlock(&node->lock);
    if (is_block) {
        own_block(node, &block, OWNER_IN_PASSING, CLASS_STAYING);
        supply_release(OWNER_IN_PASSING, number);
    }
    /* Who is about to take a chunk apart writes its entries. */
    supply_waits(node);
}

void supply_unnote(unsigned long number)
{
    struct heap_node *node = node_of_chunk(number);

    spin_lock(&node->lock);
    node_unnote(node, number);
    if (chunk_owner(&chunk_table[number]) == NO_OWNER)
        node_place(node, number);
    spin_unlock(&node->lock);
}
