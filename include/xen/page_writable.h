/* SPDX-License-Identifier: MIT */
/*
 * Frames that a guest may write. Included by <xen/page_type.h>, which says what
 * a type is; inline, as most entries of most page tables need no more than
 * this.
 */
#ifndef XEN_PAGE_WRITABLE_H
#define XEN_PAGE_WRITABLE_H

#include <xen/compiler.h>
#include <xen/page_info.h>
#include <xen/tlb.h>

/**
 * get_page_writable, put_page_writable - a guest may write it; no longer.
 *
 * Any contents suit, so this is all there is to do, with page_type_take() and
 * page_type_drop() for what is not the usual. The caller holds a general
 * reference. False: it is in use as something else, or its count is full.
 */
__must_check bool get_page_writable_slow(struct page_info *pg);
void put_page_writable_slow(struct page_info *pg);

static __inlined __must_check bool get_page_writable(struct page_info *pg)
{
    const unsigned int low = CONFIG_COUNT_BITS - 2; /* bits that say nothing */
    unsigned long seen =
        __atomic_load_n(&pg->inuse_overlay.type_info, __ATOMIC_RELAXED);

    /* Cached or valid, with no other flag, and not full: then less is left than
     * the top of a count. Small constants, as the walker's loop is short of
     * registers. Sequentially consistent, as all changes of a type. */
    if ((seen >> low) - ((PGT_writable_page | PGT_validated) >> low) <
            COUNT_TOP >> low &&
        __atomic_compare_exchange_n(&pg->inuse_overlay.type_info, &seen,
                                    seen + 1, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_RELAXED))
        return true;

    return get_page_writable_slow(pg);
}

static __inlined void put_page_writable(struct page_info *pg)
{
    unsigned long last = PGT_writable_page | PGT_validated | 1;
    unsigned long seen =
        __atomic_load_n(&pg->inuse_overlay.type_info, __ATOMIC_RELAXED);

    /* The last one: by way of busy, as everywhere. Release: as publish(). */
    if (seen == last &&
        __atomic_compare_exchange_n(&pg->inuse_overlay.type_info, &seen,
                                    PGT_writable_page | PGT_busy | 1, false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
        __atomic_store_n(&pg->inuse_overlay.tlbflush_timestamp, tlb_clock_now(),
                         __ATOMIC_RELAXED);
        __atomic_store_n(&pg->inuse_overlay.type_info, last - 1,
                         __ATOMIC_RELEASE);
        return;
    }
    /* One of several: nothing but the count changes. */
    if (seen > last && __atomic_compare_exchange_n(
                           &pg->inuse_overlay.type_info, &seen, seen - 1, false,
                           __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        return;
    put_page_writable_slow(pg);
}

#endif /* XEN_PAGE_WRITABLE_H */
