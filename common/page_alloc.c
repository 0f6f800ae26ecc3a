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
#include "heap_fault.h"
#include "magazine.h"
#include "page_take.h"
#include "parked.h"

_Static_assert(CLEAN == 0 && DIRTY == HEAP_NO_SCRUB,
               "flags say which magazine");

/* A single frame that owes nothing, from what is at hand; or false. */
static __inlined bool take_frame_quickly(enum contents contents,
                                         struct page_info **pg)
{
    struct heap_cpu *me = cpu_heap();
    struct magazine *m = &me->magazine[contents];
    unsigned long height = m->height;
    struct page_info *top;

    if (unlikely(height < 2))
        return false;
    top = m->page[height - 2];
    if (unlikely(!local_compare_exchange(&m->height, height, height - 1)))
        return false;
    if (unlikely(!take_entry(top))) {
        me->popped = top;
        return false;
    }
    if (CONFIG_DEBUG && contents == CLEAN)
        contents_check(top, 0);
    *pg = top;

    return true;
}

/* The frame that this CPU has had last, if it lies below the limit, and owes
 * nothing; or NULL. */
static __inlined struct page_info *take_top_quickly(paddr_t limit)
{
    struct heap_cpu *me = cpu_heap();
    struct magazine *m = &me->magazine[DIRTY];
    unsigned long height = m->height;
    struct page_info *pg;

    if (height < 2)
        return NULL;
    pg = m->page[height - 2];
    if (mfn_x(page_to_mfn(pg)) >= limit >> PAGE_SHIFT ||
        __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED) != PGC_state_free ||
        !local_compare_exchange(&m->height, height, height - 1))
        return NULL;
    if (likely(take_entry(pg)))
        return pg;
    me->popped = pg;

    return NULL;
}

/* With CONFIG_PAGE_OWNER, who has taken the block is written down. */
static __inlined struct page_info *note(struct page_info *pg,
                                        unsigned int order, void *caller)
{
    if (CONFIG_PAGE_OWNER && pg)
        page_owner_took(page_to_pdx(pg), order, (uintptr_t)caller);

    return pg;
}

static bool has_none_at_hand(const struct heap_cpu *me)
{
    return me->magazine[CLEAN].height < 2 && me->magazine[DIRTY].height < 2;
}

/* While requests are to fail each of them goes the long way. */
static __noinline struct page_info *take_frame_otherwise(paddr_t limit,
                                                         unsigned int flags)
{
    struct heap_cpu *me = cpu_heap();
    struct page_info *pg = NULL;

    if (unlikely(me == &heap_nobody) || unlikely(me->popped != NULL) ||
        unlikely(__atomic_load_n(&heap_fault_in, __ATOMIC_RELAXED) > 0))
        return take_otherwise(0, limit, flags, NULL);
    if (limit < heap.reach && flags == HEAP_NO_SCRUB)
        pg = take_top_quickly(limit);
    else if (limit >= heap.reach && flags == HEAP_NO_SCRUB &&
             has_none_at_hand(me) && magazine_refill(me, DIRTY))
        (void)take_frame_quickly(DIRTY, &pg);

    return pg ? pg : take_otherwise(0, limit, flags, NULL);
}

/* No more than this stands between a caller and a frame that is at hand: what
 * is not, is found by the last call of each. */
struct page_info *alloc_heap_frame(paddr_t limit, unsigned long flags)
{
    struct page_info *pg;

    if (likely(limit >= heap.reach) &&
        likely(take_frame_quickly((enum contents)flags, &pg)))
        return note(pg, 0, __builtin_return_address(0));

    return note(take_frame_otherwise(limit, (unsigned int)flags), 0,
                __builtin_return_address(0));
}

/* Some frame of a block that was at hand is to leave. */
static __noinline struct page_info *
take_another(unsigned int order, paddr_t limit, unsigned int flags,
             struct tlb_debt *debt, struct page_info *pg,
             struct page_info *culprit)
{
    turn_back_small(pg, order, culprit, TLB_NO_DEBT);

    return take_otherwise(order, limit, flags, debt);
}

/* A small block that owes nothing, from what is at hand; or else otherwise. */
static __inlined struct page_info *take_kept(unsigned int order, paddr_t limit,
                                             unsigned int flags,
                                             struct tlb_debt *debt,
                                             enum small small)
{
    struct heap_cpu *me = cpu_heap();
    struct page_info *pg = small_pop(&me->small[small]), *last;

    if (unlikely(!pg))
        return take_otherwise(order, limit, flags, debt);
    last = order < CHUNK_ORDER ? pg + BIT(order) - 1 : pg;
    for (; last >= pg; last--)
        if (unlikely(!take_entry(last)))
            return take_another(order, limit, flags, debt, pg, last);

    return pg;
}

static __inlined struct page_info *take_small(unsigned int order, paddr_t limit,
                                              unsigned int flags,
                                              struct tlb_debt *debt)
{
    enum small small = small_of_order(order);

    if (unlikely(flags != HEAP_NO_SCRUB) || unlikely(limit < heap.reach))
        return take_otherwise(order, limit, flags, debt);
    if (small == NR_SMALL)
        return order < CHUNK_ORDER ? take_otherwise(order, limit, flags, debt)
                                   : take_large(order, debt);
    if (small == SMALL_CHUNK)
        return take_kept(CHUNK_ORDER, limit, flags, debt, SMALL_CHUNK);

    return take_kept(small, limit, flags, debt, small);
}

struct page_info *alloc_heap_pages_paid(unsigned int order, paddr_t limit,
                                        unsigned int flags)
{
    return note(take_small(order, limit, flags, NULL), order,
                __builtin_return_address(0));
}

struct page_info *alloc_heap_pages_owing(unsigned int order, paddr_t limit,
                                         unsigned int flags,
                                         struct tlb_debt *debt)
{
    struct page_info *pg;

    *debt = TLB_NO_DEBT;
    if (order == 0 && flags <= HEAP_NO_SCRUB && likely(limit >= heap.reach) &&
        likely(take_frame_quickly((enum contents)flags, &pg)))
        return note(pg, 0, __builtin_return_address(0));

    return note(take_small(order, limit, flags, debt), order,
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
