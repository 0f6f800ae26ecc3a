/* SPDX-License-Identifier: MIT */
/* How memory is given back to the heap. <xen/page_alloc.h> includes it, and
 * says what holds here too. */
#ifndef XEN_PAGE_FREE_H
#define XEN_PAGE_FREE_H

/**
 * heap_clear_entries - make the entries of a block of @order at @pg zero.
 *
 * Of a block that was just taken; whoever treats its frames one by one, gives
 * it back in parts among others, calls it first.
 */
void heap_clear_entries(struct page_info *pg, unsigned int order);

/**
 * free_heap_pages - give back the block of 2^@order frames at @pg.
 *
 * A block may be given back in parts, each aligned to its own size. The entries
 * of its frames must be what alloc_heap_pages() made them: no count, no owner.
 * Of order CHUNK_ORDER or more only the first one is looked at.
 * @debt is what must be flushed before they are used anew; TLB_NO_DEBT if no
 * guest has mapped them.
 *
 * The others are one each for a single frame that owes nothing, and for all
 * else.
 */
void free_heap_frame(struct page_info *pg);
void free_heap_block(struct page_info *pg, unsigned int order,
                     struct tlb_debt debt);

static __inlined void free_heap_pages(struct page_info *pg, unsigned int order,
                                      struct tlb_debt debt)
{
    if (order == 0 && debt.taint == 0)
        free_heap_frame(pg);
    else
        free_heap_block(pg, order, debt);
}

/**
 * free_heap_frames - give back many single frames that all owe @debt.
 *
 * As free_heap_pages() of each, but what their entries say beside count_info is
 * forgotten: they need not be zero. Unless they are few they go to where they
 * belong, past what this CPU has at hand; those that follow one another are one
 * step.
 */
void free_heap_frames(struct page_info *const *page, unsigned int nr,
                      struct tlb_debt debt);

#endif /* XEN_PAGE_FREE_H */
