/* SPDX-License-Identifier: MIT */
/*
 * The heap: all machine frames that nobody uses.
 *
 * This layer knows frames and orders. It knows nothing of owners, reference
 * counts or page tables.
 *
 * Units
 *   order     log2 of a number of frames: order 0 is 4 KiB, order 9 is 2 MiB
 *   nr        a number of frames, never of bytes
 *   limit     a machine address in bytes
 *
 * Locking
 *   Each function takes heap_lock itself. The caller may hold any lock of a
 *   lower rank (see <xen/lock_rank.h>). None may be called from an interrupt.
 *   No time is spent with the lock held on the contents of memory.
 *
 * Errors
 *   Taking memory may fail: the answer is NULL, and nothing has changed. The
 *   log says what was asked, what is free, and the largest block below the
 *   limit: not each time, and of many runs of failures not for each run.
 *   Giving it back cannot fail. A block that was not handed out as it is given
 *   back is a bug of the hypervisor, and stops it in every build: one that is
 *   free or has a free part, has a count, type or owner, is not aligned, or is
 *   not RAM with an entry. A frame in use that never was the heap's (of the
 *   image, of a module) has the same entry of zeroes as one that was. Giving
 *   that back is noticed only when the heap gets more than it ever had.
 */
#ifndef XEN_PAGE_ALLOC_H
#define XEN_PAGE_ALLOC_H

#include <xen/compiler.h>
#include <xen/mm-frame.h>
#include <xen/page_info.h>
#include <xen/pdx.h>
#include <xen/tlb.h>
#include <xen/types.h>

/* The largest block is 4 GiB; its entries follow one another (F5). */
#define MAX_ORDER PDX_BLOCK_ORDER
#define NR_ORDERS (MAX_ORDER + 1)

/* The limit of a request that takes memory from anywhere. */
#define HEAP_NO_LIMIT PADDR_MAX

/**
 * heap_init - take over all that the boot allocator has left.
 *
 * Needs the frame table. Touches one entry of it for each free block. Boot
 * only, once.
 */
void heap_init(void);

/**
 * heap_add - give the frames [@start, @start + @nr) to the heap.
 *
 * For memory that the heap has not had yet: what boot no longer needs, or what
 * was plugged in. The frames are valid (mfn_valid()), their entries are zero.
 * Ranges may come in any order and need no alignment; frame 0 is left out. A
 * frame that is not valid, or that is free already, is a bug of the caller.
 */
void heap_add(mfn_t start, unsigned long nr);

/**
 * alloc_heap_pages - take 2^@order frames that follow one another.
 *
 * The block starts at a multiple of its own size and ends at or below @limit.
 * Its frames are in use, anonymous, without a count, their entries are zero,
 * and they hold whatever their last user left there. They are the caller's.
 *
 * Memory with an address that few can do with is used last: a request without
 * a tight limit is served from above 4 GiB, then from above 16 MiB.
 *
 * Of blocks that will do it prefers one that owes no TLB flush, or whose debt
 * other flushes have paid. If @debt is NULL what is owed is paid before return:
 * CPUs may be interrupted, and no spinlock may be held. Otherwise *@debt is set
 * to what is owed, and the caller must pay it before anybody uses the frames.
 *
 * The two are one each of those ways; where @debt is a constant the choice
 * costs nothing.
 *
 * Returns the first frame's page, or NULL: no free block will do, or @order
 * exceeds MAX_ORDER.
 */
__must_check struct page_info *alloc_heap_pages_paid(unsigned int order,
                                                     paddr_t limit);
__must_check struct page_info *alloc_heap_pages_owing(unsigned int order,
                                                      paddr_t limit,
                                                      struct tlb_debt *debt);

static inline __must_check struct page_info *
alloc_heap_pages(unsigned int order, paddr_t limit, struct tlb_debt *debt)
{
    return debt ? alloc_heap_pages_owing(order, limit, debt)
                : alloc_heap_pages_paid(order, limit);
}

/**
 * free_heap_pages - give back the block of 2^@order frames at @pg.
 *
 * A block may be given back in parts, each aligned to its own size. The entries
 * of its frames must be what alloc_heap_pages() made them: no count, no owner.
 * @debt is what must be flushed before they are used anew; TLB_NO_DEBT if no
 * guest has mapped them.
 */
void free_heap_pages(struct page_info *pg, unsigned int order,
                     struct tlb_debt debt);

struct heap_statistics {
    unsigned long nr_frames;            /* given to the heap, ever */
    unsigned long nr_free;              /* not handed out */
    unsigned long nr_blocks[NR_ORDERS]; /* free blocks of each order */
    unsigned long first, end;           /* PDXs that all frames lie between */
};

/* A consistent snapshot. */
void heap_statistics(struct heap_statistics *statistics);

/* How many frames are free, and how many free blocks of one order. */
unsigned long heap_nr_free(void);
unsigned long heap_nr_blocks(unsigned int order);

/**
 * heap_block_of - the free block that holds the frame @mfn.
 *
 * Returns the block's first frame and sets *@order, or returns INVALID_MFN: the
 * frame is not in the heap. What is true may no longer be so on return.
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
 * frame table and holds heap_lock throughout: for tests and for the monitor.
 */
int heap_check(void);

#endif /* XEN_PAGE_ALLOC_H */
