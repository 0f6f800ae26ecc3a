/* SPDX-License-Identifier: MIT */
/* A request for frames, on its way from one place to the next. */
#ifndef PAGE_REQUEST_H
#define PAGE_REQUEST_H

#include "magazine.h"

/* What a request wants, and what it has got. */
struct request {
    unsigned int order, flags, node; /* the node to begin with */
    enum chunk_class class;
    enum contents prefer;
    struct range range;

    struct page_info *pg;
    bool dirty; /* maybe not all of it, which is then known */
    bool known;
    struct tlb_debt debt;
    bool
        again; /* not for the first time: so that it is not there is for sure */
    bool raid; /* what others own will do too */
    unsigned long nr_in_vain; /* reservations of its own: reserve_in_vain() */
};

static inline bool is_unlimited(const struct request *request)
{
    return request->range.end == nr_pdxs && request->class == CLASS_MOVING;
}

static inline bool owes(const struct page_info *pg)
{
    return __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED) & PGC_owing;
}

/* What the short ways did not like goes back, before another one is taken. */
void put_popped(struct heap_cpu *me);

/* Serve it, of order 0, by a frame that the CPU has at hand, or by the one that
 * it has had last, if the limit allows that one; or else false. */
bool take_at_hand(struct heap_cpu *me, struct request *request);
bool take_top(struct heap_cpu *me, struct request *request);

#endif /* PAGE_REQUEST_H */
