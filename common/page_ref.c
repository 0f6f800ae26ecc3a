/* SPDX-License-Identifier: MIT */
/* General references: what is not on the way of every page table entry. */
#include <xen/bug.h>
#include <xen/page_ref.h>

struct page_info *get_page_from_mfn(mfn_t mfn, const struct domain *d)
{
    struct page_info *pg;

    /* Before it is used as an index. */
    if (!mfn_valid(mfn))
        return NULL;
    pg = mfn_to_page(mfn);

    return get_page(pg, d) ? pg : NULL;
}

void get_page_again(struct page_info *pg)
{
    unsigned long seen = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);

    /* Relaxed: the caller has one, and saw then what there is to see. Looked at
     * first: after an overflow it would be too late. */
    do {
        BUG_ON((seen & PGC_count_mask) == 0 ||
               (seen & PGC_count_mask) == PGC_count_mask);
    } while (!__atomic_compare_exchange_n(&pg->count_info, &seen, seen + 1,
                                          true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
}

bool put_page_allocated(struct page_info *pg)
{
    /* Relaxed: put_page() below is the end of the use. */
    if (!(__atomic_fetch_and(&pg->count_info, ~PGC_allocated,
                             __ATOMIC_RELAXED) &
          PGC_allocated))
        return false;
    put_page(pg);

    return true;
}
