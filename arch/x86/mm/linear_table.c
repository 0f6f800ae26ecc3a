/* SPDX-License-Identifier: MIT */
/* Linear entries, and the counts that keep their chains short. */
#include <x86/pte.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/page_type.h>

#include "linear_table.h"

bool linear_is_self(const struct page_info *table, unsigned int level,
                    uint64_t entry)
{
    return CONFIG_LINEAR_TABLES && level > 1 && !(entry & PTE_WRITABLE) &&
           mfn_eq(maddr_to_mfn(entry & PTE_ADDRESS), page_to_mfn(table));
}

bool linear_is_link(unsigned int level, const struct page_holder *child)
{
    return CONFIG_LINEAR_TABLES && level > 1 && child->hold == HOLD_FULL &&
           page_type(child->page) == type_of_level(level);
}

/*
 * One step up (@by 1) or down (-1), if the count stays on that side of 0 and
 * has room. Sequentially consistent: of two tables that are linked to each
 * other at once, one sees the other's count.
 */
static bool count(struct page_info *pg, int16_t by)
{
    int16_t *count = &pg->inuse_overlay.linear_pt_count;
    int16_t seen = __atomic_load_n(count, __ATOMIC_RELAXED);

    do {
        if (by > 0 ? seen < 0 || seen == INT16_MAX
                   : seen > 0 || seen == INT16_MIN)
            return false;
    } while (!__atomic_compare_exchange_n(count, &seen, (int16_t)(seen + by),
                                          false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));

    return true;
}

static void uncount(struct page_info *pg, int16_t by)
{
    __atomic_fetch_sub(&pg->inuse_overlay.linear_pt_count, by,
                       __ATOMIC_SEQ_CST);
}

int linear_link(struct page_info *table, unsigned int level, uint64_t entry,
                struct page_holder *child)
{
    if (!CONFIG_LINEAR_TABLES || entry & PTE_WRITABLE || child->page == table ||
        !count(table, 1))
        return -EINVAL;
    if (count(child->page, -1)) {
        if (page_type_share(child->page, type_of_level(level))) {
            child->hold = HOLD_FULL;
            return 0;
        }
        uncount(child->page, -1);
    }
    uncount(table, 1);

    return -EINVAL;
}

void linear_unlink(struct page_info *table, struct page_info *child)
{
    uncount(table, 1);
    uncount(child, -1);
}
