/* SPDX-License-Identifier: MIT */
/*
 * The oracle of the heap: for each frame of a few small windows of the machine
 * whether it is free. What the blocks must be, it counts afresh each time.
 */
#ifndef NAIVE_HEAP_H
#define NAIVE_HEAP_H

#include <stdbool.h>

#include <xen/page_alloc.h>

/* All frames of the windows together. */
#define NAIVE_HEAP_FRAMES 16384U

/* A further window: frames that the heap may be given, none free yet. */
void naive_heap_window(unsigned long start, unsigned long nr);

/* Let frames be free, or in use. False: one of them was so already. */
bool naive_heap_free(unsigned long start, unsigned long nr);
bool naive_heap_take(unsigned long start, unsigned long nr);

/* The frames that are free; the blocks that they must form. */
unsigned long naive_heap_nr_free(void);
void naive_heap_blocks(unsigned long nr_blocks[NR_ORDERS]);

/* How scarce is a frame? The higher the less. */
unsigned int naive_heap_tier(unsigned long frame);

/* The highest tier that has a block for a request. False: there is none. */
bool naive_heap_find(unsigned int order, paddr_t limit, unsigned int *tier);

/* The block that holds frame @frame; false if it is not free. */
bool naive_heap_block_of(unsigned long frame, unsigned long *start,
                         unsigned int *order);

#endif /* NAIVE_HEAP_H */
