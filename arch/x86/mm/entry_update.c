/* SPDX-License-Identifier: MIT */
/* Changes one entry of a page table in use: decide, take, write, put. */
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include <asm/contents.h>

#include "linear_table.h"
#include "update_leaf.h"

/* What it amounts to that get_entry() has failed for an update. */
static int not_taken(struct vcpu *v, struct page_holder *child, int rc)
{
    if (rc == -ERESTART) {
        put_page(child->page);
        return rc;
    }
    vcpu_defer(v, child);

    return rc == -EINTR ? -ERESTART : rc;
}

/* Drop what an entry of @table held, or was to hold. */
static void drop(struct vcpu *v, struct page_info *table, unsigned int level,
                 struct page_holder *child)
{
    if (linear_is_link(level, child))
        linear_unlink(table, child->page);
    vcpu_defer(v, child);
}

static int exchange(struct vcpu *v, struct page_info *table, unsigned int level,
                    uint64_t *slot, uint64_t new, struct page_holder *child,
                    unsigned int flags)
{
    uint64_t old = __atomic_load_n(slot, __ATOMIC_RELAXED);
    struct page_holder displaced;

    if (!page_lock(table, type_of_level(level))) {
        drop(v, table, level, child);
        return -EINVAL;
    }
    while (!write_entry(slot, &old, new, flags))
        ;
    page_unlock(table);
    displaced = entry_holder(level, old);
    drop(v, table, level, &displaced);

    return 0;
}

static int update_table(struct vcpu *v, struct domain *d, struct domain *owner,
                        struct page_info *table, unsigned int level,
                        uint64_t *slot, uint64_t entry, unsigned int flags)
{
    uint64_t old = __atomic_load_n(slot, __ATOMIC_RELAXED);
    struct page_holder child = PAGE_HOLDER_EMPTY;
    int rc;

    if (entry & PTE_PRESENT) {
        rc = check_entry(level, entry, &entry);
        if (rc)
            return rc;
    }
    if (entry_change(level, old, entry) == ENTRY_FLAGS) {
        rc = change_flags(table, level, slot, old, entry, flags);
        if (rc != -EAGAIN)
            return rc;
    }
    if (entry & PTE_PRESENT) {
        rc = get_entry(d, owner, table, level, &entry, &child);
        if (rc)
            return not_taken(v, &child, rc);
    }

    return exchange(v, table, level, slot, entry, &child, flags);
}

int update_entry(struct vcpu *v, struct domain *d, struct domain *owner,
                 struct page_info *table, unsigned int level, unsigned int slot,
                 uint64_t entry, unsigned int flags)
{
    uint64_t *at = frame_contents(page_to_mfn(table));

    if (slot >= PTES_PER_TABLE || is_hypervisor_slot(level, slot))
        return -EINVAL;
    if (level == 1)
        return update_leaf(d, owner, table, at + slot, entry, flags);

    return update_table(v, d, owner, table, level, at + slot, entry, flags);
}

void vcpu_defer(struct vcpu *v, struct page_holder *h)
{
    ASSERT(v->deferred.hold == HOLD_NONE);
    if (put_holder(h))
        page_holder_move(&v->deferred, h);
}

int vcpu_finish_deferred(struct vcpu *v)
{
    return put_holder(&v->deferred) ? -ERESTART : 0;
}
