/* SPDX-License-Identifier: MIT */
/*
 * update_entry() for level 1: inline, for batches of updates.
 */
#ifndef UPDATE_LEAF_H
#define UPDATE_LEAF_H

#include <xen/entry_update.h>

#include "entry.h"

/*
 * Acquire is not needed: an entry is a number, and what it names is reached
 * through the frame table. A CPU that translates may set bits at any time.
 */
static __inlined bool write_entry(uint64_t *slot, uint64_t *old, uint64_t new,
                                  unsigned int flags)
{
    if (flags & UPDATE_PRESERVE_AD)
        new |= *old &(PTE_ACCESSED | PTE_DIRTY);

    return __atomic_compare_exchange_n(slot, old, new, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

/* Returns 0, -EINVAL, or -EAGAIN: it is no longer only flags that change. */
static __inlined int change_flags(struct page_info *table, unsigned int level,
                                  uint64_t *slot, uint64_t old, uint64_t new,
                                  unsigned int flags)
{
    int rc = 0;

    if (!page_lock(table, type_of_level(level)))
        return -EINVAL;
    while (rc == 0 && !write_entry(slot, &old, new, flags))
        if (entry_change(level, old, new) != ENTRY_FLAGS)
            rc = -EAGAIN;
    page_unlock(table);

    return rc;
}

/* Take what @new holds, write it, put what the old one held. Nothing of level 1
 * is ever interrupted. */
static __inlined int exchange_leaf(struct domain *d, struct domain *owner,
                                   struct page_info *table, uint64_t *slot,
                                   uint64_t new, unsigned int flags)
{
    struct page_holder child = PAGE_HOLDER_EMPTY;
    uint64_t old;
    int rc = 0;

    if (new &PTE_PRESENT) {
        rc = get_leaf(d, owner, &new, &child);
        if (rc)
            return rc;
    }
    if (likely(page_lock(table, PGT_l1_page_table))) {
        old = __atomic_load_n(slot, __ATOMIC_RELAXED);
        while (!write_entry(slot, &old, new, flags))
            ;
        page_unlock(table);
        child = holder_of_entry(1, old);
    } else {
        rc = -EINVAL;
    }
    put_leaf(&child);

    return rc;
}

static __inlined __must_check int
update_leaf(struct domain *d, struct domain *owner, struct page_info *table,
            uint64_t *slot, uint64_t entry, unsigned int flags)
{
    uint64_t old = __atomic_load_n(slot, __ATOMIC_RELAXED);
    int rc;

    if (entry & PTE_PRESENT) {
        rc = check_entry(1, entry, &entry);
        if (rc)
            return rc;
    }
    if (entry_change(1, old, entry) == ENTRY_FLAGS) {
        rc = change_flags(table, 1, slot, old, entry, flags);
        if (rc != -EAGAIN)
            return rc;
    }

    return exchange_leaf(d, owner, table, slot, entry, flags);
}

#endif /* UPDATE_LEAF_H */
