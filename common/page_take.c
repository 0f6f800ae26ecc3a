/* SPDX-License-Identifier: MIT */
/*
 * Takes frames that are not at hand: the kinds of places are tried in turn, and
 * last what other CPUs have.
 */
#include <xen/arch.h>
#include <xen/bug.h>
#include <xen/printk.h>
#include <xen/smp.h>

#include <asm/contents.h>

#include "heap.h"
#include "heap_contents.h"
#include "heap_fault.h"
#include "heap_report.h"
#include "magazine.h"
#include "page_request.h"
#include "page_take.h"
#include "parked.h"
#include "scrub_turn.h"

/* NULL, or the frame that is to leave: those behind it are free still. */
static struct page_info *begin_use_of_run(struct page_info *pg,
                                          unsigned int order,
                                          struct tlb_debt *debt)
{
    for (struct page_info *end = pg + BIT(order); pg < end; pg++)
        if (unlikely(!take_entry(pg)) && !heap_begin_use(pg, debt))
            return pg;

    return NULL;
}

/* A run that has been taken out of a chunk, whose dirty bits tell what of it is
 * to be scrubbed. *@again: it would not do, but another one may. */
static bool take_run(struct request *request, unsigned long pdx, bool *again)
{
    struct page_info *pg = pdx_to_page(pdx);

    if (unlikely(begin_use_of_run(pg, request->order, &request->debt) !=
                 NULL)) {
        *again = turn_back(pg, request->order, CLEAN, request->debt);
        return false;
    }
    request->pg = pg;
    request->dirty = true;
    request->known = true;

    return true;
}

/* Blocks of an order that CPUs keep: from the stack. */
static bool take_small(struct heap_cpu *me, struct request *request)
{
    enum small small = small_of_order(request->order);
    unsigned int order = request->order < CHUNK_ORDER ? request->order : 0;
    struct page_info *pg = NULL, *culprit;

    if (small < NR_SMALL)
        pg = small_pop(&me->small[small]);
    if (!pg)
        return false;
    culprit = begin_use_of_run(pg, order, &request->debt);
    if (unlikely(culprit != NULL)) {
        turn_back_small(pg, request->order, culprit, request->debt);
        return false;
    }
    request->pg = pg;
    request->dirty = true;
    request->known = false;

    return true;
}

/* A run of the chunk that this CPU takes from. If it had none when one was
 * asked for last, it is not looked through again: another chunk will do. */
static unsigned long run_of_own_chunk(struct heap_cpu *me, unsigned int order)
{
    unsigned long number = magazine_chunk(me);
    unsigned int first;

    if (number == BIT_TREE_NONE || order >= me->too_long)
        return BIT_TREE_NONE;
    first = chunk_take_run(&chunk_table[number], order, CHUNK_FRAMES);
    if (first < CHUNK_FRAMES)
        return number * CHUNK_FRAMES + first;
    me->too_long = order;
    /* What of it was taken in vain is there again: as in give_bits(). */
    if (chunk_owner(&chunk_table[number]) == NO_OWNER)
        move_chunk(number);

    return BIT_TREE_NONE;
}

static bool take_whole(struct heap_node *node, struct request *request)
{
    struct whole block;

    if (!supply_block(node, request->order, request->range, request->prefer,
                      &block))
        return false;
    request->pg = pdx_to_page(block.chunk * CHUNK_FRAMES);
    request->dirty = request->known = block.dirty;
    request->debt = block.debt;

    return true;
}

/* What has been reserved. */
static bool take_reserved(struct heap_node *node, struct request *request)
{
    unsigned long pdx;
    bool again;

    if (request->order >= CHUNK_ORDER)
        return take_whole(node, request);
    do {
        again = false;
        pdx = supply_run(node, request->order, request->class, request->range,
                         request->prefer);
        if (pdx == BIT_TREE_NONE && request->raid)
            pdx = supply_raid(node, request->order, request->range);
        if (pdx != BIT_TREE_NONE && take_run(request, pdx, &again))
            return true;
    } while (again);

    return false;
}

