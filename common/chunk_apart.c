/* SPDX-License-Identifier: MIT */
/* Halves whole blocks, and takes chunks of them apart. */
#include <asm/processor.h>

#include "chunk_apart.h"

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

void end_halves(struct heap_node *node, struct whole *block, unsigned int order,
                unsigned long chunk)
{
    bool is_done = false;

    while (!is_done) {
        spin_lock(&node->lock);
        node_split(node, block, order, chunk, LEVELS_AT_ONCE);
        is_done = block->order == order;
        if (is_done)
            __atomic_store_n(&node->nr_halved, node->nr_halved - 1,
                             __ATOMIC_RELAXED);
        spin_unlock(&node->lock);
    }
}

void begin_apart(struct heap_node *node, const struct whole *block)
{
    (void)begin_halves(node, block, CHUNK_ORDER);
    __atomic_fetch_add(&node->nr_between, 1, __ATOMIC_RELAXED);
}

void own_block(struct heap_node *node, struct whole *block,
               unsigned long number, uint32_t owner, enum chunk_class class)
{
    struct chunk *chunk;

    if (block->order > CHUNK_ORDER)
        end_halves(node, block, CHUNK_ORDER, number);
    chunk = take_apart(block);
    spin_lock(&node->lock);
    chunk->class = class & 1;
    chunk->is_apart = true;
    node_own(node, block->chunk, owner);
    show_frames(chunk);
    __atomic_fetch_sub(&node->nr_between, 1, __ATOMIC_RELEASE);
    spin_unlock(&node->lock);
}

bool begin_block(struct heap_node *node, struct range range,
                 enum contents prefer, struct whole *block)
{
    bool found = node_take_whole(node, CHUNK_ORDER, range, prefer, block);

    if (found)
        begin_apart(node, block);

    return found;
}

void supply_release(uint32_t owner, unsigned long number)
{
    struct heap_node *node = node_of_chunk(number);

    node_lock(node);
    if (chunk_owner(&chunk_table[number]) == owner)
        node_disown(node, number);
    spin_unlock(&node->lock);
}

void supply_waits(struct heap_node *node)
{
    while (__atomic_load_n(&node->nr_between, __ATOMIC_ACQUIRE) > 0)
        smp_wait_a_turn();
}

/* Take the lock while no CPU halves a block, or takes a chunk apart: all that
 * is whole is in the sets. */
static void lock_quiet(struct heap_node *node) __acquires(node->lock);
static void lock_quiet(struct heap_node *node)
{
    node_lock(node);
    while (node->nr_halved ||
           __atomic_load_n(&node->nr_between, __ATOMIC_ACQUIRE) > 0) {
        spin_unlock(&node->lock);
        smp_wait_a_turn();
        node_lock(node);
    }
}

/* Only a chunk that is not whole can have a note. */
void supply_note(unsigned long number)
{
    struct heap_node *node = node_of_chunk(number);
    struct whole block;
    bool is_block;

    lock_quiet(node);
    node_note(node, number);
    is_block = node_take_block_of(node, number, &block);
    if (is_block)
        begin_apart(node, &block);
    spin_unlock(&node->lock);
    if (is_block) {
        own_block(node, &block, number, OWNER_IN_PASSING, CLASS_STAYING);
        supply_release(OWNER_IN_PASSING, number);
        heap_was_moved();
    }
}

void supply_unnote(unsigned long number)
{
    struct heap_node *node = node_of_chunk(number);

    node_lock(node);
    node_unnote(node, number);
    if (chunk_owner(&chunk_table[number]) == NO_OWNER)
        node_place(node, number);
    spin_unlock(&node->lock);
}
