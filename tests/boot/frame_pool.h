/* SPDX-License-Identifier: MIT */
/*
 * A heap with only a few frames to give, so that each comes round soon: all
 * memory below 16 MiB is taken out of it, and what is asked of it stays there.
 */
#ifndef FRAME_POOL_H
#define FRAME_POOL_H

#include <cpu/layout.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>

/* Leave @nr frames; false if there are not so many. */
bool pool_open(unsigned int nr);
void pool_close(void);

/* A frame whose debt is paid. There must be one. */
struct page_info *pool_take(void);

/* Give it back: the CPUs of @who may have it in their TLBs; NULL: any. */
void pool_return(struct page_info *pg, const cpumask_t *who);

/* Where a frame stands in the direct map. */
static inline uint8_t *frame_bytes(const struct page_info *pg)
{
    return maddr_to_virt(mfn_to_maddr(page_to_mfn(pg)));
}

#endif /* FRAME_POOL_H */
