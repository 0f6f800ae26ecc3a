/* SPDX-License-Identifier: MIT */
/*
 * Takes back many frames at once, all of one user: to their chunks, where those
 * that follow one another are one step.
 */
#include "heap.h"
#include "magazine.h"
#include "parked.h"

/* So few are better at hand. */
#define FEW 16U

/* From now on the entry says that its frame is free, and owes @debt; nothing
 * else. Nobody else looks at it as long as it has no count. */
static __inlined bool give_entry(struct page_info *pg, struct tlb_debt debt)
{
    if (unlikely(!local_compare_exchange(
            &pg->count_info, 0,
            PGC_state_free | (debt.taint != 0 ? PGC_owing : 0))))
        return false;
    pg->list = (struct page_list_entry){ 0, 0 };
    pg->free_overlay.tlb_taint = debt.taint;
    pg->free_overlay.order_word = 0;
    pg->free_overlay.last_word = debt.stamp;

    return true;
}

/* One that is marked, or should not be here. */
static __cold void give_by_itself(struct page_info *pg, struct tlb_debt debt)
{
    if (page_state(pg) != PGC_state_free)
        entry_clear(pg);
    free_heap_pages(pg, 0, debt);
}

/* How many from the first on can be given back without a closer look? */
static unsigned int give_entries(struct page_info *const *page, unsigned int nr,
                                 struct tlb_debt debt)
{
    const struct page_info *first = pdx_to_page(heap.first),
                           *end = pdx_to_page(heap.end);
    unsigned int n;

    for (n = 0; n < nr; n++)
        if (unlikely(page[n] < first || page[n] >= end) ||
            unlikely(!give_entry(page[n], debt)))
            break;

    return n;
}

void free_heap_frames(struct page_info *const *page, unsigned int nr,
                      struct tlb_debt debt)
{
    for (unsigned int n, i = 0; i < nr; i += n) {
        /* With CONFIG_DEBUG each is looked at by itself. */
        n = CONFIG_DEBUG || nr < FEW ? 0 : give_entries(page + i, nr - i, debt);
        if (n > 0) {
            give_frames(page + i, n, true, debt.taint != 0);
        } else {
            give_by_itself(page[i], debt);
            n = 1;
        }
    }
}
