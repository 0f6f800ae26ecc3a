/* SPDX-License-Identifier: MIT */
/*
 * One entry of a page table: which flags it may have, what it holds, and how a
 * leaf takes that. Inline, for the walker: most of its time passes here.
 *
 * An entry that is not present is any number that the guest likes. A hypervisor
 * for CPUs that look at its address all the same (L1TF) must refuse some.
 */
#ifndef MM_ENTRY_H
#define MM_ENTRY_H

#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/page_ref.h>
#include <xen/page_table.h>
#include <xen/page_type.h>

#define CACHE_FLAGS (PTE_THROUGH | PTE_UNCACHED | PTE_LARGE /* PAT */)

/* Flags that no entry of a level above 1 may have: superpages among them. */
#define TABLE_FORBIDDEN (CACHE_FLAGS | PTE_GLOBAL)

/* By two shifts: a mask of 64 bits is an instruction more. */
static inline mfn_t entry_mfn(uint64_t entry)
{
    unsigned int above = 64 - PADDR_BITS;

    return _mfn(entry << above >> (above + PAGE_SHIFT));
}

static inline int check_entry(unsigned int level, uint64_t entry,
                              uint64_t *adjusted)
{
    if (level > 1 && entry & TABLE_FORBIDDEN)
        return -EINVAL;
    *adjusted = (entry | PTE_USER) & ~(uint64_t)(PTE_GLOBAL | PTE_UNCOUNTED);

    return 0;
}

static inline struct page_holder holder_of_entry(unsigned int level,
                                                 uint64_t entry)
{
    if ((entry & (PTE_PRESENT | PTE_UNCOUNTED)) != PTE_PRESENT)
        return PAGE_HOLDER_EMPTY;

    return (struct page_holder){ mfn_to_page(entry_mfn(entry)),
                                 level > 1 || entry & PTE_WRITABLE
                                     ? HOLD_FULL
                                     : HOLD_READ_ONLY };
}

/* The frame is not RAM that @owner has: is it a device's? */
__cold int get_device(const struct domain *d, const struct domain *owner,
                      uint64_t entry, uint64_t *adjusted);

/* What another domain maps may be in any CPU's TLB: note it before it can. */
__cold void mark_foreign(struct page_info *pg);

/* By way of a copy, so that *@entry need not be in memory for the usual case.
 */
static __inlined int get_device_leaf(const struct domain *d,
                                     const struct domain *owner,
                                     uint64_t *entry)
{
    uint64_t adjusted = *entry;
    int rc = get_device(d, owner, *entry, &adjusted);

    *entry = adjusted;

    return rc;
}

/* get_entry() for level 1. */
static __inlined int get_leaf(struct domain *d, struct domain *owner,
                              uint64_t *entry, struct page_holder *child)
{
    struct page_info *pg;

    if (!mfn_find_page(entry_mfn(*entry), &pg))
        return get_device_leaf(d, owner, entry);
    if (!get_page(pg, owner))
        return page_owner_tag(pg) == dom_io->tag
                   ? get_device_leaf(d, owner, entry)
                   : -EBUSY;
    if (owner != d && owner == dom_io) {
        put_page(pg);
        return get_device_leaf(d, owner, entry);
    }
    if (*entry & CACHE_FLAGS) {
        put_page(pg);
        return -EINVAL;
    }
    if (owner != d)
        mark_foreign(pg);
    if (!(*entry & PTE_WRITABLE)) {
        *child = (struct page_holder){ pg, HOLD_READ_ONLY };
        return 0;
    }
    if (!get_page_writable(pg)) {
        put_page(pg);
        return -EBUSY;
    }
    *child = (struct page_holder){ pg, HOLD_FULL };

    return 0;
}

/* put_holder() for what an entry of level 1 holds. */
static __inlined void put_leaf(const struct page_holder *child)
{
    if (child->hold == HOLD_FULL)
        put_page_writable(child->page);
    if (child->hold != HOLD_NONE)
        put_page(child->page);
}

#endif /* MM_ENTRY_H */
