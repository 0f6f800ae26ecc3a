/* SPDX-License-Identifier: MIT */
/* How a frame changes its owner, is taken from one, or is shared with one. */
#include <xen/m2p.h>
#include <xen/page_ref.h>

#include "domheap_own.h"

/*
 * From the owner's reference and one of ours to none at all, in one step: there
 * is no moment at which the frame is owned without a count, or has one without
 * an owner. False: there are others; or the owner has given up its own, which
 * only a frame that is @shared may survive.
 */
static bool take_last_references(struct page_info *pg, bool shared)
{
    unsigned long seen = count_info(pg), owners;

    /* Acquire: what others did by their references is done. Pairs with the
     * release in put_page(). */
    do {
        owners = seen & PGC_allocated ? PGC_allocated + 1 : 0;
        if ((seen & (PGC_allocated | PGC_count_mask)) != owners + 1 ||
            (!owners && !shared))
            return false;
    } while (!__atomic_compare_exchange_n(&pg->count_info, &seen,
                                          seen - owners - 1, true,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));

    return true;
}

/* All who may have mapped it have flushed, so nobody has. */
static void forget_users(struct page_info *pg)
{
    __atomic_fetch_and(&pg->count_info, ~(PGC_foreign | PGC_extra),
                       __ATOMIC_RELAXED);
}

int steal_page(struct domain *d, struct page_info *pg, bool keep_charge,
               struct tlb_debt *debt)
{
    struct tlb_debt owed = TLB_NO_DEBT;
    bool was_last = false, taken;

    /* With a reference of ours the owner cannot change meanwhile. */
    if (!get_page(pg, d))
        return -EINVAL;
    if (count_info(pg) & PGC_extra) {
        put_page(pg);
        return -EINVAL;
    }

    spin_lock(&d->page_alloc_lock);
    taken = take_last_references(pg, false);
    if (taken) {
        check_type_is_unused(pg);
        owed = page_debt_now(d, pg);
        disown(d, pg);
        was_last = !keep_charge && uncharge(d, 0);
    }
    spin_unlock(&d->page_alloc_lock);

    if (!taken) {
        put_page(pg);
        return -EBUSY;
    }
    if (debt)
        *debt = tlb_debt_join(*debt, owed);
    else
        tlb_debt_pay(owed);
    forget_users(pg);
    if (was_last)
        domain_put(d);

    return 0;
}

/* Give @d a frame that nobody owns, if it lives. */
static bool give(struct domain *d, struct page_info *pg, bool charge_kept)
{
    bool alive;

    spin_lock(&d->page_alloc_lock);
    alive = domain_is_alive(d);
    if (alive) {
        if (!charge_kept)
            charge(d, 0, 1);
        own(d, pg, 0, 1);
    }
    spin_unlock(&d->page_alloc_lock);

    return alive;
}

int donate_page(struct domain *d, struct page_info *pg, bool charge_kept)
{
    return give(d, pg, charge_kept) ? 0 : -EINVAL;
}

void drop_charge(struct domain *d)
{
    bool was_last;

    spin_lock(&d->page_alloc_lock);
    was_last = uncharge(d, 0);
    spin_unlock(&d->page_alloc_lock);
    if (was_last)
        domain_put(d);
}

void unsteal_page(struct domain *d, struct page_info *pg)
{
    if (give(d, pg, true))
        return;
    free_domheap_page(pg);
    drop_charge(d);
}

int share_page(struct domain *d, struct page_info *pg, bool read_only)
{
    unsigned long type = read_only ? PGT_none : PGT_writable_page;
    int rc;

    spin_lock(&d->page_alloc_lock);
    rc = may_own(d, PGC_extra, 1);
    if (!rc) {
        charge(d, PGC_extra, 1);
        __atomic_store_n(&pg->inuse_overlay.type_info, type | PGT_validated | 1,
                         __ATOMIC_RELAXED);
        own(d, pg, PGC_extra, 2);
    }
    spin_unlock(&d->page_alloc_lock);

    return rc;
}

int unshare_page(struct page_info *pg)
{
    struct domain *d = domain_of_page(pg);
    bool was_last = false, taken;
    struct tlb_debt debt;

    BUG_ON(!(count_info(pg) & PGC_extra));
    spin_lock(&d->page_alloc_lock);
    taken = take_last_references(pg, true);
    if (taken) {
        debt = page_debt_now(d, pg);
        disown(d, pg);
        was_last = uncharge(d, PGC_extra);
    }
    spin_unlock(&d->page_alloc_lock);
    if (!taken)
        return -EBUSY;

    tlb_debt_pay(debt);
    forget_users(pg);
    m2p_set(page_to_mfn(pg), M2P_INVALID);
    pg->inuse_overlay.last_word = 0; /* as the heap wants it back */
    if (was_last)
        domain_put(d);

    return 0;
}
