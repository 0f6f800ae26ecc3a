/* SPDX-License-Identifier: MIT */
/* Gives memory to the heap that it has not had. */
#include <xen/bootmem.h>
#include <xen/bug.h>

#include "chunk_supply.h"
#include "heap.h"
#include "heap_report.h"

static void note_reach(unsigned long pdx, unsigned long nr)
{
    paddr_t end = mfn_to_maddr(mfn_add(pdx_to_mfn(pdx), nr));

    if (end > heap.reach)
        heap.reach = end;
    if (pdx < heap.first || heap.end == 0)
        heap.first = pdx;
    if (pdx + nr > heap.end)
        heap.end = pdx + nr;
}

/* Whole chunks: nothing is touched but their bits. */
static void add_block(unsigned long pdx, unsigned int order)
{
    __atomic_fetch_add(&node_of_chunk(pdx / CHUNK_FRAMES)->nr_frames,
                       BIT(order), __ATOMIC_RELAXED);
    give_block((struct whole){
        .chunk = pdx / CHUNK_FRAMES, .order = order, .dirty = true });
}

/* A part of a chunk, the rest of which is not RAM, or another's. It will hardly
 * ever be whole, so what stays does no harm there. */
static void add_run(unsigned long pdx, unsigned int order)
{
    struct page_info *pg = pdx_to_page(pdx);

    heap_open(pdx, order);
    for (unsigned long i = 0; i < BIT(order); i++) {
        if (page_state(pg + i) == PGC_state_free)
            refuse_free(pdx_to_mfn(pdx + i));
        BUG_ON(!page_info_is_zero(pg + i));
        __atomic_store_n(&pg[i].count_info, PGC_state_free, __ATOMIC_RELAXED);
    }
    __atomic_fetch_add(&node_of_chunk(pdx / CHUNK_FRAMES)->nr_frames,
                       BIT(order), __ATOMIC_RELAXED);
    chunk_table[pdx / CHUNK_FRAMES].class = CLASS_STAYING;
    give_run(pdx, order, true, TLB_NO_DEBT);
}

static void add_new_block(unsigned long pdx, unsigned int order)
{
    for (unsigned long n = 0; n < BIT(order); n += FRAMES_PER_GROUP)
        BUG_ON(!pdx_has_place(pdx + n));
    note_reach(pdx, BIT(order));
    if (order < CHUNK_ORDER)
        add_run(pdx, order);
    else
        add_block(pdx, order);
}

static bool is_of_one_node(unsigned long pdx, unsigned long nr)
{
    if (nr_nodes > 1)
        for (unsigned long n = 0; n < nr; n += BIT(node_shift))
            if (node_of_pdx(pdx + n) != node_of_pdx(pdx))
                return false;

    return true;
}

/* The order of the largest block that begins at @pdx, of up to @nr frames. */
static unsigned int order_at(unsigned long pdx, unsigned long nr)
{
    unsigned int order = highest_bit(nr);

    if (pdx && order > lowest_bit(pdx))
        order = lowest_bit(pdx);
    if (order > MAX_ORDER)
        order = MAX_ORDER;
    while (order > CHUNK_ORDER && !is_of_one_node(pdx, BIT(order)))
        order--;

    return order;
}

void heap_add(mfn_t start, unsigned long nr)
{
    heap_tables_init();
    if (mfn_x(start) == 0 && nr > 0) {
        start = mfn_add(start, 1);
        nr--;
    }

    while (nr > 0) {
        unsigned int order;

        BUG_ON(!mfn_has_place(start));
        order = order_at(mfn_to_pdx(start), nr);
        add_new_block(mfn_to_pdx(start), order);
        start = mfn_add(start, BIT(order));
        nr -= BIT(order);
    }
}

void heap_init(void)
{
    mfn_t start;
    unsigned long nr;

    heap_tables_init();
    while ((nr = bootmem_take_all(&start)) > 0)
        heap_add(start, nr);
}
