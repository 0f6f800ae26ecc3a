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

    if (order < 6) {
        give_bits(number, w, (BIT(BIT(order)) - 1) << pdx % BITS_PER_LONG,
                  dirty, debt);
    } else {
        for (unsigned int i = 0; i < BIT(order - 6); i++)
            give_bits(number, w + i, ~0UL, dirty, debt);
    }
    if (dirty)
        node_soil(node_of_chunk(number));
    node_unreserve(node_of_chunk(number), BIT(order));
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
static void give_noted(struct whole block)
{
    if (block.order == CHUNK_ORDER) {
        give_noted_chunk(&block);
        return;
    }
    block.order--;
    block.written = false;
    give_block(block);
    block.chunk += BIT(block.order - CHUNK_ORDER);
    give_block(block);
}

void give_block(struct whole block)
{
    struct heap_node *node = node_of_chunk(block.chunk);
    unsigned int order = block.order, found;
    bool is_free, is_noted;

    spin_lock(&node->lock);
    is_free = node_block_of(node, block.chunk, &found) != BIT_TREE_NONE;
    is_noted = node_has_note(node, &block);
    if (!is_free && !is_noted)
        node_insert(node, block);
    spin_unlock(&node->lock);
    if (is_free)
        refuse_free(pdx_to_mfn(block.chunk * CHUNK_FRAMES));
    if (is_noted)
        give_noted(block);
    else
        node_unreserve(node, BIT(order));
}
