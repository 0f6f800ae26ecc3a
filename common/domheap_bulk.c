/* SPDX-License-Identifier: MIT */
/*
 * Many single frames for a domain at once, and back.
 *
 * Each batch takes the domain's lock once, and no lock of the heap as long as
 * there is something in the chunk that the domain takes from.
 */
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/page_owner.h>

#include <asm/contents.h>

#include "domheap_own.h"

/* Only one CPU at a time takes from a domain's stream; others do without. */
static struct heap_stream *begin_stream(struct domain *d)
{
    /* Sequentially consistent, before the state is read. Pairs with
     * domheap_stream_end(): either this finds that the domain is dying, or that
     * finds this. */
    if (__atomic_exchange_n(&d->stream_busy, true, __ATOMIC_SEQ_CST))
        return NULL;
    if (likely(__atomic_load_n(&d->state, __ATOMIC_SEQ_CST) == DOMAIN_ALIVE))
        return &d->stream;
    __atomic_store_n(&d->stream_busy, false, __ATOMIC_RELEASE);

    return NULL;
}

static void end_stream(struct domain *d, const struct heap_stream *stream)
{
    if (stream)
        __atomic_store_n(&d->stream_busy, false, __ATOMIC_RELEASE);
}

bool domheap_stream_end(struct domain *d)
{
    if (__atomic_exchange_n(&d->stream_busy, true, __ATOMIC_SEQ_CST))
        return false;
    heap_stream_end(&d->stream);
    __atomic_store_n(&d->stream_busy, false, __ATOMIC_RELEASE);

    return true;
}

/* Link them to one another and behind all others, and give them to @d one by
 * one: see own(). */
static void own_all(struct domain *d, unsigned long flags, const uint64_t *gfn,
                    struct page_info *const *page, unsigned int nr)
    __must_hold(d->page_alloc_lock);
static void own_all(struct domain *d, unsigned long flags, const uint64_t *gfn,
                    struct page_info *const *page, unsigned int nr)
{
    struct page_list *list = flags & PGC_extra ? &d->extra_pages : &d->pages;
    struct page_info *before = page_of_link(list->last);
    page_link_t prev = list->last, link = link_of_page(page[0]);

    *(before ? &before->list.next : &list->first) = link;
    for (unsigned int i = 0; i < nr; i++) {
        struct page_info *pg = page[i];

        check_is_nobodys(pg);
        pg->list.prev = prev;
        prev = link;
        link = i + 1 < nr ? link_of_page(page[i + 1]) : PAGE_LINK_NONE;
        pg->list.next = link;
        if (gfn)
            m2p_set(page_to_mfn(pg), gfn[i]);
        __atomic_store_n(&pg->inuse_overlay.owner, d->tag, __ATOMIC_RELAXED);
        /* Release: as in own(). */
        __atomic_fetch_or(&pg->count_info, PGC_allocated | flags | 1,
                          __ATOMIC_RELEASE);
    }
    list->last = prev;
}

/* How many of @nr, for which there may be a promise, @d may own. */
static unsigned int assign_all(struct domain *d, unsigned long flags,
                               const uint64_t *gfn,
                               struct page_info *const *page, unsigned int nr,
                               unsigned long promised, unsigned long redeemed)
{
    spin_lock(&d->page_alloc_lock);
    if (promised)
        claim_end(d, promised);
    if (!domain_is_alive(d))
        nr = 0;
    else if (!(flags & PGC_extra) && nr > quota_left(d))
        nr = (unsigned int)quota_left(d);
    if (nr > 0) {
        if (promised)
            claim_reduce(d, nr - redeemed);
        charge(d, flags, nr);
        own_all(d, flags, gfn, page, nr);
    }
    spin_unlock(&d->page_alloc_lock);

    return nr;
}

/* What @d has claimed first, then what there is. What is owed is paid. */
static unsigned int take_all(struct domain *d, paddr_t limit,
                             unsigned int flags, struct page_info **page,
                             unsigned int nr, unsigned int *redeemed)
{
    unsigned int heap_flags =
        (flags & ASSIGN_NO_SCRUB ? HEAP_NO_SCRUB : 0) | (flags & NODE_FLAGS);
    struct heap_stream *stream = begin_stream(d);
    struct tlb_debt debt = TLB_NO_DEBT;
    unsigned int taken = 0;

    if (redeemed)
        *redeemed = taken =
            claim_take_stream(d, stream, limit, heap_flags, page, nr, &debt);
    if (taken < nr)
        taken += alloc_heap_stream(stream, limit, heap_flags, page + taken,
                                   nr - taken, &debt);
    end_stream(d, stream);
    if (debt.taint)
        tlb_debt_pay(debt);

    return taken;
}

