/* SPDX-License-Identifier: MIT */
/*
 * The auditor: counts all references anew, and then looks at each frame.
 *
 * First who holds what is counted, from the domains (audit_domains.c) and their
 * page tables (audit_table.c). Then along the frame table: each entry must say
 * what was counted, and nothing that there cannot be.
 */
#include <xen/audit.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/page_table.h>
#include <xen/printk.h>
#include <xen/scrub.h>

#include "audit_tally.h"

/* A frame in use: what is counted, and what its entry says. */
struct frame {
    struct place at;
    struct page_info *pg;
    struct domain *owner; /* NULL: it has none that there is */
    struct tally tally;
    uint16_t tag;
    unsigned long count_info, general, word, type, count;
};

/* References that are given though the count is full: that of a PGT_partial,
 * and those of deferred records. */
static unsigned long nr_unrefusable;

/* The hypervisor holds one of each of a frame that it shares. Where it is a
 * part of a grant table, that has been counted. */
static bool is_shared(const struct frame *f)
{
    return f->count_info & PGC_extra && !f->tally.shared &&
           f->word & PGT_validated && f->general == f->tally.general + 1 &&
           f->count == f->tally.type + 1;
}

static void audit_counts(const struct frame *f)
{
    unsigned long lock = f->word & PGT_locked ? 1 : 0;

    audit_expect(24, &f->at, "general count too high", false,
                 f->general > COUNT_TOP + nr_unrefusable);
    audit_expect(24, &f->at, "type count too high", false,
                 f->count > COUNT_TOP);
    if (!is_shared(f)) {
        audit_expect(1, &f->at, "general count", f->tally.general, f->general);
        audit_expect(2, &f->at, "type count", f->tally.type + lock, f->count);
    }
}

static bool is_table(const struct frame *f)
{
    return f->type >= PGT_l1_page_table && f->type <= PGT_l4_page_table;
}

/* What goes with what among the flags of a type, and with its count. */
static void audit_flags(const struct frame *f)
{
    unsigned long phase = f->word & (PGT_validated | PGT_partial | PGT_busy);

    if (f->word & PGT_pinned)
        audit_expect(3, &f->at, "pinned, and not a valid table", true,
                     is_table(f) && f->count > 0 && phase == PGT_validated);
    audit_expect(5, &f->at, "validated, partial and busy at once", false,
                 (phase & (phase - 1)) != 0);
    if (f->count == 0)
        audit_expect(5, &f->at, "a phase without a count",
                     f->type == PGT_writable_page ? f->word & PGT_validated : 0,
                     phase);
    else
        audit_expect(5, &f->at, "a count without a phase", false, phase == 0);
    if (f->word & PGT_locked)
        audit_expect(5, &f->at, "locked, and not a valid table", true,
                     is_table(f) && f->count > 1 && phase == PGT_validated);
    audit_expect(6, &f->at, "busy or locked", 0,
                 f->word & (PGT_busy | PGT_locked));
}

/* Where a partial table stands: it would be no partial one with nothing done.
 */
static void audit_partial(const struct frame *f)
{
    const struct page_inuse *inuse = &f->pg->inuse_overlay;
    unsigned int nr =
        __atomic_load_n(&inuse->nr_validated_ptes, __ATOMIC_RELAXED);
    int half = __atomic_load_n(&inuse->partial_pte, __ATOMIC_RELAXED);

    audit_expect(4, &f->at, "partial, and not a table", true, is_table(f));
    audit_expect(4, &f->at, "count of a partial table", 1, f->count);
    audit_expect(4, &f->at, "progress", true,
                 half >= -1 && half <= 1 && nr + (half != 0) > 0 &&
                     nr + (half != 0) <= PTES_PER_TABLE);
}

/* Without a general count there is nothing. */
static void audit_unreferenced(const struct frame *f)
{
    audit_expect(11, &f->at, "type count without a general one", 0, f->count);
    audit_expect(11, &f->at, "PGC_allocated without a count", 0,
                 f->count_info & PGC_allocated);
    audit_expect(11, &f->at, "holders without a count", 0, f->tally.general);
    audit_expect(11, &f->at, "on a list without a count", false,
                 f->tally.listed);
    audit_expect(11, &f->at, "owner without a count", 0, f->tag);
}

/* A table's count of linear entries; other frames have none. */
static void audit_linear_count(const struct frame *f)
{
    int linear = (int16_t)__atomic_load_n(&f->pg->inuse_overlay.linear_pt_count,
                                          __ATOMIC_RELAXED);
    int names = (int)f->tally.names, named = (int)f->tally.named;

    audit_expect(19, &f->at, "names some and is named", false,
                 names > 0 && named > 0);
    audit_expect(19, &f->at, "linear count",
                 (unsigned long)(names > 0 ? names : -named),
                 (unsigned long)linear);
}

