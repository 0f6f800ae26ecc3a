/* SPDX-License-Identifier: MIT */
/* Memory for what the heap knows about chunks, and when it is made ready. */
#include <xen/arch.h>
#include <xen/background.h>
#include <xen/bug.h>
#include <xen/frame_table_add.h>
#include <xen/page_owner.h>
#include <xen/spinlock.h>
#include <xen/string.h>

#include "heap_node.h"
#include "once.h"

/* Metadata beside the entries: at most 160 bytes for 2 MiB. */
_Static_assert(sizeof(struct chunk) + sizeof(struct tlb_debt) <= 152,
               "no room for the sets");
_Static_assert(FRAMES_PER_GROUP % CHUNK_FRAMES == 0, "a chunk astride groups");

/* Groups whose part of the tables is ready, and those somebody is at, or was.
 * Bits are set atomically. */
unsigned long open_groups[BITMAP_LONGS(FRAME_TABLE_MAX_GROUPS)];
static unsigned long begun[BITMAP_LONGS(FRAME_TABLE_MAX_GROUPS)];

/* A higher frame has a higher PDX (P2). */
unsigned long pdx_of_limit(paddr_t limit)
{
    unsigned long low = 0, high = nr_pdxs, mfn = limit >> PAGE_SHIFT;

    if (likely(pdx_compression.form == PDX_IDENTITY))
        return mfn < nr_pdxs ? mfn : nr_pdxs;
    while (low < high) {
        unsigned long middle = low + (high - low) / 2;

        if (mfn_x(pdx_to_mfn(middle)) < mfn)
            low = middle + 1;
        else
            high = middle;
    }

    return low;
}

/* Memory that is plugged in may be of any node. */
static void widen_for_room(unsigned long *base, unsigned long *end)
{
    unsigned long first =
        ALIGN_DOWN(room_first / CHUNK_FRAMES, MAX_BLOCK_CHUNKS);

    if (room_end == 0)
        return;
    if (first < *base)
        *base = first;
    if (room_end / CHUNK_FRAMES > *end)
        *end = room_end / CHUNK_FRAMES;
}

/* The chunks of a node: the numbers that all of them lie between. */
static void find_span(unsigned int node, unsigned long *base,
                      unsigned long *end)
{
    unsigned long pdx = 0, piece = BIT(node_shift);

    if (nr_nodes == 1) {
        *base = 0;
        *end = nr_chunks();
        return;
    }
    while (pdx < nr_pdxs && node_of_pdx(pdx) != node)
        pdx += piece;
    *base = ALIGN_DOWN(pdx / CHUNK_FRAMES, MAX_BLOCK_CHUNKS);
    for (*end = *base; pdx < nr_pdxs; pdx += piece)
        if (node_of_pdx(pdx) == node)
            *end = (pdx + piece) / CHUNK_FRAMES;
    widen_for_room(base, end);
}

/* Lay out the tables behind one another from @memory on; returns the end. With
 * NULL nothing is written, so that the end tells the size. */
static unsigned long lay_out(char *memory)
{
    unsigned long size = nr_nodes * sizeof(struct heap_node);
    unsigned long chunks = size + nr_chunks() * sizeof(struct chunk);
    unsigned long debts = chunks + nr_chunks() * sizeof(struct tlb_debt);

    if (memory) {
        heap_nodes = (struct heap_node *)(void *)memory;
        chunk_table = (struct chunk *)(void *)(memory + size);
        debt_table = (struct tlb_debt *)(void *)(memory + chunks);
    }
    size = debts;
    for (unsigned int node = 0; node < nr_nodes; node++) {
        unsigned long base, end;

        find_span(node, &base, &end);
        if (memory)
            node_init(&heap_nodes[node], base, end,
                      (unsigned long *)(void *)(memory + size));
        size += node_longs(end - base) * sizeof(unsigned long);
    }

    return size;
}

void heap_tables_init(void)
{
    char *memory;

    if (chunk_table)
        return;
    tier_start[TIER_BELOW_4G] = pdx_of_limit(16UL << 20);
    tier_start[TIER_ABOVE_4G] = pdx_of_limit(4UL << 30);
    memory = arch_alloc_table(lay_out(NULL));
    if (!memory)
        BUG("there is no memory for the heap's tables");
    lay_out(memory);
    if (CONFIG_PAGE_OWNER)
        page_owner_init();
}

/* The debt of a whole block that others have merged meanwhile must stay. */
static void forget_debt(unsigned long chunk)
{
    struct heap_node *node = node_of_chunk(chunk);

    spin_lock(&node->lock);
    if (!bit_tree_test(&node->owing, chunk - node->base))
        debt_table[chunk] = TLB_NO_DEBT;
    spin_unlock(&node->lock);
}

static void open_group(unsigned long group)
{
    unsigned long first = group * CHUNKS_PER_GROUP;

    if (!once_begin(begun, open_groups, group))
        return;
    frame_table_open(pdx_to_mfn(group * FRAMES_PER_GROUP));
    memset(&chunk_table[first], 0, CHUNKS_PER_GROUP * sizeof(struct chunk));
    for (unsigned long i = 0; i < CHUNKS_PER_GROUP; i++)
        forget_debt(first + i);
    if (CONFIG_PAGE_OWNER)
        page_owner_add_group(group);
    once_set(open_groups, group);
}

/* The groups below it have not been tried by an idle CPU. */
static unsigned long nr_untried;

/* Is there anything to do for the group? Who has begun with it ends it. */
static bool is_closed(unsigned long group)
{
    return pdx_has_place(group * FRAMES_PER_GROUP) &&
           !bitmap_test_acquire(begun, group);
}

/* The highest first, as they are taken. Each is one idle CPU's. */
static bool open_another(void)
{
    unsigned long end = __atomic_load_n(&nr_untried, __ATOMIC_RELAXED), group;
    bool found;

    do {
        group = end;
        while (group > 0 && !is_closed(group - 1))
            group--;
        found = group > 0;
        group -= found;
    } while (!__atomic_compare_exchange_n(&nr_untried, &end, group, false,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    if (found)
        open_group(group);

    return group > 0;
}

void heap_open_when_idle(void)
{
    static struct background work = { open_another, NULL };

    heap_open_added();
    background_register(&work);
}

void heap_open_added(void)
{
    __atomic_store_n(&nr_untried, nr_pdxs / FRAMES_PER_GROUP, __ATOMIC_RELAXED);
}

void heap_open(unsigned long pdx, unsigned int order)
{
    unsigned long last = (pdx + BIT(order) - 1) / FRAMES_PER_GROUP;

    for (unsigned long g = pdx / FRAMES_PER_GROUP; g <= last; g++)
        open_group(g);
}
