/* SPDX-License-Identifier: MIT */
/*
 * Takes back what was handed out, and stops at what was not.
 *
 * A block without debt goes to what the CPU has at hand, by a short way. All
 * others are looked at more closely, and so are all with CONFIG_DEBUG.
 */
#include <xen/bug.h>
#include <xen/page_owner.h>
#include <xen/printk.h>

#include "give_back.h"
#include "heap_contents.h"
#include "heap_report.h"
#include "magazine.h"
#include "parked.h"

/* What is checked or remembered of each block is so on the long way. */
#define LONG_WAY_ONLY (CONFIG_DEBUG || CONFIG_PAGE_OWNER)

/* From now on the entry says that its frame is free. */
static __inlined bool give_entry(struct page_info *pg)
{
    return likely((bits_of_links(&pg->list) |
                   bits_of_links(&pg->inuse_overlay.owner_word) |
                   pg->inuse_overlay.type_info) == 0) &&
           likely(local_compare_exchange(&pg->count_info, 0, PGC_state_free));
}

/* One that is to leave: it is as it must be but for the mark. */
static bool give_marked(struct page_info *pg)
{
    unsigned long seen = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);

    if ((seen & ~PGC_broken) != PGC_state_offlining ||
        (bits_of_links(&pg->list) |
         bits_of_links(&pg->inuse_overlay.owner_word) |
         pg->inuse_overlay.type_info) != 0)
        return false;
    entry_end_use(pg);

    return true;
}

static void end_use(struct give_back *back)
{
    unsigned long nr = back->order < CHUNK_ORDER ? BIT(back->order) : 1;

    for (unsigned long i = 0; i < nr; i++) {
        struct page_info *pg = back->pg + i;

        if (!give_entry(pg)) {
            if (!give_marked(pg))
                give_back_refuse_entry(back, pg);
            back->leaving = true;
        }
        if (back->debt.taint && back->order < CHUNK_ORDER) {
            pg->free_overlay.tlb_taint = back->debt.taint;
            pg->free_overlay.tlbflush_timestamp = back->debt.stamp;
            __atomic_fetch_or(&pg->count_info, PGC_owing, __ATOMIC_RELAXED);
        }
    }
}

static void give_whole(const struct give_back *back)
{
    give_block(&(struct whole){
        .chunk = page_to_pdx(back->pg) / CHUNK_FRAMES,
        .order = back->order,
        .dirty = !back->clean,
        .debt = back->debt,
    });
}

static void put_small(struct heap_cpu *me, enum small small,
                      struct page_info *pg)
{
    small_put(me, small, pg);
    if (any_leaving())
        small_turn_back(me, small);
}

/* To what this CPU has at hand, if it may be there; or to where it belongs. */
static void put_away(struct heap_cpu *me, struct give_back *back)
{
    unsigned long pdx = page_to_pdx(back->pg);
    enum small small = small_of_order(back->order);
    bool here = node_of_pdx(pdx) == me->node;

    me->owing |= back->debt.taint != 0;
    if (back->leaving && back->order < CHUNK_ORDER)
        give_run(pdx, back->order, true, back->debt);
    else if (here && back->order == 0)
        magazine_put(me, back->clean ? CLEAN : DIRTY, back->pg);
    else if (here && small < NR_SMALL && !back->debt.taint && !back->clean &&
             node_has_plenty(&heap_nodes[me->node], BIT(back->order)))
        put_small(me, small, back->pg);
    else if (back->order < CHUNK_ORDER)
        give_run(pdx, back->order, !back->clean, back->debt);
    else
        give_whole(back);
}

static __noinline void give_slowly(struct page_info *pg, unsigned int order,
                                   struct tlb_debt debt, uintptr_t caller)
{
    struct give_back back = {
        .pg = pg,
        .mfn = INVALID_MFN,
        .order = order,
        .debt = debt,
        .caller = caller,
        .culprit = INVALID_MFN,
    };

    give_back_check_shape(&back);
    if (CONFIG_DEBUG || !heap_is_open(page_to_pdx(pg)))
        give_back_check_not_free(&back);
    if (!heap_is_open(page_to_pdx(pg)))
        give_back_refuse(&back, "has never been the heap's");
    end_use(&back);
    /* What has failed is not touched; of a large block only the first entry has
     * been looked at. */
    if (!back.leaving && (order < CHUNK_ORDER || !any_leaving()))
        back.clean = contents_leave(pg, order, debt.taint != 0);
    if (CONFIG_DEBUG)
        remember_free(back.mfn, order, caller);
    if (CONFIG_PAGE_OWNER)
        page_owner_gave(page_to_pdx(pg), order, caller);
    put_away(magazines_here(), &back);
}

/* How many entries lie between @pages and @pg? Of a pointer between two, and of
 * one below, more than there can be. */
static __inlined uintptr_t distance(const struct page_info *pages,
                                    const struct page_info *pg)
{
    uintptr_t offset = (uintptr_t)pg - (uintptr_t)pages;

    if (PAGE_INFO_SIZE != 32)
        return offset % PAGE_INFO_SIZE ? ~0UL : offset / PAGE_INFO_SIZE;

    return offset >> 5 | offset << 59;
}

