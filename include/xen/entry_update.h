/* SPDX-License-Identifier: MIT */
/*
 * Changing one entry of a page table that is in use.
 *
 * First it is decided, by a pure function, what the change amounts to; then it
 * is done: take what the new entry holds, write it, put what the old one held.
 * The table is locked for the write alone, so nothing is waited for with a
 * lock.
 */
#ifndef XEN_ENTRY_UPDATE_H
#define XEN_ENTRY_UPDATE_H

#include <xen/page_table.h>

enum entry_change {
    ENTRY_FLAGS,    /* the same frame held in the same way: write it, no more */
    ENTRY_EXCHANGE, /* take what the new one holds, put what the old one held */
};

/* What can change while the same frame is held in the same way. */
#define ENTRY_FLAGS_ALONE                                                      \
    (PTE_ACCESSED | PTE_DIRTY | PTE_USER | PTE_NX |                            \
     (PTE_AVAILABLE & ~PTE_UNCOUNTED))

/* What does it amount to to replace @old, which stands there, by @new, which
 * has passed entry_check()? Pure. */
static inline enum entry_change entry_change(unsigned int level, uint64_t old,
                                             uint64_t new)
{
    uint64_t flags = ENTRY_FLAGS_ALONE;

    if (level > 1 && !CONFIG_LINEAR_TABLES)
        flags |= PTE_WRITABLE; /* nobody is told apart by it (XSA-182) */

    if (!((old | new) & PTE_PRESENT))
        return ENTRY_FLAGS;

    return (old ^ new) & ~flags ? ENTRY_EXCHANGE : ENTRY_FLAGS;
}

/* A CPU that walks the table meanwhile may set accessed and dirty bits. */
#define UPDATE_PRESERVE_AD BIT(0) /* those that are set stay set */

/**
 * update_entry - write @entry to slot @slot of a guest's page table.
 *
 * @v is the vCPU that runs here, and its deferred record is empty. The caller
 * holds a general reference to @table, which is @d's and valid at @level, or
 * the update fails. Frames that the entry names are to be @owner's: see
 * get_entry().
 *
 * Returns 0: it is done. What the old entry held is dropped, or, interrupted,
 * stands in @v's deferred record. -ERESTART: interrupted before anything was
 * written; call again. Another: the reason why not, and nothing was written;
 * the record may have something in it that was begun. -EINVAL: @table is no
 * valid table of @level, the slot is the hypervisor's, or a flag is not
 * allowed.
 */
__must_check int update_entry(struct vcpu *v, struct domain *d,
                              struct domain *owner, struct page_info *table,
                              unsigned int level, unsigned int slot,
                              uint64_t entry, unsigned int flags);

/**
 * vcpu_defer - leave it to @v to drop @h, if that is interrupted.
 *
 * Drops it here and now if it can; the record must be empty. *@h is empty on
 * return.
 */
void vcpu_defer(struct vcpu *v, struct page_holder *h);

/* Finish what stands in @v's record. 0: it is empty; -ERESTART: interrupted. */
__must_check int vcpu_finish_deferred(struct vcpu *v);

#endif /* XEN_ENTRY_UPDATE_H */