static bool take_from_node(struct heap_cpu *me, struct heap_node *node,
                           struct request *request)
{
    unsigned long nr = BIT(request->order);
    bool found = false;

    if (request->order >= CHUNK_ORDER &&
        !node_may_have(node, request->order, request->again))
        return false;
    magazines_begin(me);
    if (node_reserve(node, nr, nr)) {
        found = take_reserved(node, request);
        if (!found)
            reserve_in_vain(node, nr);
        request->nr_in_vain += !found;
    }
    magazines_end(me);

    return found;
}

static bool take_here(struct heap_cpu *me, struct request *request)
{
    if (request->order == 0)
        return is_unlimited(request)
                   ? take_at_hand(me, request)
                   : request->class == CLASS_MOVING && take_top(me, request);

    return is_unlimited(request) && take_small(me, request);
}

static bool take_anywhere(struct heap_cpu *me, struct request *request)
{
    if (request->flags & HEAP_RESERVED)
        return take_reserved(&heap_nodes[request->node], request);
    for (unsigned int i = 0; i < nr_nodes; i++) {
        unsigned int node = node_in_order(request->node, i);

        if (node == me->node && !request->again && take_here(me, request))
            return true;
        if (take_from_node(me, &heap_nodes[node], request))
            return true;
        if (request->flags & HEAP_EXACT_NODE)
            break;
    }

    return false;
}

/* How often frames that were there were nobody's to find, but by others. */
static unsigned long nr_hidden(const struct request *request)
{
    return scrub_nr_turns() + heap_times_hidden() - request->nr_in_vain;
}

/* The last resort. Others may take frames all the same: but who fails waits for
 * his turn, so that nobody is in the way for long. */
static bool take_while_short(struct heap_cpu *me, struct request *request)
{
    unsigned long hidden;
    bool found;

    magazines_shorten();
    request->raid = true;
    for (;;) {
        hidden = nr_hidden(request);
        found = take_anywhere(me, request);
        if (found ||
            (!magazines_are_moving(me) && nr_hidden(request) == hidden))
            break;
        smp_wait_a_turn();
    }
    magazines_lengthen();

    return found;
}

static bool take(struct heap_cpu *me, struct request *request)
{
    unsigned long hidden = nr_hidden(request);
    bool still;

    if (request->order > MAX_ORDER || request->node >= nr_nodes)
        return false;
    if (likely(take_anywhere(me, request)))
        return true;
    /* Twice: what another CPU had at hand when this one looked may have come
     * back before this one asked. */
    request->again = true;
    still = !magazines_have_any();
    if (still && take_anywhere(me, request))
        return true;
    if (still && !magazines_have_any() && nr_hidden(request) == hidden)
        return false;

    return take_while_short(me, request);
}

/* With the contents that the caller wants: a flush comes first, lest somebody
 * writes there by an old translation. */
static void finish(struct request *request, bool pay)
{
    bool scrub = request->dirty && !(request->flags & HEAP_NO_SCRUB);

    if (request->debt.taint && (pay || scrub)) {
        tlb_debt_pay(request->debt);
        request->debt = TLB_NO_DEBT;
    }
    if (scrub && request->known)
        contents_clear_dirty(request->pg, request->order);
    else if (scrub)
        contents_clear(request->pg, BIT(request->order));
    if (CONFIG_DEBUG && !(request->flags & HEAP_NO_SCRUB))
        contents_check(request->pg, request->order);
}

static __noinline struct page_info *take_slowly(unsigned int order,
                                                paddr_t limit,
                                                unsigned int flags,
                                                struct tlb_debt *debt)
{
    struct heap_cpu *me = magazines_here();
    struct request request = {
        .order = order,
        .flags = flags,
        .node = flags >> 8 ? (flags >> 8) - 1 : me->node,
        .class = flags & HEAP_LONG_LIVED ? CLASS_STAYING : CLASS_MOVING,
        .prefer = flags & HEAP_NO_SCRUB ? DIRTY : CLEAN,
        .range = { 0, nr_pdxs },
        .raid = flags & HEAP_RESERVED,
    };

