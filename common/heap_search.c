/* SPDX-License-Identifier: MIT */
/*
 * Finds frames in a row whose number, or alignment, is not that of a block.
 */
#include <xen/errno.h>
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

/*
 * A search from above for frames in a row.
 *
 * Among 2^(k+1) - 1 frames in a row there is an aligned block of 2^k. So only
 * where the node's sets say that there is one of @order can the row begin that
 * is wanted; there it is followed to both its ends.
 */
struct search {
    unsigned long nr, align;
    unsigned int order, flags;
    unsigned long limit; /* a PDX: all lies below it */
    unsigned long end;   /* blocks below it are still to be looked at */
    unsigned long longest;
    struct page_info *pg;
};

/* Free frames that lie together: [start, end). */
struct row {
    unsigned long start, end;
};

/* Those around @pdx that are free as a whole block. */
static bool find_whole(unsigned long pdx, struct row *row)
{
    unsigned long number = pdx / CHUNK_FRAMES, head;
    struct heap_node *node = node_of_chunk(number);
    unsigned int order = 0;

    if (number < node->base || number >= node->end)
        return false;
    head = node_look_up(node, number, &order);
    if (head == BIT_TREE_NONE)
        return false;
    row->start = head * CHUNK_FRAMES;
    row->end = row->start + BIT(order);

    return true;
}

/* Of the 64 around @pdx, those that are free by the words of their chunk: none
 * of one that is free as a whole. */
static unsigned long free_word(unsigned long pdx)
{
    const struct chunk *chunk = &chunk_table[pdx / CHUNK_FRAMES];

    if (!heap_is_open(pdx))
        return 0;

    return __atomic_load_n(&chunk->free[pdx % CHUNK_FRAMES / BITS_PER_LONG],
                           __ATOMIC_RELAXED);
}

/* How far down from @pdx is all free, but not below @stop? */
static unsigned long row_start(unsigned long pdx, unsigned long stop)
{
    struct row whole;

    while (pdx > stop) {
        unsigned int last = (unsigned int)((pdx - 1) % BITS_PER_LONG);
        unsigned long word = free_word(pdx - 1);
        unsigned long used = ~word << (BITS_PER_LONG - 1 - last);

        if (word == 0 && find_whole(pdx - 1, &whole))
            pdx = whole.start;
        else if (used >> (BITS_PER_LONG - 1))
            break;
        else
            pdx -= used ? BITS_PER_LONG - 1 - highest_bit(used) : last + 1;
    }

    return pdx > stop ? pdx : stop;
}

/* And up, but not to @stop. */
static unsigned long row_end(unsigned long pdx, unsigned long stop)
{
    struct row whole;

    while (pdx < stop) {
        unsigned int first = (unsigned int)(pdx % BITS_PER_LONG);
        unsigned long word = free_word(pdx);
        unsigned long used = ~word >> first;

        if (word == 0 && find_whole(pdx, &whole))
            pdx = whole.end;
        else if (used & 1)
            break;
        else
            pdx += used ? lowest_bit(used) : BITS_PER_LONG - first;
    }

    return pdx < stop ? pdx : stop;
}

/* Move *@pdx down to the end of a free block of the search's order, or, of one
 * of 64 frames if that is less. False: there is none in the word below it,
 * to whose start it has been moved. */
static bool find_block(const struct search *search, unsigned long *pdx)
{
    unsigned int order =
        search->order < WORD_ORDER ? search->order : WORD_ORDER;
    unsigned long first = ALIGN_DOWN(*pdx - 1, BITS_PER_LONG);
    unsigned long word = free_word(first), runs;
    struct row whole;

    if (word == 0 && find_whole(first, &whole))
        return true;
    runs = runs_of_word(word & ~0UL >> (first + BITS_PER_LONG - *pdx), order);
    *pdx = first + (runs ? highest_bit(runs) + BIT(order) : 0);

    return runs != 0;
}

/* The highest frames of the row that will do. What is not to be had any longer,
 * or marked, ends it. */
static void try_row(struct search *search, struct row row)
{
    int rc = -EBUSY;

    if (row.end - row.start > search->longest)
        search->longest = row.end - row.start;
    while (rc == -EBUSY && row.end - row.start >= search->nr) {
        unsigned long pdx = ALIGN_DOWN(row.end - search->nr, search->align);
        mfn_t culprit;

        if (pdx < row.start || mfn_x(pdx_to_mfn(pdx)) % search->align)
            return;
        rc = heap_take_range(pdx_to_mfn(pdx), search->nr, search->flags,
                             &culprit);
        if (!rc)
            search->pg = pdx_to_page(pdx);
        row.end = mfn_to_pdx(culprit);
    }
}

