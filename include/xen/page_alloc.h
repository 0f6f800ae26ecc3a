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
 *   the frame leaves the cache of the CPU; with CONFIG_DEBUG at once. A frame
 *   in use that never was the heap's (of the image, of a module) has the same
 *   entry of zeroes as one that was. Giving that back is noticed only when the
 *   heap gets more than it ever had.
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
#define HEAP_NODE(node)                                                        \
    (((node) + 1U) << 8) /* if it can be, from this node                       \
                          */

/* Who asks has reserved the frames of HEAP_NODE(): they are there, but maybe
 * not as a block. For <xen/claim.h>. */
#define HEAP_RESERVED BIT(3)

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
 * The two are one each of those ways; where @debt is a constant the choice
 * costs nothing.
 *
 * Returns the first frame's page, or NULL: no free block will do, or @order
 * exceeds MAX_ORDER, or HEAP_NODE() names no node.
 */
__must_check struct page_info *
alloc_heap_pages_paid(unsigned int order, paddr_t limit, unsigned int flags);
__must_check struct page_info *alloc_heap_pages_owing(unsigned int order,
                                                      paddr_t limit,
                                                      unsigned int flags,
                                                      struct tlb_debt *debt);

static inline __must_check struct page_info *
alloc_heap_pages(unsigned int order, paddr_t limit, unsigned int flags,
                 struct tlb_debt *debt)
{
    return debt ? alloc_heap_pages_owing(order, limit, flags, debt)
                : alloc_heap_pages_paid(order, limit, flags);
}

/**
 * heap_clear_entries - make the entries of a block of @order at @pg zero.
 *
 * Of a block that was just taken; whoever treats its frames one by one, gives
 * it back in parts among others, calls it first.
 */
void heap_clear_entries(struct page_info *pg, unsigned int order);

/**
 * struct heap_stream - frames that will be freed together.
 *
 * What is taken by one stream lies together, in chunks that nobody else takes
 * from: so it leaves whole chunks when it goes. All zero to begin with; two
 * CPUs may not use one at the same time.
 */
struct heap_stream {
    unsigned long current; /* a chunk and 1, or 0: none */
};

/**
 * alloc_heap_stream - take up to @nr single frames for @stream.
 *
 * As alloc_heap_pages() of order 0, with *@debt joined to what is owed by all
 * of them. Without a stream (NULL) they lie anywhere. @page[] is set. Returns
 * how many there were, fewer only if there are no more.
 */
__must_check unsigned int alloc_heap_stream(struct heap_stream *stream,
                                            paddr_t limit, unsigned int flags,
                                            struct page_info **page,
                                            unsigned int nr,
                                            struct tlb_debt *debt);

/* What @stream has begun is anybody's again. */
void heap_stream_end(struct heap_stream *stream);

/**
 * free_heap_pages - give back the block of 2^@order frames at @pg.
 *
 * A block may be given back in parts, each aligned to its own size. The entries
 * of its frames must be what alloc_heap_pages() made them: no count, no owner.
 * Of order CHUNK_ORDER or more only the first one is looked at.
 * @debt is what must be flushed before they are used anew; TLB_NO_DEBT if no
 * guest has mapped them.
 */
void free_heap_pages(struct page_info *pg, unsigned int order,
                     struct tlb_debt debt);

/**
 * free_heap_frames - give back many single frames that all owe @debt.
 *
 * As free_heap_pages() of each, but what their entries say beside count_info is
 * forgotten: they need not be zero. Unless they are few they go to where they
 * belong, past what this CPU has at hand; those that follow one another are one
 * step.
 */
void free_heap_frames(struct page_info *const *page, unsigned int nr,
                      struct tlb_debt debt);

/* What cpu_heap() of <asm/processor.h> leads to, on a CPU that has not used
 * the heap: the machine sets it so. */
extern struct heap_cpu heap_nobody;

/**
 * heap_drain - have all CPUs give up what they have cached.
 *
 * Waits for them; no spinlock may be held. What each CPU takes from next stays
 * its own. For what counts blocks, and for tests.
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

#endif /* XEN_PAGE_ALLOC_H */
