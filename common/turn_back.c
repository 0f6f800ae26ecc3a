/* SPDX-License-Identifier: MIT */
/*
 * What becomes of blocks that were taken, and have a frame that is to leave:
 * the frame is parked, and the rest is free again.
 */
#include <xen/bug.h>
#include <xen/printk.h>

#include "magazine.h"
#include "page_take.h"
#include "parked.h"

void refuse_use(const struct page_info *pg)
{
    printk(LOG_ERROR, "heap: frame %#lx: count_info %#lx\n",
           mfn_x(page_to_mfn(pg)), pg->count_info);
    BUG("a frame in the heap is not free");
}

/* A frame whose use has begun is free again. It owes as much as all did. */
static void end_use(struct page_info *pg, struct tlb_debt debt)
{
    if (page_state(pg) == PGC_state_free)
        return;
    if (debt.taint) {
        pg->free_overlay.tlb_taint = debt.taint;
        pg->free_overlay.tlbflush_timestamp = debt.stamp;
    }
    entry_end_use(pg);
    if (debt.taint)
        __atomic_fetch_or(&pg->count_info, PGC_owing, __ATOMIC_RELAXED);
}

bool turn_back(struct page_info *pg, unsigned int order, enum contents contents,
               struct tlb_debt debt)
{
    bool none_waits = true;

    for (unsigned long i = 0; i < BIT(order); i++) {
        unsigned long pdx = page_to_pdx(pg + i), number = pdx / CHUNK_FRAMES;
        unsigned int w = pdx % CHUNK_FRAMES / BITS_PER_LONG;
        unsigned long bit = BIT(pdx % BITS_PER_LONG);
        bool dirty =
            contents == DIRTY || chunk_dirty(&chunk_table[number], w, bit) != 0;

        end_use(pg + i, dirty ? debt : TLB_NO_DEBT);
        give_bits(number, w, bit, dirty, dirty ? debt : TLB_NO_DEBT);
    }
    park_marked_of_run(pg, BIT(order));
    for (unsigned long i = 0; i < BIT(order); i++)
        none_waits &= !is_waiting(pg + i);

    return none_waits;
}

void turn_back_small(struct page_info *pg, unsigned int order,
                     const struct page_info *culprit, struct tlb_debt debt)
{
    if (!is_leaving(culprit))
        refuse_use(culprit);
    if (order == CHUNK_ORDER) {
        give_small(pg, order);
        return;
    }
    turn_back(pg, order, DIRTY, debt);
    node_unreserve(node_of_chunk(page_to_pdx(pg) / CHUNK_FRAMES), BIT(order));
    park_marked_of_run(pg, BIT(order));
}
