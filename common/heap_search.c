/* SPDX-License-Identifier: MIT */
/*
 * Finds frames in a row whose number, or alignment, is not that of a block.
 */
#include <xen/heap_range.h>

#include <asm/contents.h>

#include "heap.h"
#include "heap_range.h"
#include "heap_report.h"
#include "magazine.h"

/* A block that they fit in, without what they do not need of it. */
static struct page_info *cut_block(unsigned long nr, unsigned long align,
                                   paddr_t limit, unsigned int flags)
{
    unsigned long size = nr > align ? nr : align;
    unsigned int order = highest_bit(size) + (is_power_of_2(size) ? 0 : 1);
    struct page_info *pg = alloc_heap_pages(order, limit, flags, NULL);

    if (!pg)
        return NULL;
    if (order >= CHUNK_ORDER)
        heap_clear_entries(pg, order);
    give_parts(mfn_add(page_to_mfn(pg), nr), BIT(order) - nr, TLB_NO_DEBT,
               MAX_ORDER);

    return pg;
}

/* A search from above for frames in a row. */
struct search {
    unsigned long nr, align, end; /* wanted, below PDX @end */
    unsigned int flags;
    unsigned long at, run, longest; /* the row that begins with PDX @at */
    struct page_info *pg;
};

/* The row may be long enough now. */
static void try_row(struct search *search)
{
    unsigned long pdx;
    mfn_t culprit;

    if (search->run > search->longest)
        search->longest = search->run;
    if (search->run < search->nr)
        return;
    pdx = ALIGN_DOWN(search->at + search->run - search->nr, search->align);
    if (pdx < search->at || mfn_x(pdx_to_mfn(pdx)) % search->align)
        return;
    if (!heap_take_range(pdx_to_mfn(pdx), search->nr, search->flags, &culprit))
        search->pg = pdx_to_page(pdx);
    else
        search->run = 0;
}

static void search_word(struct search *search, unsigned long bits)
{
    for (unsigned int i = BITS_PER_LONG; i-- > 0 && !search->pg;) {
        search->at--;
        search->run = bits >> i & 1 ? search->run + 1 : 0;
        if (search->run > 0)
            try_row(search);
    }
}

/* Frames of word @w of a chunk that are free, and below the end. */
static unsigned long free_bits(const struct search *search,
                               unsigned long number, unsigned int w,
                               bool is_whole)
{
    unsigned long pdx = number * CHUNK_FRAMES + w * BITS_PER_LONG;
    unsigned long bits = ~0UL;

    if (!is_whole)
        bits = __atomic_load_n(&chunk_table[number].free[w], __ATOMIC_RELAXED);
    if (pdx >= search->end)
        return 0;

    return search->end - pdx < BITS_PER_LONG
               ? bits & (BIT(search->end - pdx) - 1)
               : bits;
}

static void search_chunk(struct search *search, unsigned long number)
{
    struct heap_node *node = node_of_chunk(number);
    unsigned long head = BIT_TREE_NONE;
    unsigned int order;

    /* Frames in a row have entries in a row only within a largest block. */
    search->at = (number + 1) * CHUNK_FRAMES;
    if (IS_ALIGNED(search->at, BIT(MAX_ORDER)))
        search->run = 0;
    if (!is_of_heap(number)) {
        search->run = 0;
        return;
    }
    spin_lock(&node->lock);
    head = node_block_of(node, number, &order);
    spin_unlock(&node->lock);
    if (head == BIT_TREE_NONE && !heap_is_open(number * CHUNK_FRAMES)) {
        search->run = 0;
        return;
    }
    for (unsigned int w = CHUNK_WORDS; w-- > 0 && !search->pg;)
        search_word(search,
                    free_bits(search, number, w, head != BIT_TREE_NONE));
}

struct page_info *alloc_heap_range(unsigned long nr, unsigned long align,
                                   paddr_t limit, unsigned int flags)
{
    struct search search = { .nr = nr, .align = align, .flags = flags };

    if (nr == 0 || !is_power_of_2(align) || nr > BIT(MAX_ORDER) ||
        align > BIT(MAX_ORDER))
        return NULL;
    if (!(flags & HEAP_NO_SCRUB) && limit > CONTENTS_LIMIT)
        limit = CONTENTS_LIMIT;
    search.pg = cut_block(nr, align, limit, flags);
    if (search.pg)
        return search.pg;

    heap_drain();
    search.end = limit < heap.reach ? pdx_of_limit(limit) : heap.end;
    for (unsigned long number = (search.end + CHUNK_FRAMES - 1) / CHUNK_FRAMES;
         number-- > heap.first / CHUNK_FRAMES && !search.pg;)
        search_chunk(&search, number);
    if (!search.pg)
        report_range_failure(nr, align, limit, search.longest);

    return search.pg;
}
