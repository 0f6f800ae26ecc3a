/* SPDX-License-Identifier: MIT */
/* What the heap consists of, for the files that work on it. */
#include "heap.h"
#include "heap_node.h"

struct heap heap;
struct heap_node *heap_nodes;
struct chunk *chunk_table;
struct tlb_debt *debt_table;
unsigned long tier_start[NR_TIERS];
