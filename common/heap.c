/* SPDX-License-Identifier: MIT */
/* What the heap consists of, for the files that work on it. */
#include <xen/frame_table_add.h>

#include "heap.h"
#include "heap_node.h"

struct heap heap;

/* One without memory, until there is a heap. */
static struct heap_node no_node = { .lock = SPINLOCK_INIT(LOCK_RANK_HEAP) };
struct heap_node *heap_nodes = &no_node;
struct chunk *chunk_table;
struct tlb_debt *debt_table;
unsigned long tier_start[NR_TIERS];

paddr_t heap_true_reach(void)
{
    unsigned long end = heap.end > room_end ? heap.end : room_end;

    return end ? mfn_to_maddr(pdx_to_mfn(end - 1)) + PAGE_SIZE : 0;
}
