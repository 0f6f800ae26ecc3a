/* SPDX-License-Identifier: MIT */
/*
 * Frames by their numbers, and frames in a row that are no block: for what a
 * device can do with, or firmware has named. Locking as <xen/page_alloc.h>.
 */
#ifndef XEN_HEAP_RANGE_H
#define XEN_HEAP_RANGE_H

#include <xen/page_alloc.h>

/**
 * heap_take_range - take these frames, [@start, @start + @nr), and no others.
 *
 * All or none. Each is in use afterwards as a single frame is, with an entry of
 * zeroes. @flags: HEAP_NO_SCRUB, without which all end at or below
 * CONTENTS_LIMIT. What they owe of TLB flushes is paid. They are
 * given back in parts smaller than a chunk, as heap_give_range() does.
 *
 * Returns 0, or, and nothing has changed: -EINVAL, *@culprit has no entry;
 * -EBUSY, *@culprit is in use, or to leave the machine; -ENOMEM, they are free,
 * but claimed.
 */
__must_check int heap_take_range(mfn_t start, unsigned long nr,
                                 unsigned int flags, mfn_t *culprit);
void heap_give_range(mfn_t start, unsigned long nr, struct tlb_debt debt);

/**
 * alloc_heap_range - take @nr frames that follow one another.
 *
 * The first is a multiple of @align, a power of two, and all end at or below
 * @limit; there are at most as many as a block of MAX_ORDER has, within which
 * they lie. As heap_take_range() otherwise. A block that is larger is cut; if
 * there is none, each block that is a fourth of @nr at least is a place to
 * look around: for requests that are rare.
 *
 * Returns the first frame's page, or NULL: the log says why.
 */
__must_check struct page_info *alloc_heap_range(unsigned long nr,
                                                unsigned long align,
                                                paddr_t limit,
                                                unsigned int flags);

#endif /* XEN_HEAP_RANGE_H */
