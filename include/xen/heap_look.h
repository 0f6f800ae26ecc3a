/* SPDX-License-Identifier: MIT */
/*
 * What there is in the heap, and where; and how CPUs give up what they keep of
 * it. <xen/page_alloc.h> includes it.
 */
#ifndef XEN_HEAP_LOOK_H
#define XEN_HEAP_LOOK_H

#include <xen/page_info.h>

/* What cpu_heap() of <asm/processor.h> leads to, on a CPU that has not used
 * the heap: the machine sets it so. */
extern struct heap_cpu heap_nobody;

/**
 * heap_drain - have all CPUs give up what they have cached.
 *
 * And the chunks that they take from. Waits for them; no spinlock may be held.
 * For what counts blocks, and for tests.
 */
void heap_drain(void);

/* A CPU leaves (<xen/smp.h>), before smp_leave(): it gives all that up. */
void heap_leave(void);

struct heap_statistics {
    unsigned long nr_frames;            /* given to the heap, ever */
    unsigned long nr_free;              /* not handed out; of them: */
    unsigned long nr_cached;            /*   in the cache of some CPU */
    unsigned long nr_dirty;             /*   to be scrubbed */
    unsigned long nr_blocks[NR_ORDERS]; /* free blocks of each order */
    unsigned long first, end;           /* PDXs that all frames lie between */
};

/**
 * heap_statistics - count what is free.
 *
 * Frames that are cached are in no block. Looks at each chunk that is taken
 * apart, without a lock: exact where nobody uses the heap meanwhile.
 */
void heap_statistics(struct heap_statistics *statistics);

/* How many frames are free; and how many free blocks of one order. */
unsigned long heap_nr_free(void);
unsigned long heap_nr_blocks(unsigned int order);

/**
 * heap_block_of - the free block that holds the frame @mfn.
 *
 * Returns the block's first frame and sets *@order, or returns INVALID_MFN: the
 * frame is not in the heap. A frame that a CPU has cached is a block of order
 * 0. What is true may no longer be so on return.
 */
mfn_t heap_block_of(mfn_t mfn, unsigned int *order);

/**
 * heap_last_free - who gave back the block that held @mfn most recently?
 *
 * Returns the code address, or 0: CONFIG_DEBUG is off, or it is too long ago
 * (the last HEAP_HISTORY calls of free_heap_pages() are remembered).
 */
#define HEAP_HISTORY 1024U
uintptr_t heap_last_free(mfn_t mfn);

/**
 * heap_check - walk the whole heap, and check each numbered invariant, H1 on
 * (docs/invariants.md).
 *
 * Returns 0, or the number of the first broken one, which has been printed with
 * the frame, what was expected and what was found. Linear in the size of the
 * frame table: for tests and for the monitor, while nobody uses the heap.
 */
int heap_check(void);

#endif /* XEN_HEAP_LOOK_H */
