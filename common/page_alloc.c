/* SPDX-License-Identifier: MIT */
/*
 * Takes frames from wherever they are nearest at hand, and makes them ready for
 * use.
 *
 * The common ways, of a frame or a small block that the CPU has at hand, are
 * kept short. On the others the kinds of places are tried in turn, and last
 * what other CPUs have.
 */
#include <xen/page_owner.h>

#include "heap.h"
#include "heap_contents.h"
#include "magazine.h"
#include "page_take.h"
#include "parked.h"

_Static_assert(CLEAN == 0 && DIRTY == HEAP_NO_SCRUB, "kind() relies on it");

/* A single frame that owes nothing, from what is at hand; or false. */
static __inlined bool take_frame_quickly(enum contents contents,
                                         struct page_info **pg)
{
    struct heap_cpu *me = cpu_heap();
    struct magazine *m = &me->magazine[contents];
    unsigned long height = m->height;

    if (unlikely(height < 2))
        return false;
    *pg = m->page[height - 2];
    if (unlikely(!local_compare_exchange(&m->height, height, height - 1)))
        return false;
    if (unlikely(!take_entry(*pg))) {
        me->popped = *pg;
        return false;
    }
    if (CONFIG_DEBUG && contents == CLEAN)
        contents_check(*pg, 0);

    return true;
}

/* For a single frame from anywhere it is of which kind, CLEAN or DIRTY. */
static __inlined unsigned long kind(unsigned int order, unsigned int flags)
{
    return order * 2UL + flags;
}

/* A small block that may be dirty, and owes nothing, from what is at hand. */
static __noinline struct page_info *take_small_quickly(unsigned int order,
                                                       paddr_t limit,
                                                       unsigned int flags,
                                                       struct tlb_debt *debt)
{
    struct heap_cpu *me = cpu_heap();
    enum small small = small_of_order(order);
    struct page_info *pg;

    if (small == NR_SMALL || flags != HEAP_NO_SCRUB || limit < heap.reach)
        return take_otherwise(order, limit, flags, debt);
    pg = small_pop(me, small);
    if (!pg)
        return take_otherwise(order, limit, flags, debt);
    for (unsigned long i = order < CHUNK_ORDER ? BIT(order) : 1; i-- > 0;)
        if (unlikely(!take_entry(pg + i))) {
            turn_back_small(pg, order, pg + i, TLB_NO_DEBT);
            return take_otherwise(order, limit, flags, debt);
        }
    if (debt)
        *debt = TLB_NO_DEBT;

    return pg;
}

/* With CONFIG_PAGE_OWNER, who has taken the block is written down. */
static __inlined struct page_info *note(struct page_info *pg,
                                        unsigned int order, void *caller)
{
    if (CONFIG_PAGE_OWNER && pg)
        page_owner_took(page_to_pdx(pg), order, (uintptr_t)caller);

    return pg;
}

/* No more than this stands between a caller and a frame that is at hand: what
 * is not, is found by the last call of each. */
struct page_info *alloc_heap_pages_paid(unsigned int order, paddr_t limit,
                                        unsigned int flags)
{
    unsigned long contents = kind(order, flags);
    struct page_info *pg;

    if (likely(contents < NR_CONTENTS) && likely(limit >= heap.reach) &&
        likely(take_frame_quickly((enum contents)contents, &pg)))
        return note(pg, 0, __builtin_return_address(0));

    return note(take_small_quickly(order, limit, flags, NULL), order,
                __builtin_return_address(0));
}

struct page_info *alloc_heap_pages_owing(unsigned int order, paddr_t limit,
                                         unsigned int flags,
                                         struct tlb_debt *debt)
{
    unsigned long contents = kind(order, flags);
    struct page_info *pg;

    *debt = TLB_NO_DEBT;
    if (likely(contents < NR_CONTENTS) && likely(limit >= heap.reach) &&
        likely(take_frame_quickly((enum contents)contents, &pg)))
        return note(pg, 0, __builtin_return_address(0));

    return note(take_small_quickly(order, limit, flags, debt), order,
                __builtin_return_address(0));
}

/* Between looking at the note and the last of them the CPU is busy, and who has
 * made the note waits for that: see offline.c. */
static void clear_in_chunk(struct page_info *pg, unsigned long nr)
{
    bool keep = chunk_is_noted(&chunk_table[page_to_pdx(pg) / CHUNK_FRAMES]);

    for (unsigned long i = 0; i < nr; i++)
        if (unlikely(keep))
            entry_clear(pg + i);
        else
            page_info_clear(pg + i);
}

void heap_clear_entries(struct page_info *pg, unsigned int order)
{
    struct heap_cpu *me = magazines_here();
    unsigned long n, nr = BIT(order);

    for (; nr > 0; nr -= n, pg += n) {
        n = nr < CHUNK_FRAMES ? nr : CHUNK_FRAMES;
        magazines_begin(me);
        clear_in_chunk(pg, n);
        magazines_end(me);
    }
}
