/* SPDX-License-Identifier: MIT */
/*
 * General references: the frame is used at all, and by how many.
 *
 * Who holds one may rely on this: the frame is not freed, and its owner does
 * not change. References are never taken from 0: a frame without any is its
 * finder's or the heap's, and no longer anybody's to get.
 *
 * No function here takes a lock but the last put_page(), which frees the frame:
 * it takes the owner's page_alloc_lock and the heap's.
 */
#ifndef XEN_PAGE_REF_H
#define XEN_PAGE_REF_H

#include <xen/compiler.h>
#include <xen/domheap.h>
#include <xen/frame_table.h>
#include <xen/page_info.h>

/**
 * get_page_any - take a reference, whoever owns the frame.
 *
 * False: it has none (nobody owns it, or it is being freed), or the count is
 * full. Nothing has changed then.
 */
static __inlined __must_check bool get_page_any(struct page_info *pg)
{
    unsigned long seen = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);

    /* Acquire: the owner is read after. Pairs with the release that makes the
     * count 1, in assign_pages(). */
    do {
        if (!count_may_grow(seen))
            return false;
    } while (!__atomic_compare_exchange_n(&pg->count_info, &seen, seen + 1,
                                          true, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));

    return true;
}

/**
 * put_page - give one back; the last one frees the frame.
 *
 * Nobody has a type reference by then, so its contents can no longer matter.
 */
static __inlined void put_page(struct page_info *pg)
{
    /* Release: what was done with the frame is done before it is freed. Acquire
     * for who frees it. */
    unsigned long left =
        __atomic_sub_fetch(&pg->count_info, 1, __ATOMIC_ACQ_REL);

    ASSERT(((left + 1) & PGC_count_mask) != 0);
    if ((left & PGC_count_mask) == 0)
        free_domheap_page(pg);
}

/* The tag of its owner (struct domain); stable while a reference is held. */
static __inlined uint16_t page_owner_tag(const struct page_info *pg)
{
    return __atomic_load_n(&pg->inuse_overlay.owner, __ATOMIC_RELAXED);
}

/**
 * get_page - take a reference to a frame of @d.
 *
 * First the reference, then the question who owns it: only so is the answer one
 * that lasts. False: as get_page_any(), or it is somebody else's.
 */
static __inlined __must_check bool get_page(struct page_info *pg,
                                            const struct domain *d)
{
    if (!get_page_any(pg))
        return false;
    if (page_owner_tag(pg) == d->tag)
        return true;
    put_page(pg);

    return false;
}

/**
 * get_page_from_mfn - the same by frame number, which may be any.
 *
 * Returns the page, or NULL: as get_page(), or there is no such frame.
 */
__must_check struct page_info *get_page_from_mfn(mfn_t mfn,
                                                 const struct domain *d);

/**
 * get_page_again - one more of a frame that the caller has one of already.
 *
 * Cannot fail: the top quarter of the count is kept for these. For references
 * whose number is bounded by that of frames and vCPUs: the one that PGT_partial
 * owns, and those of deferred records.
 */
void get_page_again(struct page_info *pg);

/**
 * put_page_allocated - the owner gives up its own reference.
 *
 * The caller holds another. Returns whether there was one to give up: of those
 * who try at once, one does. The frame stays the owner's until the last
 * reference goes.
 */
bool put_page_allocated(struct page_info *pg);

#endif /* XEN_PAGE_REF_H */
