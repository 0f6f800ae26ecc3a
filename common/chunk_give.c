/* SPDX-License-Identifier: MIT */
/* Lets runs and blocks be free again; of a block with a note its chunks. */
#include "chunk_supply.h"
#include "heap_report.h"
#include "parked.h"

void give_run(unsigned long pdx, unsigned int order, bool dirty,
              struct tlb_debt debt)
{
    unsigned long number = pdx / CHUNK_FRAMES;
    unsigned int w = pdx % CHUNK_FRAMES / BITS_PER_LONG;
    struct heap_node *node = node_of_chunk(number);

    if (order < WORD_ORDER) {
        give_bits(number, w, run_mask[order] << pdx % BITS_PER_LONG, dirty,
                  debt);
    } else {
        for (unsigned int i = 0; i < BIT(order - WORD_ORDER); i++)
            give_bits(number, w + i, ~0UL, dirty, debt);
    }
    if (dirty)
        node_soil(node);
    node_unreserve(node, BIT(order));
    if (any_leaving())
        park_marked_of_run(pdx_to_page(pdx), BIT(order));
}

/* A chunk with a note: each of its frames is free by itself, but for those that
 * are marked. The entries said nothing. */
static void give_noted_chunk(const struct whole *block)
{
    unsigned long pdx = block->chunk * CHUNK_FRAMES;
    struct page_info *pg = pdx_to_page(pdx);

    for (unsigned int i = 0; i < CHUNK_FRAMES; i++) {
        entry_clear(pg + i);
        pg[i].free_overlay.tlb_taint = block->debt.taint;
        pg[i].free_overlay.tlbflush_timestamp = block->debt.stamp;
        entry_end_use(pg + i);
        if (block->debt.taint)
            __atomic_fetch_or(&pg[i].count_info, PGC_owing, __ATOMIC_RELAXED);
    }
    for (unsigned int i = 0; i < 2; i++)
        give_run(pdx + i * CHUNK_FRAMES / 2, CHUNK_ORDER - 1, block->dirty,
                 block->debt);
}

/* A block with notes: what has none is whole all the same. */
static void give_noted(const struct whole *block)
{
    struct whole half = *block;

    if (block->order == CHUNK_ORDER) {
        give_noted_chunk(block);
        return;
    }
    half.order--;
    half.written = false;
    give_block(&half);
    half = *block;
    half.order--;
    half.written = false;
    half.chunk += BIT(half.order - CHUNK_ORDER);
    give_block(&half);
}

/* Was it not handed out as a whole, as far as its first chunk tells? */
static bool is_no_block(struct heap_node *node, const struct whole *block)
    __must_hold(node->lock);
static bool is_no_block(struct heap_node *node, const struct whole *block)
{
    unsigned int order;

    return node_block_from(node, block->chunk, block->order, &order) !=
               BIT_TREE_NONE ||
           (heap_is_open(block->chunk * CHUNK_FRAMES) &&
            chunk_table[block->chunk].is_apart);
}

void give_block(const struct whole *block)
{
    struct heap_node *node = node_of_chunk(block->chunk);
    unsigned long chunk = block->chunk, nr = BIT(block->order);
    bool is_bad, is_noted;

    node_lock(node);
    is_bad = is_no_block(node, block);
    is_noted = node_has_note(node, block);
    if (!is_bad && !is_noted)
        node_keep(node, block);
    spin_unlock(&node->lock);
    if (unlikely(is_bad))
        refuse_free(pdx_to_mfn(chunk * CHUNK_FRAMES));
    if (unlikely(is_noted))
        give_noted(block);
    else
        node_unreserve(node, nr);
}

unsigned long give_largest(unsigned long chunk, unsigned long nr)
{
    struct heap_node *node = node_of_chunk(chunk);
    bool is_done;

    node_lock(node);
    is_done = node_insert_largest(node, chunk, &nr);
    spin_unlock(&node->lock);
    if (!is_done)
        return 0;
    node_unreserve(node, nr << MAX_ORDER);

    return nr;
}
