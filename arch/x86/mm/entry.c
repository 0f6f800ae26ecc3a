/* SPDX-License-Identifier: MIT */
/* One entry of a page table: what is not in the walker's way. */
#include "entry.h"

int entry_check(unsigned int level, uint64_t entry, uint64_t *adjusted)
{
    return check_entry(level, entry, adjusted);
}

struct page_holder entry_holder(unsigned int level, uint64_t entry)
{
    return holder_of_entry(level, entry);
}

/* Always uncached: nobody keeps a device's memory coherent with a cache. */
int get_device(const struct domain *d, const struct domain *owner,
               uint64_t entry, uint64_t *adjusted)
{
    if (owner != d && owner != dom_io)
        return -EBUSY;
    if ((entry & PTE_ADDRESS) == PTE_ADDRESS)
        return -EINVAL;
    if (!domain_may_map_device(d, entry_mfn(entry)))
        return -EPERM;
    if (!(entry & PTE_UNCACHED))
        entry |= PTE_UNCACHED | PTE_THROUGH;
    *adjusted = (entry | PTE_UNCOUNTED) & ~(uint64_t)PTE_LARGE;

    return 0;
}

void mark_foreign(struct page_info *pg)
{
    if (!(__atomic_load_n(&pg->count_info, __ATOMIC_RELAXED) & PGC_foreign))
        __atomic_fetch_or(&pg->count_info, PGC_foreign, __ATOMIC_SEQ_CST);
}
