/* SPDX-License-Identifier: MIT */
/*
 * The heap: all machine frames that nobody uses.
 *
 * This layer knows frames and orders. It knows nothing of owners, reference
 * counts or page tables. How it is built, docs/heap.md tells.
 *
 * Units
 *   order     log2 of a number of frames: order 0 is 4 KiB, order 9 is 2 MiB
 *   nr        a number of frames, never of bytes
 *   limit     a machine address in bytes
 *
 * Locking
 *   Each function takes the locks that it needs itself. Those that take memory
 *   may ask other CPUs for what these have cached, and wait: so no spinlock may
 *   be held. Those that give it back may be called with any lock of a lower
 *   rank held (see <xen/lock_rank.h>). None may be called from an interrupt.
 *   No time is spent with a lock held on the contents of memory, nor on a loop
 *   of frames.
 *
 * Contents
 *   A frame that is given back is dirty: nobody may see what its last user left
 *   there. Who takes memory gets zeroes, unless he asks for HEAP_NO_SCRUB.
 *
 * Errors
 *   Taking memory may fail: the answer is NULL, and nothing has changed. That
 *   is definite: what other CPUs had cached has been looked at too. The log
 *   says what was asked, what is free, and the largest block below the limit:
 *   not each time, and of many runs of failures not for each run.
 *   Giving it back cannot fail. A block that was not handed out as it is given
 *   back is a bug of the hypervisor, and stops it in every build: one that is
 *   free, has a count, type or owner, is not aligned, or is not RAM with an
 *   entry. Where only a lock could tell, that is noticed a little later, when
 *   the frame leaves the cache of the CPU, and that a part of a large block is
 *   free not at all; with CONFIG_DEBUG both at once. A page in a hole of the
 *   frame table may be a page fault. A frame in use that never was the heap's
 *   (of the image, of a module) has the same entry of zeroes as one that was.
 *   Giving that back is noticed only when the heap gets more than it ever had.
 */
#ifndef XEN_PAGE_ALLOC_H
#define XEN_PAGE_ALLOC_H

#include <xen/bits.h>
#include <xen/compiler.h>
#include <xen/mm-frame.h>
#include <xen/page_info.h>
#include <xen/pdx.h>
#include <xen/tlb.h>
#include <xen/types.h>

/* The largest block is 4 GiB; its entries follow one another (F5). */
#define MAX_ORDER PDX_BLOCK_ORDER
#define NR_ORDERS (MAX_ORDER + 1)

/* Frames of a chunk, which is what the heap takes apart as a whole: 2 MiB. */
#define CHUNK_ORDER  9U
#define CHUNK_FRAMES BIT(CHUNK_ORDER)

/* The limit of a request that takes memory from anywhere. */
#define HEAP_NO_LIMIT PADDR_MAX

/* How a block is wanted. */
#define HEAP_NO_SCRUB BIT(0) /* what it contains does not matter */
#define HEAP_LONG_LIVED                                                        \
    BIT(1)                     /* it will stay: keep it apart from what goes   \
                                */
#define HEAP_EXACT_NODE BIT(2) /* from HEAP_NODE() or not at all */
#define HEAP_NODE(node)        /* if it can be, from this node */              \
    (((node) < HEAP_NO_NODE ? (node) + 1U : HEAP_NO_NODE) << 8)
#define HEAP_NO_NODE 0xffffffU /* what is as large is no node's number */

/* Who asks has reserved the frames of HEAP_NODE(): they are there, but maybe
 * not as a block. For <xen/claim.h>. */
#define HEAP_RESERVED BIT(3)

/**
 * alloc_heap_pages - take 2^@order frames that follow one another.
 *
 * The block starts at a multiple of its own size and ends at or below @limit.
 * Its frames are in use, anonymous, without a count, and the caller's. Their
 * entries are zero; but of a block of order CHUNK_ORDER or more only that of
 * the first frame is: the others say nothing until heap_clear_entries().
 *
 * Memory with an address that few can do with is used last: a request without
 * a tight limit is served from above 4 GiB, then from above 16 MiB. Unless
 * HEAP_NO_SCRUB is among @flags, it ends at or below CONTENTS_LIMIT too.
 *
 * If @debt is NULL what is owed of TLB flushes is paid before return: CPUs may
 * be interrupted. Otherwise *@debt is set to what is owed, and the caller must
 * pay it before anybody uses the frames. What is owed is paid all the same if
 * they have to be scrubbed.
 *
 * The others are one each of those ways, and of the first of them the one for a
 * single frame of which no more is said than HEAP_NO_SCRUB. Where the arguments
 * are constants the choice costs nothing.
 *
 * Returns the first frame's page, or NULL: no free block will do, or @order
 * exceeds MAX_ORDER, or HEAP_NODE() names no node.
 */
__must_check struct page_info *alloc_heap_frame(paddr_t limit,
                                                unsigned long flags);
__must_check struct page_info *
alloc_heap_pages_paid(unsigned int order, paddr_t limit, unsigned int flags);
__must_check struct page_info *alloc_heap_pages_owing(unsigned int order,
                                                      paddr_t limit,
                                                      unsigned int flags,
                                                      struct tlb_debt *debt);

static __inlined __must_check struct page_info *
alloc_heap_pages(unsigned int order, paddr_t limit, unsigned int flags,
                 struct tlb_debt *debt)
{
    if (debt)
        return alloc_heap_pages_owing(order, limit, flags, debt);
    if (order == 0 && flags <= HEAP_NO_SCRUB)
        return alloc_heap_frame(limit, flags);

    return alloc_heap_pages_paid(order, limit, flags);
}

#include <xen/heap_add.h>
#include <xen/heap_look.h>
#include <xen/heap_stream.h>
#include <xen/page_free.h>

#endif /* XEN_PAGE_ALLOC_H */
