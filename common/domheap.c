/* SPDX-License-Identifier: MIT */
/*
 * How a frame gets an owner, and loses it.
 *
 * A frame without an owner has no count, and from 0 nobody takes a reference:
 * so who has such a frame has it alone. It becomes reachable by the one step
 * that makes its count 1, with all the rest in place by then; and it is taken
 * from its owner by the one step that makes the count 0.
 */
#include <xen/errno.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/page_owner.h>

#include <asm/contents.h>

#include "domheap_own.h"
#include "parked.h"

struct tlb_debt page_debt_now(const struct domain *d,
                              const struct page_info *pg)
{
    return tlb_debt_now(count_info(pg) & PGC_foreign ? NULL : &d->dirty_cpus);
}

static bool may_get(struct domain *d, unsigned long flags, unsigned int order)
{
    int rc;

    if (order > MAX_ORDER)
        return false;
    spin_lock(&d->page_alloc_lock);
    rc = may_own(d, flags, BIT(order));
    spin_unlock(&d->page_alloc_lock);

    return rc == 0;
}

int assign_pages(struct domain *d, struct page_info *pg, unsigned int order,
                 unsigned int flags)
{
    unsigned long extra = flags & ASSIGN_EXTRA ? PGC_extra : 0;
    unsigned long nr = BIT(order);
    int rc;

    spin_lock(&d->page_alloc_lock);
    rc = may_own(d, extra, nr);
    if (!rc) {
        charge(d, extra, nr);
        for (unsigned long i = 0; i < nr; i++)
            own(d, pg + i, extra, 1);
    }
    spin_unlock(&d->page_alloc_lock);

    return rc;
}

/* Give @d what it was promised, of which so much was claimed; @pg may be NULL.
 */
static bool keep_promise(struct domain *d, struct page_info *pg,
                         unsigned long nr, unsigned long redeemed)
{
    bool keep;

    spin_lock(&d->page_alloc_lock);
    claim_end(d, nr);
    keep = pg && domain_is_alive(d);
    if (keep) {
        claim_reduce(d, nr - redeemed);
        charge(d, 0, nr);
        for (unsigned long i = 0; i < nr; i++)
            own(d, pg + i, 0, 1);
    }
    spin_unlock(&d->page_alloc_lock);

    return keep;
}

/* Frames that belong to nobody yet: for whom they were taken. */
static void note(struct page_info *pg, unsigned int order, uintptr_t caller)
{
    if (CONFIG_PAGE_OWNER)
        page_owner_took(page_to_pdx(pg), order, caller);
}

static struct page_info *alloc_claimed(struct domain *d, unsigned int order,
                                       paddr_t limit, unsigned int flags,
                                       uintptr_t caller)
{
    unsigned long redeemed = 0;
    struct page_info *pg;

    if (claim_begin(d, BIT(order), BIT(order)) == 0)
        return NULL;
    pg = claim_take(d, order, limit, flags, false, &redeemed);
    if (!pg)
        pg = alloc_heap_pages(order, limit, flags, NULL);
    if (!pg && order > 0)
        pg = claim_take(d, order, limit, flags, true, &redeemed);
    if (pg)
        note(pg, order, caller);
    if (pg && order >= CHUNK_ORDER)
        heap_clear_entries(pg, order);
    if (keep_promise(d, pg, BIT(order), redeemed))
        return pg;
    if (pg)
        free_heap_pages(pg, order, TLB_NO_DEBT);

    return NULL;
}

struct page_info *alloc_domheap_pages(struct domain *d, unsigned int order,
                                      paddr_t limit, unsigned int flags)
{
    uintptr_t caller = (uintptr_t)__builtin_return_address(0);
    struct page_info *pg;

    if (limit > CONTENTS_LIMIT)
        limit = CONTENTS_LIMIT;
    /* Asked before the work is done as well, which is not for nothing. */
    if (!may_get(d, flags & ASSIGN_EXTRA ? PGC_extra : 0, order))
        return NULL;
    if (!(flags & ASSIGN_EXTRA) && claim_is_there(d))
        return alloc_claimed(d, order, limit, flags & NODE_FLAGS, caller);
    pg = alloc_heap_pages(order, limit, flags & NODE_FLAGS, NULL);
    if (!pg)
        return NULL;
    note(pg, order, caller);
    if (order >= CHUNK_ORDER)
        heap_clear_entries(pg, order);
    if (assign_pages(d, pg, order, flags)) {
        free_heap_pages(pg, order, TLB_NO_DEBT);
        return NULL;
    }

    return pg;
}

/* Back to the heap, which knows what to do with one that is to leave the
 * machine: so that mark stays. */
static void free_unowned(struct page_info *pg, struct tlb_debt debt)
{
    m2p_set(page_to_mfn(pg), M2P_INVALID);
    entry_clear(pg);
    free_heap_pages(pg, 0, debt);
}

__cold void free_domheap_page(struct page_info *pg)
{
    unsigned long extra = count_info(pg) & PGC_extra;
    struct domain *d = domain_of_page(pg);
    struct tlb_debt debt = TLB_NO_DEBT;
    bool was_last = false;

    BUG_ON(count_info(pg) & (PGC_allocated | PGC_count_mask));
    check_type_is_unused(pg);
    if (d) {
        debt = page_debt_now(d, pg);
        spin_lock(&d->page_alloc_lock);
        disown(d, pg);
        was_last = uncharge(d, extra);
        spin_unlock(&d->page_alloc_lock);
    }
    free_unowned(pg, debt);
    /* The domain's own reference is ours now; if not, it may be gone. */
    if (was_last)
        domain_put(d);
}