unsigned int alloc_domheap_stream(struct domain *d, paddr_t limit,
                                  unsigned int flags, const uint64_t *gfn,
                                  struct page_info **page, unsigned int nr)
{
    bool claimed = !(flags & ASSIGN_EXTRA) && claim_is_there(d);
    unsigned int taken, given, redeemed = 0;

    BUG_ON(nr > DOMHEAP_BATCH);
    if (limit > CONTENTS_LIMIT)
        limit = CONTENTS_LIMIT;
    /* A moment's view, so that nothing is done for nothing. */
    if (!domain_is_alive(d))
        return 0;
    if (claimed)
        nr = (unsigned int)claim_begin(d, nr, 1);
    else if (!(flags & ASSIGN_EXTRA) && nr > quota_left(d))
        nr = (unsigned int)quota_left(d);
    if (nr == 0)
        return 0;
    taken = take_all(d, limit, flags, page, nr, claimed ? &redeemed : NULL);
    for (unsigned int i = 0; CONFIG_PAGE_OWNER && i < taken; i++)
        page_owner_took(page_to_pdx(page[i]), 0,
                        (uintptr_t)__builtin_return_address(0));
    given = assign_all(d, flags & ASSIGN_EXTRA ? PGC_extra : 0, gfn, page,
                       taken, claimed ? nr : 0, redeemed);
    free_heap_frames(page + given, taken - given, TLB_NO_DEBT);

    return given;
}

/* Frames that follow one another on a list. */
struct links {
    struct page_info *first, *last;
};

static void cut(struct domain *d, const struct links *links)
    __must_hold(d->page_alloc_lock);
static void cut(struct domain *d, const struct links *links)
{
    struct page_info *next = page_list_next(links->last);
    struct page_info *prev = page_of_link(links->first->list.prev);
    struct page_list *list =
        d->relinquished.first == link_of_page(links->first) ||
                d->relinquished.last == link_of_page(links->last)
            ? &d->relinquished
            : &d->pages;

    *(next ? &next->list.prev : &list->last) = links->first->list.prev;
    *(prev ? &prev->list.next : &list->first) = links->last->list.next;
}

/* From the owner's reference, the only one, to none: see steal_page(). */
static __inlined bool take_last_reference(const struct domain *d,
                                          struct page_info *pg)
{
    unsigned long seen = PGC_allocated | 1;

    return page_owner_tag(pg) == d->tag &&
           __atomic_compare_exchange_n(&pg->count_info, &seen, 0, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* They are on no list any more. */
static unsigned int take_from_owner(struct domain *d,
                                    struct page_info *const *page,
                                    unsigned int nr)
    __must_hold(d->page_alloc_lock);
static unsigned int take_from_owner(struct domain *d,
                                    struct page_info *const *page,
                                    unsigned int nr)
{
    struct links links = { NULL, NULL };
    unsigned int n;

    for (n = 0; n < nr && take_last_reference(d, page[n]); n++) {
        check_type_is_unused(page[n]);
        if (links.last && links.last->list.next == link_of_page(page[n])) {
            links.last = page[n];
            continue;
        }
        if (links.last)
            cut(d, &links);
        links.first = links.last = page[n];
    }
    if (links.last)
        cut(d, &links);

    return n;
}

unsigned int release_pages(struct domain *d, struct page_info *const *page,
                           unsigned int nr)
{
    struct tlb_debt debt;
    bool was_last = false;
    unsigned int n;

    spin_lock(&d->page_alloc_lock);
    n = take_from_owner(d, page, nr);
    if (n > 0)
        was_last = uncharge_many(d, 0, n);
    spin_unlock(&d->page_alloc_lock);
    if (n == 0)
        return 0;

    /* After they are out of reach; those that others have mapped, who are not
     * among these, are PGC_foreign. */
    debt = tlb_debt_now(&d->dirty_cpus);
    for (unsigned int i = 0; i < n; i++)
        m2p_set(page_to_mfn(page[i]), M2P_INVALID);
    free_heap_frames(page, n, debt);
    /* Ours now: see free_domheap_page(). */
    if (was_last)
        domain_put(d);

    return n;
}
