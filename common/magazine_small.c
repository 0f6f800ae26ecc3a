/* SPDX-License-Identifier: MIT */
/* What CPUs have at hand of small blocks: as much of it as comes back. */
#include "magazine.h"

const uint8_t small_size[NR_SMALL] = { 8, SMALL_MAX, SMALL_MAX, SMALL_MAX };
const uint8_t small_order[NR_SMALL] = { CHUNK_ORDER, 1, 2, 3 };

void give_small(struct page_info *pg, unsigned int order)
{
    unsigned long pdx = page_to_pdx(pg);

    if (order < CHUNK_ORDER)
        give_run(pdx, order, true, TLB_NO_DEBT);
    else
        give_block(&(struct whole){
            .chunk = pdx / CHUNK_FRAMES, .order = order, .dirty = true });
}

__cold void small_turn_back(struct heap_cpu *me, enum small small)
{
    struct page_info *pg = small_pop(&me->small[small]);

    if (pg)
        give_small(pg, small_order[small]);
}

void small_give_all(struct heap_cpu *me, enum small small)
{
    struct page_info *pg;

    while ((pg = small_pop(&me->small[small])) != NULL)
        give_small(pg, small_order[small]);
}

static void spill_small(struct small_stack *stack, enum small small)
{
    unsigned long half = stack->nr / 2;

    for (unsigned long i = 0; i < half; i++)
        give_small(stack->page[i], small_order[small]);
    for (unsigned long i = half; i < stack->nr; i++)
        stack->page[i - half] = stack->page[i];
    set_number(&stack->nr, stack->nr - half);
}

void small_put(struct heap_cpu *me, enum small small, struct page_info *pg)
{
    struct small_stack *stack = &me->small[small];

    if (small_push(stack, pg))
        return;
    magazines_begin(me);
    spill_small(stack, small);
    stack->page[stack->nr] = pg;
    set_number(&stack->nr, stack->nr + 1);
    magazines_end(me);
}