/* All rows of which a block is in @at. */
static void search_rows(struct search *search, struct row at)
{
    unsigned long pdx = at.end < search->end ? at.end : search->end;

    while (pdx > at.start && !search->pg) {
        unsigned long start, end;
        struct row row;

        if (!find_block(search, &pdx))
            continue;
        /* Frames in a row have entries in a row only within a largest block. */
        start = ALIGN_DOWN(pdx - 1, BIT(MAX_ORDER));
        end = start + BIT(MAX_ORDER);
        row.start = row_start(pdx, start);
        row.end = row_end(pdx, end < search->limit ? end : search->limit);
        try_row(search, row);
        pdx = row.start < pdx ? row.start : pdx - 1;
    }
    search->end = pdx;
}

/* Without the lock. What a block is merged into is in the set of a higher
 * order, which is looked at later, or kept. */
static bool has_none(const struct heap_node *node, const struct bit_tree *tree)
{
    bool is_empty = bit_tree_is_empty(tree);

    /* In this order: see node_merge_kept(). */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);

    return is_empty && !__atomic_load_n(&node->kept_orders, __ATOMIC_RELAXED);
}

/* The last of @tree, whose members are blocks of 2^@k chunks, that begins below
 * the search's end: if it is higher than *@last, it is the one to go on with.
 */
static void look_at(struct heap_node *node, const struct bit_tree *tree,
                    unsigned int k, const struct search *search,
                    struct row *last)
{
    unsigned long number = (search->end + CHUNK_FRAMES - 1) / CHUNK_FRAMES;
    unsigned long i, start;

    if (has_none(node, tree))
        return;
    /* For each by itself, lest the lock be held for long. */
    node_lock(node);
    i = bit_tree_last(tree, (node_index(node, number) + BIT(k) - 1) >> k);
    spin_unlock(&node->lock);
    start = (node->base + (i << k)) * CHUNK_FRAMES;
    if (i != BIT_TREE_NONE && start >= last->end)
        *last = (struct row){ start, start + (CHUNK_FRAMES << k) };
}

static void look_at_node(struct heap_node *node, const struct search *search,
                         struct row *last)
{
    for (unsigned int k = 0; k < NR_WHOLE_ORDERS; k++)
        for (unsigned int c = 0; c < NR_CONTENTS; c++)
            if (k + CHUNK_ORDER >= search->order)
                look_at(node, &node->whole[c][k], k, search, last);
    for (unsigned int class = 0; class < NR_CLASSES; class ++)
        for (unsigned int run = search->order; run < NR_RUNS; run++)
            look_at(node, &node->runs[class][run], 0, search, last);
    if (search->order < CHUNK_ORDER)
        look_at(node, &node->owned, 0, search, last);
}

/* Where to look next; false: there is nothing left. */
static bool find_next(const struct search *search, struct row *last)
{
    *last = (struct row){ 0, 0 };
    for (unsigned int id = 0; id < nr_nodes; id++)
        look_at_node(&heap_nodes[id], search, last);

    return last->end > 0;
}

struct page_info *alloc_heap_range(unsigned long nr, unsigned long align,
                                   paddr_t limit, unsigned int flags)
{
    struct search search = { .nr = nr, .align = align, .flags = flags };
    struct row at;

    if (nr == 0 || !is_power_of_2(align) || nr > BIT(MAX_ORDER) ||
        align > BIT(MAX_ORDER))
        return NULL;
    if (!(flags & HEAP_NO_SCRUB) && limit > CONTENTS_LIMIT)
        limit = CONTENTS_LIMIT;
    search.pg = cut_block(nr, align, limit, flags);
    if (search.pg)
        return search.pg;

    heap_drain();
    search.order = highest_bit(nr + 1) - 1;
    search.longest = BIT(search.order + 1) - 2; /* where it does not look */
    search.limit = limit < heap.reach ? pdx_of_limit(limit) : heap.end;
    search.end = search.limit;
    while (!search.pg && search.end > heap.first && find_next(&search, &at))
        search_rows(&search, at);
    if (!search.pg)
        report_range_failure(nr, align, limit, search.longest);

    return search.pg;
}
