/* SPDX-License-Identifier: MIT */
/* Takes single frames from what the CPU has at hand, rather those whose debt is
 * paid. */
#include "heap.h"
#include "page_request.h"
#include "page_take.h"
#include "parked.h"

static __noinline bool begin_use_owing(struct page_info *pg,
                                       struct tlb_debt *debt)
{
    if (!local_compare_exchange(&pg->count_info, PGC_state_free | PGC_owing,
                                0)) {
        if (!is_leaving(pg))
            refuse_use(pg);
        return false;
    }
    *debt = tlb_debt_join(*debt, debt_of(pg));
    pg->free_overlay.tlb_taint = 0;
    pg->free_overlay.tlbflush_timestamp = 0;

    return true;
}

bool heap_begin_use(struct page_info *pg, struct tlb_debt *debt)
{
    return take_entry(pg) || begin_use_owing(pg, debt);
}

/* From the magazine of the kind that is preferred, or what is clean. */
static struct page_info *pop(struct heap_cpu *me, struct request *request)
{
    struct page_info *pg = magazine_pop(&me->magazine[request->prefer]);

    request->dirty = pg && request->prefer == DIRTY;

    return pg || request->prefer == CLEAN ? pg
                                          : magazine_pop(&me->magazine[CLEAN]);
}

static struct page_info *pop_dirty(struct heap_cpu *me, struct request *request)
{
    request->dirty = true;

    return magazine_pop(&me->magazine[DIRTY]);
}

/* Rather one whose debt has been paid; or else one flush pays for all. */
static struct page_info *settle(struct heap_cpu *me, struct request *request,
                                struct page_info *pg)
{
    struct page_info *paid;

    if (!owes(pg) || tlb_debt_is_paid(debt_of(pg)) || is_leaving(pg))
        return pg;
    paid = magazine_take_paid(me);
    if (paid) {
        magazine_put(me, DIRTY, pg);
        return paid;
    }
    request->debt = magazine_debt(me);

    return pg;
}

void put_popped(struct heap_cpu *me)
{
    struct page_info *pg = me->popped;

    me->popped = NULL;
    if (is_leaving(pg))
        park_taken(pg, true);
    else
        magazine_put(me, DIRTY, pg);
}

static struct page_info *pop_any(struct heap_cpu *me, struct request *request)
{
    struct page_info *pg = pop(me, request);

    if (!pg && magazine_refill(me, request->prefer))
        pg = pop(me, request);
    if (!pg)
        pg = pop_dirty(me, request);

    return pg ? settle(me, request, pg) : NULL;
}

bool take_at_hand(struct heap_cpu *me, struct request *request)
{
    while ((request->pg = pop_any(me, request)) != NULL &&
           unlikely(!heap_begin_use(request->pg, &request->debt)))
        park_taken(request->pg, request->dirty);

    return request->pg != NULL;
}

/* The frame that this CPU has had last may do, whatever the limit. */
bool take_top(struct heap_cpu *me, struct request *request)
{
    struct page_info *pg = magazine_pop(&me->magazine[DIRTY]);

    if (!pg)
        return false;
    if (!is_leaving(pg) &&
        (page_to_pdx(pg) >= request->range.end || owes(pg))) {
        magazine_put(me, DIRTY, pg);
        return false;
    }
    if (unlikely(!heap_begin_use(pg, &request->debt))) {
        park_taken(pg, true);
        return false;
    }
    request->pg = pg;
    request->dirty = true;

    return true;
}
