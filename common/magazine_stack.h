/* SPDX-License-Identifier: MIT */
/* The stacks of frames, and of small blocks. magazine.h includes it. */
#ifndef MAGAZINE_STACK_H
#define MAGAZINE_STACK_H

/* The top frame, or NULL: there is none at hand. */
static inline struct page_info *magazine_pop(struct magazine *m)
{
    unsigned long height;
    struct page_info *pg;

    do {
        height = m->height;
        if (unlikely(height < 2))
            return NULL;
        pg = m->page[height - 2];
    } while (unlikely(!local_compare_exchange(&m->height, height, height - 1)));

    return pg;
}

/* False: there is no room at hand. */
static inline bool magazine_push(struct magazine *m, struct page_info *pg)
{
    unsigned long height;

    do {
        height = m->height;
        if (unlikely(height - 1 >= MAGAZINE_SIZE))
            return false;
        m->page[height - 1] = pg;
    } while (unlikely(!local_compare_exchange(&m->height, height, height + 1)));

    return true;
}

extern const uint8_t small_order[NR_SMALL];

/* How many of them there may be. */
extern const uint8_t small_size[NR_SMALL];

/* Which stack is that of @order? NR_SMALL: none. */
static __inlined enum small small_of_order(unsigned int order)
{
    if (order == CHUNK_ORDER)
        return SMALL_CHUNK;

    return order - 1 < SMALL_3 ? (enum small)order : NR_SMALL;
}

/* The top block of a stack, or NULL. */
static inline struct page_info *small_pop(struct small_stack *stack)
{
    unsigned long nr;
    struct page_info *pg;

    do {
        nr = stack->nr;
        if (unlikely(nr == 0))
            return NULL;
        pg = stack->page[nr - 1];
    } while (unlikely(!local_compare_exchange(&stack->nr, nr, nr - 1)));

    return pg;
}

/* False: there is no room. (An interrupt makes some, if anything.) */
static inline bool small_push(struct small_stack *stack, struct page_info *pg)
{
    unsigned long nr;

    do {
        nr = stack->nr;
        if (unlikely(nr >= stack->size))
            return false;
        stack->page[nr] = pg;
    } while (unlikely(!local_compare_exchange(&stack->nr, nr, nr + 1)));

    return true;
}

/**
 * small_turn_back - give the top block to where it belongs.
 *
 * For who has pushed one, if any_leaving() is true after that: who has marked a
 * frame since its entry said that it is free, and then had the stack emptied,
 * has not found it.
 */
__cold void small_turn_back(struct heap_cpu *me, enum small small);

/* All of a stack goes back. */
void small_give_all(struct heap_cpu *me, enum small small);

/* Put one there; half of a full stack goes back. */
void small_put(struct heap_cpu *me, enum small small, struct page_info *pg);

#endif /* MAGAZINE_STACK_H */
