/* SPDX-License-Identifier: MIT */
/* The stacks of small blocks. magazine.h includes it. */
#ifndef MAGAZINE_SMALL_H
#define MAGAZINE_SMALL_H

/* Which stack is that of @order? NR_SMALL: none. Of chunks there is none while
 * some frame is to leave the machine (parked.h). */
extern uint8_t small_of[CHUNK_ORDER + 1];
extern const uint8_t small_order[NR_SMALL]; /* and back */

static inline enum small small_of_order(unsigned int order)
{
    return order <= CHUNK_ORDER ? (enum small)small_of[order] : NR_SMALL;
}

/* The top block of a stack, or NULL. */
static inline struct page_info *small_pop(struct heap_cpu *me, enum small small)
{
    struct small_stack *stack = &me->small[small];
    unsigned long nr;
    struct page_info *pg;

    do {
        nr = stack->nr;
        if (nr == 0)
            return NULL;
        pg = stack->page[nr - 1];
    } while (unlikely(!local_compare_exchange(&stack->nr, nr, nr - 1)));

    return pg;
}

/* False: there is no room. (An interrupt makes some, if anything.) */
static inline bool small_push(struct heap_cpu *me, enum small small,
                              struct page_info *pg)
{
    struct small_stack *stack = &me->small[small];
    unsigned long nr;

    do {
        nr = stack->nr;
        if (unlikely(nr >= stack->size))
            return false;
        stack->page[nr] = pg;
    } while (unlikely(!local_compare_exchange(&stack->nr, nr, nr + 1)));

    return true;
}

/* Put one there; half of a full stack goes back. */
void small_put(struct heap_cpu *me, enum small small, struct page_info *pg);

#endif /* MAGAZINE_SMALL_H */
