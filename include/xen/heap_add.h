/* SPDX-License-Identifier: MIT */
/* How the heap gets its memory. <xen/page_alloc.h> includes it. */
#ifndef XEN_HEAP_ADD_H
#define XEN_HEAP_ADD_H

#include <xen/mm-frame.h>

/**
 * heap_init - take over all that the boot allocator has left.
 *
 * Needs the frame table. What it costs does not grow with the size of the RAM:
 * it touches one bit for each free block. Boot only, once.
 */
void heap_init(void);

/* Let idle CPUs make groups of frames ready (<xen/frame_table.h>), so that who
 * takes the first of one need not. Boot only, once, after heap_init(). */
void heap_open_when_idle(void);

/**
 * heap_add - give the frames [@start, @start + @nr) to the heap.
 *
 * For memory that the heap has not had yet: what boot no longer needs, or what
 * was plugged in. The frames are valid (mfn_valid()), their entries are zero.
 * Ranges may come in any order and need no alignment; frame 0 is left out. A
 * frame that is not valid, or that is free already, is a bug of the caller.
 */
void heap_add(mfn_t start, unsigned long nr);

#endif /* XEN_HEAP_ADD_H */
