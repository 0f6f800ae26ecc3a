/* SPDX-License-Identifier: MIT */
/*
 * How a frame gets an owner, and loses it.
 *
 * A frame without an owner has no count, and from 0 nobody takes a reference:
 * so who has such a frame has it alone. It becomes reachable by the one step
 * that makes its count 1, with all the rest in place by then; and it is taken
 * from its owner by the one step that makes the count 0.
 */
#include <xen/bug.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>
#include <xen/string.h>

#include <asm/contents.h>

static unsigned long count_info(const struct page_info *pg)
{
    return __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);
}

struct tlb_debt page_debt_now(const struct domain *d,
                              const struct page_info *pg)
{
    return tlb_debt_now(count_info(pg) & PGC_foreign ? NULL : &d->dirty_cpus);
}

/*
 * The list that @pg is on, as far as taking it off makes a difference: that is
 * where it is the first or the last.
 */
static struct page_list *list_of(struct domain *d, const struct page_info *pg)
{
    page_link_t link = link_of_page(pg);

    if (d->relinquished.first == link || d->relinquished.last == link)
        return &d->relinquished;

    return count_info(pg) & PGC_extra ? &d->extra_pages : &d->pages;
}

static unsigned long nr_owned(const struct domain *d)
{
    return d->nr_pages + d->nr_extra_pages;
}

static unsigned long *total_of(struct domain *d, unsigned long flags)
{
    return flags & PGC_extra ? &d->nr_extra_pages : &d->nr_pages;
}

/* @d owns @nr more; with the first it holds itself. */
static void charge(struct domain *d, unsigned long flags, unsigned long nr)
    __must_hold(d->page_alloc_lock);
static void charge(struct domain *d, unsigned long flags, unsigned long nr)
{
    /* Relaxed: the caller has a reference already. */
    if (nr_owned(d) == 0)
        __atomic_add_fetch(&d->references, 1, __ATOMIC_RELAXED);
    *total_of(d, flags) += nr;
}

/* One less; true: it was the last, and the reference is the caller's now, to be
 * put when no lock is held. */
static __must_check bool uncharge(struct domain *d, unsigned long flags)
    __must_hold(d->page_alloc_lock);
static bool uncharge(struct domain *d, unsigned long flags)
{
    BUG_ON(*total_of(d, flags) == 0);
    --*total_of(d, flags);

    return nr_owned(d) == 0;
}

/* @d gets @pg, which is nobody's, with @nr references. */
static void own(struct domain *d, struct page_info *pg, unsigned long flags,
                unsigned long nr) __must_hold(d->page_alloc_lock);
static void own(struct domain *d, struct page_info *pg, unsigned long flags,
                unsigned long nr)
{
    BUG_ON(page_owner_tag(pg) != 0 ||
           (count_info(pg) & (PGC_flags | PGC_count_mask) & ~PGC_broken) != 0);
    page_list_add_tail(flags & PGC_extra ? &d->extra_pages : &d->pages, pg);
    __atomic_store_n(&pg->inuse_overlay.owner, d->tag, __ATOMIC_RELAXED);

    /* Release: who gets a reference finds the owner, and the type. Pairs with
     * get_page_any(). The state of the memory, which others change, stays. */
    __atomic_fetch_or(&pg->count_info, PGC_allocated | flags | nr,
                      __ATOMIC_RELEASE);
}

/* @pg, whose count is 0, is nobody's any more; its type is forgotten, as what
 * it contains may suit the next owner less (and be changed by the next user).
 */
static void disown(struct domain *d, struct page_info *pg)
    __must_hold(d->page_alloc_lock);
static void disown(struct domain *d, struct page_info *pg)
{
    page_list_del(list_of(d, pg), pg);
    pg->list = (struct page_list_entry){ 0, 0 };
    __atomic_store_n(&pg->inuse_overlay.type_info, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&pg->inuse_overlay.owner, 0, __ATOMIC_RELAXED);
}

/* May @d own @nr more? It may own more than its quota, which was lowered. */
static bool quota_allows(const struct domain *d, unsigned long nr)
{
    return d->nr_pages <= d->max_pages && nr <= d->max_pages - d->nr_pages;
}

static int may_own(const struct domain *d, unsigned long flags,
                   unsigned long nr) __must_hold(d->page_alloc_lock);
static int may_own(const struct domain *d, unsigned long flags,
                   unsigned long nr)
{
    if (!domain_is_alive(d))
        return -EINVAL;

    return flags & PGC_extra || quota_allows(d, nr) ? 0 : -E2BIG;
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

struct page_info *alloc_domheap_pages(struct domain *d, unsigned int order,
                                      paddr_t limit, unsigned int flags)
{
    struct page_info *pg;

    /* Asked before the work is done as well, which is not for nothing. */
    if (!may_get(d, flags & ASSIGN_EXTRA ? PGC_extra : 0, order))
        return NULL;
    pg = alloc_heap_pages(
        order, limit < CONTENTS_LIMIT ? limit : CONTENTS_LIMIT, NULL);
    if (!pg)
        return NULL;
    /* Before it is anybody's: what its last user left there is a secret. */
    memset(frame_contents(page_to_mfn(pg)), 0, PAGE_SIZE << order);
    if (assign_pages(d, pg, order, flags)) {
        free_heap_pages(pg, order, TLB_NO_DEBT);
        return NULL;
    }

    return pg;
}

/* What a type reference was taken with, a general one, has gone; so has it. */
static void check_type_is_unused(const struct page_info *pg)
{
    BUG_ON(__atomic_load_n(&pg->inuse_overlay.type_info, __ATOMIC_RELAXED) &
           (PGT_count_mask | (PGT_flags & ~PGT_validated)));
}

/* Back to the heap; but memory that fails, or is to be taken out of the
 * machine, is kept from everybody. */
static void free_unowned(struct page_info *pg, struct tlb_debt debt)
{
    unsigned long seen = count_info(pg);

    m2p_set(page_to_mfn(pg), M2P_INVALID);
    page_info_clear(pg);
    if (seen & (PGC_broken | PGC_state))
        __atomic_store_n(&pg->count_info,
                         (seen & PGC_broken) | PGC_state_offlined,
                         __ATOMIC_RELAXED);
    else
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
