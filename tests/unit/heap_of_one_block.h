/* SPDX-License-Identifier: MIT */
/* A heap of one block. */
#ifndef HEAP_OF_ONE_BLOCK_H
#define HEAP_OF_ONE_BLOCK_H

#include <test.h>
#include <xen/bootmem.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>

#include "../model/small_machine.h"

#define GROUP FRAMES_PER_GROUP
#define TOP   10U
#define NR    BIT(TOP)

/* A heap that is one free block, of order @order, at its own size. */
static inline void heap_of_one_block(unsigned int order)
{
    const struct ram ram[] = { { BIT(order), BIT(order) } };

    small_machine_heap(ram, 1);
    EXPECT_EQ(heap_nr_blocks(order), 1);
    EXPECT_EQ(heap_nr_free(), BIT(order));
}

/* The free blocks are one of each order whose bit is in @orders, when no CPU
 * has anything at hand. */
static inline void expect_one_each(unsigned long orders)
{
    EXPECT_EQ(heap_check(), 0);
    heap_drain();
    for (unsigned int o = 0; o <= MAX_ORDER; o++)
        EXPECT_EQ(heap_nr_blocks(o), orders >> o & 1);
    EXPECT_EQ(heap_check(), 0);
}

static inline unsigned long alloc(unsigned int order, paddr_t limit)
{
    struct page_info *pg = alloc_heap_pages(order, limit, HEAP_NO_SCRUB, NULL);

    return pg ? mfn_x(page_to_mfn(pg)) : 0;
}

#endif /* HEAP_OF_ONE_BLOCK_H */
