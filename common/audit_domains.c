/* SPDX-License-Identifier: MIT */
/*
 * What the auditor makes of domains: counts what they and their vCPUs hold, and
 * whether their lists and totals fit.
 */
#include <xen/domain.h>
#include <xen/frame_table.h>
#include <xen/grant_table.h>

#include "audit_tally.h"

/* What is looked for on a list. */
struct listed {
    const struct domain *d;
    const struct page_list *list;
    unsigned long nr_pages, nr_extra;
    void (*visit)(struct listed *listed, struct page_info *pg);
};

/*
 * A list that ran in a circle would come to a frame from a second side, and all
 * that is visited says from where it may be come to. @report: say what is
 * wrong.
 */
static void walk_list(struct listed *listed, bool report)
{
    page_link_t link = listed->list->first, prev = PAGE_LINK_NONE;
    struct place at = { .mfn = INVALID_MFN };

    while (link != PAGE_LINK_NONE) {
        struct page_info *pg = pdx_to_page(link);
        page_link_t back = pdx_valid(link) ? pg->list.prev : link;

        if (back != prev) {
            if (report)
                audit_expect(12, &at, "link back on a domain's list", prev,
                             back);
            return;
        }
        listed->visit(listed, pg);
        at = place_of(pg);
        prev = link;
        link = pg->list.next;
    }
    if (report)
        audit_expect(12, &at, "last on a domain's list", listed->list->last,
                     prev);
}

static void walk_lists(struct listed *listed, bool report)
{
    const struct domain *d = listed->d;
    const struct page_list *const lists[] = { &d->pages, &d->extra_pages,
                                              &d->relinquished };

    for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++) {
        listed->list = lists[i];
        walk_list(listed, report);
    }
}

static void cover_page(struct listed *listed, struct page_info *pg)
{
    (void)listed;
    tally_cover(pg);
}

unsigned long cover_domains(void)
{
    unsigned long nr_vcpus = 0;

    for (const struct domain *d = domain_next(NULL); d; d = domain_next(d)) {
        struct listed listed = { .d = d, .visit = cover_page };

        walk_lists(&listed, false);
        nr_vcpus += d->nr_vcpus;
    }

    return nr_vcpus;
}

/* Is it on a list that it may be on? */
static void audit_listed(struct listed *listed, const struct place *at,
                         const struct page_info *pg, unsigned long count_info)
{
    bool extra = count_info & PGC_extra;

    audit_expect(12, at, "owner of what is on a domain's list", listed->d->tag,
                 __atomic_load_n(&pg->inuse_overlay.owner, __ATOMIC_RELAXED));
    if (listed->list == &listed->d->relinquished)
        audit_expect(12, at, "relinquished by one that lives", false,
                     domain_is_alive(listed->d));
    else
        audit_expect(12, at, "PGC_extra", listed->list != &listed->d->pages,
                     extra);
    listed->nr_extra += extra;
    listed->nr_pages += !extra;
}

/* What the frame itself holds, and those that it names. */
static void count_page(struct listed *listed, struct page_info *pg)
{
    unsigned long count_info =
        __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);
    struct tally *tally = tally_of(pg);
    struct place at = place_of(pg);
    unsigned long word;

    if (!audit_expect(12, &at, "on a list more than once", false,
                      tally->listed) ||
        !audit_expect(11, &at, "on a domain's list, and no frame in use", true,
                      is_frame_in_use(at.mfn)))
        return;
    tally->listed = 1;
    audit_listed(listed, &at, pg, count_info);

    word = type_word(pg);
    if (count_info & PGC_allocated)
        count_general(&at, pg);
    if (word & PGT_partial)
        count_full(&at, pg);
    if (word & PGT_pinned)
        count_full(&at, pg);
    audit_contents(listed->d, pg);
}

/* A holder is what it says it is, and @hold at the least. */
static bool count_holder(int invariant, const struct page_holder *h)
{
    struct place at = { .mfn = h->page ? page_to_mfn(h->page) : INVALID_MFN };

    if (!audit_expect(invariant, &at, "a frame in a holder",
                      h->hold != HOLD_NONE, h->page != NULL) ||
        h->hold == HOLD_NONE)
        return false;
    if (h->hold == HOLD_FULL)
        count_full(&at, h->page);
    else if (h->hold == HOLD_HALF)
        count_half(&at, h->page);
    else
        count_general(&at, h->page);

    return true;
}

/* Who holds a frame of @d's fully as @type, or nothing. */
static void audit_full(int invariant, const struct domain *d,
                       unsigned long type, const struct page_holder *h)
{
    struct place at;

    if (!count_holder(invariant, h))
        return;
    at = place_of(h->page);
    audit_expect(invariant, &at, "hold", HOLD_FULL, h->hold);
    audit_expect(
        invariant, &at, "owner", d->tag,
        __atomic_load_n(&h->page->inuse_overlay.owner, __ATOMIC_RELAXED));
    audit_expect(invariant, &at, "valid as what it is held for", true,
                 is_valid_as(h->page, type));
}

