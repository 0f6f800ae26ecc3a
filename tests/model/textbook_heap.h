/* SPDX-License-Identifier: MIT */
/*
 * The textbook heap: a buddy allocator with lists behind one lock, as simple as
 * it can be. The tests run it beside the heap, and the benchmark too.
 *
 * Free memory is a set of blocks of 2^order frames, each aligned to its size.
 * Taking a frame splits a block; giving it back merges buddies again. So the
 * set of free frames alone decides what the blocks are. It has entries of its
 * own for the frames from 0 on, and knows nothing of debts and of contents.
 *
 *   X1  Of a free block only the head's entry is marked free, and tells the
 *       order; the entries of its other frames are zero.
 *   X2  Each head is on the list of its tier and order, and nothing else is.
 *   X3  A block starts at a multiple of its size, and holds no frame 0.
 *   X4  No two buddies of one order below MAX_ORDER are free.
 *   X5  The counts are those of the blocks there are.
 */
#ifndef TEXTBOOK_HEAP_H
#define TEXTBOOK_HEAP_H

#include <stdbool.h>

#include <xen/page_alloc.h>

/* Entries for the frames below @nr; none is free. Once in a process. */
void textbook_init(unsigned long nr);

/* As heap_add(): frames that it has not had yet. */
void textbook_add(unsigned long start, unsigned long nr);

/* As alloc_heap_pages() and free_heap_pages(), with its own entries. */
__must_check struct page_info *textbook_alloc(unsigned int order,
                                              paddr_t limit);
void textbook_free(struct page_info *pg, unsigned int order);

/* Its entry of a frame, and back. */
struct page_info *textbook_page(unsigned long frame);
unsigned long textbook_frame(const struct page_info *pg);

unsigned long textbook_nr_free(void);
unsigned long textbook_nr_blocks(unsigned int order);

/* The free block that holds frame @frame; false if it is not free. */
bool textbook_block_of(unsigned long frame, unsigned long *start,
                       unsigned int *order);

/* 0, or the number of the first invariant that is broken. */
int textbook_check(void);

#endif /* TEXTBOOK_HEAP_H */
