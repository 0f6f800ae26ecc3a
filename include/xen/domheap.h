/* SPDX-License-Identifier: MIT */
/*
 * Frames with an owner: how they get one, lose it, and change it.
 *
 * The layer between the heap, which knows no owners, and references. A frame is
 * owned by one domain or by none. While a domain owns it, it is on one of the
 * domain's lists and counted there, and PGC_allocated says that the domain's
 * own reference is among its count.
 *
 * Locking: each function takes the owner's page_alloc_lock itself. None may be
 * called from an interrupt. Those that flush (they say so) hold no lock then,
 * and no spinlock may be held by who calls them.
 */
#ifndef XEN_DOMHEAP_H
#define XEN_DOMHEAP_H

#include <xen/compiler.h>
#include <xen/domain.h>
#include <xen/page_info.h>
#include <xen/tlb.h>

/* How a frame is given to a domain. Who takes it from the heap may say there
 * too from which node: HEAP_NODE(), HEAP_EXACT_NODE. */
#define ASSIGN_EXTRA    BIT(0) /* not charged to the quota: PGC_extra */
#define ASSIGN_NO_SCRUB BIT(1) /* who gives it writes all that it contains */

/**
 * assign_pages - give the 2^@order frames at @pg, which nobody owns, to @d.
 *
 * Their entries are zero, but for the time stamp. Each ends up with one general
 * reference, the owner's own, and PGC_allocated. All or none.
 *
 * Returns 0; -EINVAL: @d is not alive; -E2BIG: it would own more than its
 * quota.
 */
__must_check int assign_pages(struct domain *d, struct page_info *pg,
                              unsigned int order, unsigned int flags);

/**
 * alloc_domheap_pages - take 2^@order frames from the heap, for @d.
 *
 * Below @limit, a machine address; their contents are zero. Flushes, if they
 * owe one. Returns the first frame's page, or NULL: there is no such block, or
 * @d may not have it.
 */
__must_check struct page_info *alloc_domheap_pages(struct domain *d,
                                                   unsigned int order,
                                                   paddr_t limit,
                                                   unsigned int flags);

/**
 * alloc_domheap_stream - take many single frames from the heap, for @d.
 *
 * They lie together, in chunks that only @d takes from: so it leaves whole ones
 * when it goes. With @gfn they are named so in the M2P before they are @d's.
 * Otherwise as alloc_domheap_pages(), but for ASSIGN_NO_SCRUB. @page[] is set.
 * At most DOMHEAP_BATCH at once. Returns how many @d got: fewer if there are no
 * more, or its quota does not allow it.
 */
#define DOMHEAP_BATCH 512U
__must_check unsigned int alloc_domheap_stream(struct domain *d, paddr_t limit,
                                               unsigned int flags,
                                               const uint64_t *gfn,
                                               struct page_info **page,
                                               unsigned int nr);

/* @d, which is dying, needs no chunks for that any more. False: somebody is in
 * the middle of alloc_domheap_stream(), and will find that it is. */
__must_check bool domheap_stream_end(struct domain *d);

/**
 * release_pages - the owner gives up many frames, as put_page_allocated() does.
 *
 * From the first on, those that are @d's and charged, and that nobody else
 * refers to: they are freed. Returns how many, up to the first one that is not
 * like that. @page[] are any entries of the frame table, the caller need not
 * hold them, and one may be there twice.
 */
unsigned int release_pages(struct domain *d, struct page_info *const *page,
                           unsigned int nr);

/**
 * free_domheap_page - give a frame back whose last reference has gone.
 *
 * For put_page(), and for a frame that was stolen: in that case it has no owner
 * any more. Its count is 0 and so is that of its type. What its users' TLBs may
 * hold is owed by the block in the heap from now on.
 */
__cold void free_domheap_page(struct page_info *pg);

/**
 * steal_page - take @pg from @d, which owns it and alone refers to it.
 *
 * That is: its one reference is the owner's own. Afterwards nobody owns it, its
 * entry is zero but for the time stamp, and it is the caller's. @d is charged
 * for it still if @keep_charge, so that it can be given back without failing:
 * see unsteal_page(). If @debt is NULL all CPUs that may have cached it have
 * flushed on return; otherwise what is owed is joined to *@debt, which the
 * caller pays before anybody gets the frame, the same domain too.
 *
 * Returns 0; -EINVAL: it is not @d's, or is PGC_extra, or its count is full;
 * -EBUSY: somebody else refers to it. Then nothing has changed.
 */
__must_check int steal_page(struct domain *d, struct page_info *pg,
                            bool keep_charge, struct tlb_debt *debt);

/**
 * unsteal_page - give back what was stolen with its charge kept. Cannot fail.
 *
 * If @d has begun to die meanwhile the frame is freed instead, and the charge
 * is dropped.
 */
void unsteal_page(struct domain *d, struct page_info *pg);

/* Drop the charge that steal_page() kept for one frame. */
void drop_charge(struct domain *d);

/**
 * donate_page - give a frame that nobody owns to @d, whatever its quota says.
 *
 * As assign_pages() otherwise. With @charge_kept @d is charged for it already.
 */
__must_check int donate_page(struct domain *d, struct page_info *pg,
                             bool charge_kept);

/**
 * share_page - let @d map a frame that the hypervisor goes on using.
 *
 * @pg is in use, anonymous, and the hypervisor's. It becomes @d's, PGC_extra,
 * with a general reference of the hypervisor's beside the owner's own, and with
 * one to its type that never goes while it is shared, so that it never becomes
 * a page table: PGT_writable_page, or PGT_none if it is @read_only, when it can
 * only be mapped so. unshare_page() takes it back if nobody maps it: 0, or
 * -EBUSY.
 */
__must_check int share_page(struct domain *d, struct page_info *pg,
                            bool read_only);
__must_check int unshare_page(struct page_info *pg);

/* What a frame owes that @d used until now, by its entry: everybody, if others
 * than @d have mapped it. */
struct tlb_debt page_debt_now(const struct domain *d,
                              const struct page_info *pg);

#endif /* XEN_DOMHEAP_H */
