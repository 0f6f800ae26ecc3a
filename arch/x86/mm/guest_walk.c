/* SPDX-License-Identifier: MIT */
/*
 * Walks a guest's tables by what they contain, as the CPU would, without a
 * mapping of them. Nothing on the way is locked or referenced, so a frame may
 * change hands under it: what is read is then any number, of which nothing is
 * made but a frame number to be looked at in turn. The last one is referenced.
 */
#include <xen/frame_table.h>
#include <xen/guest_walk.h>
#include <xen/page_ref.h>
#include <xen/page_table.h>

#include <asm/contents.h>

/* An address is as many bits as the tables translate, the last one repeated. */
#define UNUSED_BITS (64 - PTE_SHIFT(PAGETABLE_LEVELS + 1))

static bool is_canonical(uintptr_t va)
{
    return (uintptr_t)((intptr_t)(va << UNUSED_BITS) >> UNUSED_BITS) == va;
}

/* Frames of devices and holes are nobody's who has tables: not read. In an
 * entry of a free frame these bytes are something else, and it is RAM. */
static bool is_frame_of(const struct domain *d, mfn_t mfn)
{
    return mfn_valid(mfn) && page_owner_tag(mfn_to_page(mfn)) == d->tag;
}

static uint64_t entry_of(mfn_t table, uintptr_t va, unsigned int level)
{
    const uint64_t *entry = frame_contents(table);

    return __atomic_load_n(entry + PTE_INDEX(va, level), __ATOMIC_RELAXED);
}

struct page_info *guest_walk(const struct vcpu *v, uintptr_t va,
                             unsigned int *slot)
{
    mfn_t table;

    if (v->kernel_base.hold == HOLD_NONE || !is_canonical(va) ||
        is_hypervisor_slot(PAGETABLE_LEVELS, PTE_INDEX(va, PAGETABLE_LEVELS)))
        return NULL;

    table = page_to_mfn(v->kernel_base.page);
    for (unsigned int level = PAGETABLE_LEVELS; level > 1; level--) {
        uint64_t entry = entry_of(table, va, level);

        table = maddr_to_mfn(entry & PTE_ADDRESS);
        if (!(entry & PTE_PRESENT) || !is_frame_of(v->domain, table))
            return NULL;
    }
    *slot = PTE_INDEX(va, 1);

    return get_page_from_mfn(table, v->domain);
}