    ASSERT(spin_holds_none());
    if (unlikely(me->popped != NULL))
        put_popped(me);
    if (!(flags & HEAP_NO_SCRUB) && limit > CONTENTS_LIMIT)
        limit = CONTENTS_LIMIT;
    if (limit < heap.reach)
        request.range.end = pdx_of_limit(limit);

    if (debt)
        *debt = TLB_NO_DEBT;
    if (heap_fault(order))
        return NULL;
    if (!take(me, &request)) {
        if (any_leaving())
            park_all_waiting();
        if (!(flags & HEAP_RESERVED)) /* he has other ways */
            report_failure(order, limit);
        return NULL;
    }
    finish(&request, debt == NULL);
    if (debt)
        *debt = request.debt;

    return request.pg;
}

/* From the CPU's own chunk, or another of its node; it is in use then. */
static struct page_info *
run_of_own_node(struct heap_cpu *me, unsigned int order, struct tlb_debt *owed)
{
    struct heap_node *node = me->home;
    unsigned long pdx = run_of_own_chunk(me, order);
    struct page_info *pg;

    if (pdx == BIT_TREE_NONE)
        pdx = supply_run(node, order, CLASS_MOVING,
                         (struct range){ 0, nr_pdxs }, DIRTY);
    if (pdx == BIT_TREE_NONE)
        return NULL;
    pg = pdx_to_page(pdx);
    if (likely(begin_use_of_run(pg, order, owed) == NULL))
        return pg;
    turn_back(pg, order, CLEAN, *owed);

    return NULL;
}

/* A run, that may be dirty, of the CPU's node. */
static __noinline struct page_info *
take_run_of_own_node(unsigned int order, paddr_t limit, struct tlb_debt *debt)
{
    struct tlb_debt owed = TLB_NO_DEBT;
    struct heap_cpu *me = cpu_heap();
    struct page_info *pg = NULL;

    magazines_begin(me);
    if (node_reserve(me->home, BIT(order), BIT(order))) {
        pg = run_of_own_node(me, order, &owed);
        if (!pg)
            reserve_in_vain(me->home, BIT(order));
    }
    magazines_end(me);
    if (!pg)
        return take_slowly(order, limit, HEAP_NO_SCRUB, debt);
    if (debt)
        *debt = owed;
    else if (unlikely(owed.taint != 0))
        tlb_debt_pay(owed);

    return pg;
}

struct page_info *take_otherwise(unsigned int order, paddr_t limit,
                                 unsigned int flags, struct tlb_debt *debt)
{
    if (order - 1 >= CHUNK_ORDER - 1 || flags != HEAP_NO_SCRUB ||
        limit < heap.reach || cpu_heap() == &heap_nobody)
        return take_slowly(order, limit, flags, debt);

    return take_run_of_own_node(order, limit, debt);
}

/* A whole block of the CPU's node, that may be dirty. */
static bool take_of_own_node(struct heap_cpu *me, unsigned int order,
                             struct whole *block)
{
    struct heap_node *node = me->home;
    bool found = false;

    if (order > MAX_ORDER || !node_may_have(node, order, false))
        return false;
    magazines_begin(me);
    if (node_reserve(node, BIT(order), BIT(order))) {
        found = supply_block(node, order, (struct range){ 0, nr_pdxs }, DIRTY,
                             block);
        if (!found)
            reserve_in_vain(node, BIT(order));
    }
    magazines_end(me);

    return found;
}

struct page_info *take_large(unsigned int order, struct tlb_debt *debt)
{
    struct heap_cpu *me = cpu_heap();
    struct whole block;

    if (me == &heap_nobody || !take_of_own_node(me, order, &block))
        return take_otherwise(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, debt);
    if (debt)
        *debt = block.debt;
    else if (unlikely(block.debt.taint != 0))
        tlb_debt_pay(block.debt);

    return pdx_to_page(block.chunk * CHUNK_FRAMES);
}
