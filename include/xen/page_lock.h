/* SPDX-License-Identifier: MIT */
/*
 * The lock of a page table, a bit of its type_info. Included by
 * <xen/page_type.h>, which says what a type is.
 */
#ifndef XEN_PAGE_LOCK_H
#define XEN_PAGE_LOCK_H

#include <xen/bug.h>
#include <xen/compiler.h>
#include <xen/page_info.h>

/**
 * page_lock - keep a valid table of @type valid, and have others wait.
 *
 * For the time that it takes to write one entry. It is a type reference that is
 * never the last: who would leave only it waits. The caller holds a general
 * reference and no other page lock. False: it is not valid as @type.
 */
__must_check bool page_lock_slow(struct page_info *pg, unsigned long type);

static __inlined __must_check bool page_lock(struct page_info *pg,
                                             unsigned long type)
{
    unsigned long seen =
        __atomic_load_n(&pg->inuse_overlay.type_info, __ATOMIC_RELAXED);

    /* Valid, so its count is not 0; and not locked. */
    if ((seen & (PGT_type_mask | PGT_validated | PGT_locked)) ==
            (type | PGT_validated) &&
        __atomic_compare_exchange_n(&pg->inuse_overlay.type_info, &seen,
                                    seen + (PGT_locked | 1), false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        return true;

    return page_lock_slow(pg, type);
}

/* Nobody else clears the flag, and the reference is not the last. */
static __inlined void page_unlock(struct page_info *pg)
{
    unsigned long before = __atomic_fetch_sub(&pg->inuse_overlay.type_info,
                                              PGT_locked | 1, __ATOMIC_SEQ_CST);

    ASSERT(before & PGT_locked && (before & PGT_count_mask) > 1);
    (void)before;
}

#endif /* XEN_PAGE_LOCK_H */
