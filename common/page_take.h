/* SPDX-License-Identifier: MIT */
/* How alloc_heap_pages() finds what is not at hand. */
#ifndef PAGE_TAKE_H
#define PAGE_TAKE_H

#include <xen/page_alloc.h>

#include <asm/processor.h>

#include "heap_node.h"

/* The entry of a free frame that owes nothing: from now on it is in use. */
static __inlined bool take_entry(struct page_info *pg)
{
    return likely(local_compare_exchange(&pg->count_info, PGC_state_free, 0));
}

/* Stop: @pg is where free frames are, but is not free. */
__cold _Noreturn void refuse_use(const struct page_info *pg);

/**
 * turn_back - let a run be free again that has been begun to be used, or not
 * all of it, and that has marked frames (parked.h).
 *
 * It has been reserved, and remains so. Frames owe at most @debt; they are
 * DIRTY, or what their chunk says. The marked ones are parked, by this CPU or
 * another, if others are available in their place: then the answer is true, and
 * it is worth while to look for another run.
 */
bool turn_back(struct page_info *pg, unsigned int order, enum contents contents,
               struct tlb_debt debt);

/* The same for a block that a CPU had at hand. @culprit, of which take_entry()
 * failed, must be marked. */
void turn_back_small(struct page_info *pg, unsigned int order,
                     const struct page_info *culprit, struct tlb_debt debt);

/* Take a block of CHUNK_ORDER or more of this CPU's node, or as above. */
struct page_info *take_large(unsigned int order, struct tlb_debt *debt);

/**
 * take_otherwise - take a block, from wherever there is one.
 *
 * Of some orders a run of the chunk that the CPU takes from may do. As
 * alloc_heap_pages_owing(), but if @debt is NULL it is paid.
 */
struct page_info *take_otherwise(unsigned int order, paddr_t limit,
                                 unsigned int flags, struct tlb_debt *debt);

#endif /* PAGE_TAKE_H */
