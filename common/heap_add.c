/* SPDX-License-Identifier: MIT */
/* Gives memory to the heap that it has not had. */
#include <xen/bootmem.h>
#include <xen/bug.h>

#include "chunk_supply.h"
#include "heap.h"
#include "heap_report.h"

static void note_reach(mfn_t start, unsigned long nr)
{
    unsigned long first = mfn_to_pdx(start);
    unsigned long end = mfn_to_pdx(mfn_add(start, nr - 1)) + 1;

    if (first < heap.first || heap.end == 0)
        __atomic_store_n(&heap.first, first, __ATOMIC_RELAXED);
    if (end > heap.end)
        __atomic_store_n(&heap.end, end, __ATOMIC_RELAXED);
    if (heap_true_reach() > heap.reach)
        heap.reach = heap_true_reach();
}

/* Whole chunks: nothing is touched but their bits. */
static void add_block(unsigned long pdx, unsigned int order)
{
    __atomic_fetch_add(&node_of_chunk(pdx / CHUNK_FRAMES)->nr_frames,
                       BIT(order), __ATOMIC_RELAXED);
    give_block(&(struct whole){
        .chunk = pdx / CHUNK_FRAMES, .order = order, .dirty = true });
}

/* A part of a chunk, the rest of which is not RAM, or another's. It will hardly
 * ever be whole, so what stays does no harm there. */
static void add_run(unsigned long pdx, unsigned int order)
{
    struct heap_node *node = node_of_chunk(pdx / CHUNK_FRAMES);
    struct page_info *pg = pdx_to_page(pdx);

    heap_open(pdx, order);
    for (unsigned long i = 0; i < BIT(order); i++) {
        if (page_state(pg + i) == PGC_state_free)
            refuse_free(pdx_to_mfn(pdx + i));
        BUG_ON(!page_info_is_zero(pg + i));
        __atomic_store_n(&pg[i].count_info, PGC_state_free, __ATOMIC_RELAXED);
    }
    __atomic_fetch_add(&node->nr_frames, BIT(order), __ATOMIC_RELAXED);
    spin_lock(&node->lock);
    chunk_table[pdx / CHUNK_FRAMES].class = CLASS_STAYING;
    spin_unlock(&node->lock);
    give_run(pdx, order, true, TLB_NO_DEBT);
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

/* The largest blocks that @nr frames from @pdx on begin with, all in one step.
 * Returns how many frames that were; maybe none. */
static unsigned long add_largest(unsigned long pdx, unsigned long nr)
{
    struct heap_node *node = node_of_chunk(pdx / CHUNK_FRAMES);
    unsigned long n = 0, done;

    if (!IS_ALIGNED(pdx, BIT(MAX_ORDER)))
        return 0;
    while ((n + 1) << MAX_ORDER <= nr &&
           is_of_one_node(pdx, (n + 1) << MAX_ORDER) &&
           pdx_block_has_place(pdx + (n << MAX_ORDER), MAX_ORDER))
        n++;
    if (n < 2)
        return 0;
    __atomic_fetch_add(&node->nr_frames, n << MAX_ORDER, __ATOMIC_RELAXED);
    done = give_largest(pdx / CHUNK_FRAMES, n);
    __atomic_fetch_sub(&node->nr_frames, (n - done) << MAX_ORDER,
                       __ATOMIC_RELAXED);

    return done << MAX_ORDER;
}

/* The first frames of those from @pdx on. Returns how many they are. */
static unsigned long add_first(unsigned long pdx, unsigned long nr)
{
    unsigned long done = add_largest(pdx, nr);
    unsigned int order;

    if (done > 0)
        return done;
    order = order_at(pdx, nr);
    BUG_ON(!pdx_block_has_place(pdx, order));
    if (order < CHUNK_ORDER)
        add_run(pdx, order);
    else
        add_block(pdx, order);

    return BIT(order);
}

/* What follows in the order of addresses follows in the table, as all of it is
 * RAM. */
void heap_add(mfn_t start, unsigned long nr)
{
    unsigned long pdx, n;

    heap_tables_init();
    if (mfn_x(start) == 0 && nr > 0) {
        start = mfn_add(start, 1);
        nr--;
    }
    if (nr == 0)
        return;
    BUG_ON(!mfn_has_place(start));
    note_reach(start, nr);
    for (pdx = mfn_to_pdx(start); nr > 0; pdx += n, nr -= n)
        n = add_first(pdx, nr);
}

void heap_init(void)
{
    mfn_t start;
    unsigned long nr;

    heap_tables_init();
    while ((nr = bootmem_take_all(&start)) > 0)
        heap_add(start, nr);
}