/* The dead have no frames, but for those that others hold. */
static void audit_left(const struct frame *f)
{
    audit_expect(26, &f->at, "a dead domain's own reference", 0,
                 f->count_info & PGC_allocated);
    audit_expect(26, &f->at, "a dead domain's pin", 0, f->word & PGT_pinned);
    if (f->word & PGT_partial)
        audit_expect(26, &f->at, "partial, and nobody will finish it", true,
                     f->tally.half);
}

static void audit_frame(struct page_info *pg, const struct tally *tally)
{
    struct frame f = {
        .at = place_of(pg),
        .pg = pg,
        .owner = domain_of_page(pg),
        .tag = __atomic_load_n(&pg->inuse_overlay.owner, __ATOMIC_RELAXED),
        .count_info = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED),
        .word = type_word(pg),
    };

    if (tally)
        f.tally = *tally;
    f.general = f.count_info & PGC_count_mask;
    f.type = f.word & PGT_type_mask;
    f.count = f.word & PGT_count_mask;

    audit_flags(&f);
    if (f.word & PGT_partial)
        audit_partial(&f);
    audit_linear_count(&f);
    if (f.general == 0)
        audit_unreferenced(&f);
    else if (audit_expect(11, &f.at, "has an owner", true, f.owner != NULL) &&
             audit_expect(12, &f.at, "on a list of its owner", true,
                          f.tally.listed))
        audit_counts(&f);
    if (f.owner &&
        __atomic_load_n(&f.owner->state, __ATOMIC_RELAXED) == DOMAIN_DEAD)
        audit_left(&f);
}

/* A frame that is free, as its entry says, or the block that it is in: nobody's
 * by all that was counted. */
static void audit_free(struct page_info *pg, const struct tally *tally)
{
    struct place at = place_of(pg);

    audit_expect(13, &at, "name of a free frame", M2P_INVALID, m2p_get(at.mfn));
    if (tally) {
        audit_expect(11, &at, "holders of a free frame", 0, tally->general);
        audit_expect(11, &at, "a free frame on a list", false, tally->listed);
    }
}

/* A part of a group: which indices, and which of them there are tallies for. */
struct range {
    unsigned long first, end;
    unsigned long first_tally, end_tally;
    const struct tally *tally;
};

/* The end of the block that is free as a whole and has the frame, or @pdx. */
static unsigned long end_of_whole(unsigned long pdx)
{
    unsigned int order;
    mfn_t head = heap_block_of(pdx_to_mfn(pdx), &order);

    if (mfn_eq(head, INVALID_MFN) || order < CHUNK_ORDER)
        return pdx;

    return mfn_to_pdx(head) + BIT(order);
}

static void audit_range(const struct range *r)
{
    unsigned long free_until = 0;

    for (unsigned long pdx = r->first; pdx < r->end; pdx++) {
        struct page_info *pg = pdx_to_page(pdx);
        const struct tally *tally = NULL;

        if (pdx >= r->first_tally && pdx < r->end_tally)
            tally = r->tally + (pdx - r->first_tally);
        if (pdx >= free_until && (pdx == r->first || pdx % CHUNK_FRAMES == 0))
            free_until = end_of_whole(pdx);
        if (pdx < free_until || page_state(pg) == PGC_state_free ||
            page_state(pg) == PGC_state_offlined)
            audit_free(pg, tally);
        else if (!page_is_shadow(pg) && (tally || !page_info_is_zero(pg)))
            audit_frame(pg, tally);
    }
}

/* All of a group, or what there is in it of the heap's frames and domains'. */
static void audit_group(unsigned long group, bool all)
{
    unsigned long first = group * FRAMES_PER_GROUP;
    struct range r = { first, first + FRAMES_PER_GROUP, 0, 0, NULL };
    struct heap_statistics heap;

    r.tally = tally_range(group, &r.first_tally, &r.end_tally);
    if (!all) {
        heap_statistics(&heap);
        r.first = heap.first > r.first ? heap.first : r.first;
        r.end = heap.end < r.end ? heap.end : r.end;
        if (r.tally && r.first_tally < r.first)
            r.first = r.first_tally;
        if (r.end_tally > r.end)
            r.end = r.end_tally;
    }
    audit_range(&r);
}

static int count_holders(void)
{
    int rc = tally_begin();

    if (rc)
        return rc;
    nr_unrefusable = 1 + cover_domains();
    rc = tally_make();
    if (!rc) {
        audit_domains();
        audit_claims();
    }

    return rc;
}

static int audit_machine(bool all)
{
    int rc = count_holders(), broken;

    scrub_pause(); /* so that it has no frame */
    if (!rc) {
        for (unsigned long g = 0; g < nr_pdxs / FRAMES_PER_GROUP; g++)
            if (pdx_valid(g * FRAMES_PER_GROUP))
                audit_group(g, all);
    }
    scrub_go_on();
    broken = tally_end();

    return rc ? rc : broken;
}

int audit(void)
{
    return audit_machine(true);
}

int audit_heap(void)
{
    return audit_machine(false);
}