/* What is put off is to drop a table, or what is left of one. */
static void audit_deferred(const struct page_holder *h)
{
    unsigned long type;
    struct place at;

    if (!count_holder(14, h))
        return;
    at = place_of(h->page);
    type = type_word(h->page) & PGT_type_mask;
    audit_expect(14, &at, "half or full", true,
                 h->hold == HOLD_HALF || h->hold == HOLD_FULL);
    if (h->hold == HOLD_FULL)
        audit_expect(14, &at, "full of a valid table", true,
                     type != PGT_none && type <= PGT_l4_page_table &&
                         is_valid_as(h->page, type));
}

static void audit_vcpu(const struct vcpu *v)
{
    audit_full(22, v->domain, PGT_l4_page_table, &v->kernel_base);
    audit_full(22, v->domain, PGT_l4_page_table, &v->user_base);
    audit_deferred(&v->deferred);
    for (unsigned int i = 0; i < GDT_FRAMES; i++)
        audit_full(23, v->domain, PGT_seg_desc_page, &v->gdt[i]);
    for (unsigned int i = 0; i < LDT_FRAMES; i++)
        audit_full(23, v->domain, PGT_seg_desc_page, &v->ldt[i]);
}

/* What a grant table holds counts, and what is its domain's it has shared. */
static void count_granted(void *data, struct page_info *pg, enum hold hold)
{
    const struct domain *d = data;
    struct page_holder h = { pg, hold };
    struct tally *tally = tally_of(pg);

    if (!count_holder(1, &h) || !tally)
        return;
    if (__atomic_load_n(&pg->inuse_overlay.owner, __ATOMIC_RELAXED) == d->tag)
        tally->shared = 1;
    else if (tally->granted != GRANTED)
        tally->granted = hold == HOLD_FULL ? GRANTED : GRANTED_READ_ONLY;
}

static void forget_granted(void *data, struct page_info *pg, enum hold hold)
{
    struct tally *tally = tally_of(pg);

    (void)data;
    (void)hold;
    if (tally)
        tally->granted = GRANTED_NOT;
}

/* Those who have looked it up hold it too, so it may have more references. */
static void audit_references(const struct domain *d)
{
    struct place at = { .mfn = INVALID_MFN };
    bool owns = d->nr_pages + d->nr_extra_pages > 0;
    bool numbered = __atomic_load_n(&d->state, __ATOMIC_RELAXED) != DOMAIN_DEAD;
    unsigned long references =
        __atomic_load_n(&d->references, __ATOMIC_RELAXED);

    audit_expect(12, &at, "a domain has too few references", false,
                 references < (unsigned long)owns + numbered);
}

/* Nothing is left of a dead one but frames that others hold. */
static void audit_dead(const struct domain *d)
{
    struct place at = { .mfn = INVALID_MFN };
    unsigned long held = d->grants.nr_frames + d->grants.nr_handle_frames;

    for (unsigned int i = 0; i < d->nr_vcpus; i++) {
        const struct vcpu *v = &d->vcpu[i];

        held += v->kernel_base.hold != HOLD_NONE;
        held += v->user_base.hold != HOLD_NONE;
        held += v->deferred.hold != HOLD_NONE;
        for (unsigned int j = 0; j < GDT_FRAMES; j++)
            held += v->gdt[j].hold != HOLD_NONE;
        for (unsigned int j = 0; j < LDT_FRAMES; j++)
            held += v->ldt[j].hold != HOLD_NONE;
    }
    audit_expect(26, &at, "a dead domain holds", 0, held);
}

static void audit_domain(struct domain *d)
{
    struct listed listed = { .d = d, .visit = count_page };
    struct place at = { .mfn = INVALID_MFN };

    grant_table_holders(d, count_granted, d);
    walk_lists(&listed, true);
    grant_table_holders(d, forget_granted, d);
    audit_expect(12, &at, "frames of a domain, of those on its lists",
                 listed.nr_pages, d->nr_pages);
    audit_expect(12, &at, "extra frames, of those on its lists",
                 listed.nr_extra, d->nr_extra_pages);
    audit_references(d);
    for (unsigned int i = 0; i < d->nr_vcpus; i++)
        audit_vcpu(&d->vcpu[i]);
    if (__atomic_load_n(&d->state, __ATOMIC_RELAXED) == DOMAIN_DEAD)
        audit_dead(d);
}

void audit_domains(void)
{
    for (struct domain *d = domain_next(NULL); d; d = domain_next(d))
        audit_domain(d);
}