/* A frame that owes nothing, to what is at hand; or false. */
static __inlined bool give_frame_quickly(struct page_info *pg)
{
    struct heap_cpu *me = cpu_heap();
    struct magazine *m = &me->magazine[DIRTY];
    unsigned long height = m->height;

    if (unlikely(height - 1 >= MAGAZINE_SIZE) ||
        unlikely(distance(me->pages, pg) >= me->nr_pages) ||
        unlikely(!give_entry(pg)))
        return false;
    m->page[height - 1] = pg;
    if (unlikely(!local_compare_exchange(&m->height, height, height + 1)))
        magazine_put(me, DIRTY, pg);

    return true;
}

/* All entries; or else how many are, before the first that is not as it should
 * be. */
static __inlined unsigned long give_entries(struct page_info *pg,
                                            unsigned long nr)
{
    struct page_info *next = pg;

    while (next < pg + nr && likely(give_entry(next)))
        next++;

    return (unsigned long)(next - pg);
}

/* The first @nr are as before. */
static __cold void undo_entries(struct page_info *pg, unsigned long nr)
{
    while (nr-- > 0)
        entry_begin_use(pg + nr);
}

/* A frame that owes nothing, when there is no room at hand. */
static bool give_frame_away(struct page_info *pg)
{
    struct heap_cpu *me = cpu_heap();

    if (distance(me->pages, pg) >= me->nr_pages || !give_entry(pg))
        return false;
    magazine_put(me, DIRTY, pg);

    return true;
}

/* A block of fewer frames than a chunk has, that owes nothing, to its chunk. */
static bool give_run_quickly(struct page_info *pg, unsigned int order)
{
    struct heap_cpu *me = cpu_heap();
    unsigned long pdx = page_to_pdx(pg), nr;

    if (distance(me->pages, pg) >= me->nr_pages || pdx & (BIT(order) - 1))
        return false;
    nr = give_entries(pg, BIT(order));
    if (unlikely(nr < BIT(order))) {
        undo_entries(pg, nr);
        return false;
    }
    give_run(pdx, order, true, TLB_NO_DEBT);

    return true;
}

/* A block of more than a chunk, that owes nothing. */
static bool give_large_quickly(struct page_info *pg, unsigned int order)
{
    struct heap_cpu *me = cpu_heap();
    unsigned long pdx = page_to_pdx(pg);

    if (order > MAX_ORDER ||
        distance(me->pages, pg) + BIT(order) > me->nr_pages ||
        pdx & (BIT(order) - 1) || !heap_block_is_open(pdx, order) ||
        !give_entry(pg))
        return false;
    give_block(&(struct whole){
        .chunk = pdx / CHUNK_FRAMES, .order = order, .dirty = true });

    return true;
}

static bool give_quickly(struct page_info *pg, unsigned int order)
{
    if (order == 0)
        return give_frame_away(pg);

    return order < CHUNK_ORDER ? give_run_quickly(pg, order)
                               : give_large_quickly(pg, order);
}

static __noinline void give_otherwise(struct page_info *pg, unsigned int order,
                                      struct tlb_debt debt, uintptr_t caller)
{
    if (LONG_WAY_ONLY || debt.taint != 0 || !give_quickly(pg, order))
        give_slowly(pg, order, debt, caller);
}

/* Not all entries were as they should be, but the first @nr. */
static __cold __noinline void give_as_before(struct page_info *pg,
                                             unsigned int order,
                                             unsigned long nr, uintptr_t caller)
{
    undo_entries(pg, nr);
    give_otherwise(pg, order, TLB_NO_DEBT, caller);
}

/* A small block that owes nothing, to what is at hand; or else otherwise. */
static __inlined void keep_small(struct page_info *pg, unsigned int order,
                                 enum small small, uintptr_t caller)
{
    struct heap_cpu *me = cpu_heap();
    struct small_stack *stack = &me->small[small];
    unsigned long nr = order < CHUNK_ORDER ? BIT(order) : 1, given;

    if (unlikely(stack->nr >= stack->size) ||
        unlikely(distance(me->pages, pg) >= me->nr_pages) ||
        unlikely(!IS_ALIGNED(page_to_pdx(pg), BIT(order))) ||
        unlikely(!node_has_plenty(me->home, BIT(order)))) {
        give_otherwise(pg, order, TLB_NO_DEBT, caller);
        return;
    }
    given = give_entries(pg, nr);
    if (unlikely(given < nr))
        give_as_before(pg, order, given, caller);
    else if (unlikely(!small_push(stack, pg)))
        small_put(me, small, pg);
    else if (any_leaving())
        small_turn_back(me, small);
}

__noinline void free_heap_block(struct page_info *pg, unsigned int order,
                                struct tlb_debt debt)
{
    uintptr_t caller = (uintptr_t)__builtin_return_address(0);
    enum small small = small_of_order(order);

    if (LONG_WAY_ONLY || unlikely(debt.taint != 0) || small == NR_SMALL)
        give_otherwise(pg, order, debt, caller);
    else if (small == SMALL_CHUNK)
        keep_small(pg, CHUNK_ORDER, SMALL_CHUNK, caller);
    else
        keep_small(pg, small, small, caller);
}

__noinline void free_heap_frame(struct page_info *pg)
{
    if (LONG_WAY_ONLY || unlikely(!give_frame_quickly(pg)))
        give_otherwise(pg, 0, TLB_NO_DEBT,
                       (uintptr_t)__builtin_return_address(0));
}
