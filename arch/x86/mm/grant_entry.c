/* SPDX-License-Identifier: MIT */
/*
 * Entries that a grant makes, and takes away again.
 *
 * They are entries like all others, and hold what those hold. That the frame is
 * another domain's is all that is special: update_entry() is told whose.
 */
#include <public/grant_table.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/grant_entry.h>
#include <xen/guest_walk.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include <asm/contents.h>

/* Where two entries must agree to be of one frame and one way to use it. */
#define IDENTITY (PTE_ADDRESS | PTE_PRESENT | PTE_WRITABLE | PTE_UNCOUNTED)

/* The bits of an entry that a guest may use as it likes, and GNTMAP_ has. */
#define GUEST_BITS_SHIFT 9
#define GUEST_BITS       7U

static uint64_t entry_for(mfn_t mfn, unsigned int flags)
{
    uint64_t entry = mfn_to_maddr(mfn) | PTE_PRESENT | PTE_USER | PTE_ACCESSED;
    uint64_t bits = flags >> _GNTMAP_guest_avail0 & GUEST_BITS;

    if (!(flags & GNTMAP_readonly))
        entry |= PTE_WRITABLE | PTE_DIRTY;

    return entry | bits << GUEST_BITS_SHIFT;
}

/* The table that the entry is in, with a reference, and its slot; or NULL. It
 * need be no table: that is found when it is locked. */
static struct page_info *find(const struct vcpu *v, uint64_t address,
                              unsigned int flags, unsigned int *slot)
{
    if (!(flags & GNTMAP_contains_pte))
        return guest_walk(v, address, slot);
    if (address % PTE_SIZE)
        return NULL;
    *slot = (unsigned int)(address & ~PAGE_MASK) / PTE_SIZE;
    if (*slot >= PTES_PER_TABLE)
        return NULL;

    return get_page_from_mfn(maddr_to_mfn(address), v->domain);
}

int grant_entry_make(struct vcpu *v, struct domain *granter, mfn_t mfn,
                     uint64_t address, unsigned int flags)
{
    unsigned int slot;
    struct page_info *table = find(v, address, flags, &slot);
    int rc;

    if (!table)
        return -EINVAL;
    rc = update_entry(v, v->domain, granter, table, 1, slot,
                      entry_for(mfn, flags), 0);
    put_page(table);

    return rc;
}

/* In one step with the look at what stands there: two that unmap two handles by
 * one entry must not both find it. Sets *@old to what stood there. */
static int clear(struct page_info *table, unsigned int slot, uint64_t expected,
                 uint64_t *old)
{
    uint64_t *entry = frame_contents(page_to_mfn(table));
    int rc = 0;

    entry += slot;
    *old = __atomic_load_n(entry, __ATOMIC_RELAXED);
    if (!page_lock(table, PGT_l1_page_table))
        return -EINVAL;
    do {
        if ((*old ^ expected) & IDENTITY)
            rc = -ESRCH;
    } while (!rc &&
             !__atomic_compare_exchange_n(entry, old, 0, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    page_unlock(table);

    return rc;
}

int grant_entry_clear(struct vcpu *v, mfn_t mfn, uint64_t address,
                      unsigned int flags)
{
    unsigned int slot;
    struct page_info *table = find(v, address, flags, &slot);
    struct page_holder held;
    uint64_t old;
    int rc;

    if (!table)
        return -EINVAL;
    rc = clear(table, slot, entry_for(mfn, flags), &old);
    if (!rc) {
        held = entry_holder(1, old);
        vcpu_defer(v, &held);
    }
    put_page(table);

    return rc;
}
