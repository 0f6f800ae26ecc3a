/* SPDX-License-Identifier: MIT */
/* Reads the core's state into arrays, and compares. */
#include <stdio.h>

#include <test.h>
#include <xen/bug.h>
#include <xen/domheap.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>

#include <asm/contents.h>

#include "naive_look.h"

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

static struct domain *domains[NAIVE_DOMAINS];

void naive_watch(unsigned int d, struct domain *domain)
{
    domains[d] = domain;
}

static struct page_info *page_of(const struct naive_guests *g, unsigned int f)
{
    return mfn_to_page(_mfn(g->first + f));
}

static unsigned int tag_of(unsigned int d)
{
    return d + 2; /* its number is d + 1 */
}

static void look_at_type(struct naive_frame *frame, const struct page_info *pg)
{
    unsigned long word = pg->inuse_overlay.type_info;

    frame->pinned = word & PGT_pinned;
    if ((word & PGT_count_mask) == 0)
        return;
    frame->type = (unsigned int)(word >> 61);
    frame->phase = word & PGT_partial     ? NAIVE_PARTIAL
                   : word & PGT_validated ? NAIVE_VALID
                                          : NAIVE_BUSY;
    if (frame->phase == NAIVE_PARTIAL) {
        frame->nr = pg->inuse_overlay.nr_validated_ptes;
        frame->half = pg->inuse_overlay.partial_pte != 0;
    }
}

static void look_at_frame(struct naive_guests *g, unsigned int f)
{
    const struct page_info *pg = page_of(g, f);
    const uint64_t *word = frame_contents(_mfn(g->first + f));
    struct naive_frame *frame = &g->frame[f];

    *frame = (struct naive_frame){ .m2p = m2p_get(_mfn(g->first + f)) };
    if (page_state(pg) == PGC_state_free)
        return;
    for (unsigned int d = 0; d < NAIVE_DOMAINS; d++)
        if (pg->inuse_overlay.owner == tag_of(d))
            frame->owner = d + 1;
    if (frame->owner == 0)
        return;
    frame->allocated = pg->count_info & PGC_allocated;
    look_at_type(frame, pg);
    for (unsigned int i = 0; i < NAIVE_WORDS; i++)
        frame->word[i] = word[i];
}

static struct naive_hold look_at_holder(const struct naive_guests *g,
                                        const struct page_holder *h)
{
    if (h->hold == HOLD_NONE)
        return (struct naive_hold){ NAIVE_NONE, HOLD_NONE };

    return (struct naive_hold){ naive_frame_of(g, mfn_x(page_to_mfn(h->page))),
                                h->hold };
}

static void look_at_vcpu(const struct naive_guests *g, struct naive_vcpu *to,
                         const struct vcpu *v)
{
    to->kernel_base = look_at_holder(g, &v->kernel_base);
    to->user_base = look_at_holder(g, &v->user_base);
    to->deferred = look_at_holder(g, &v->deferred);
    for (unsigned int i = 0; i < GDT_FRAMES; i++)
        to->gdt[i] = look_at_holder(g, &v->gdt[i]);
    for (unsigned int i = 0; i < LDT_FRAMES; i++)
        to->ldt[i] = look_at_holder(g, &v->ldt[i]);
    to->ldt_base = v->ldt_base;
    to->ldt_entries = v->ldt_entries;
}

void naive_look(struct naive_guests *g, const struct naive_guests *like)
{
    *g = *like;
    for (unsigned int f = 0; f < NAIVE_FRAMES; f++)
        look_at_frame(g, f);
    for (unsigned int d = 0; d < NAIVE_DOMAINS; d++)
        for (unsigned int v = 0; v < NAIVE_VCPUS && domains[d]; v++)
            look_at_vcpu(g, &g->domain[d].vcpu[v], &domains[d]->vcpu[v]);
}

/* One word of an entry of the frame table that has an owner. */
static void expect_type_word(const struct naive_frame *frame, unsigned int f,
                             const struct page_info *pg, unsigned int count)
{
    unsigned long word = pg->inuse_overlay.type_info;
    unsigned long flags = frame->phase == NAIVE_VALID     ? PGT_validated
                          : frame->phase == NAIVE_PARTIAL ? PGT_partial
                                                          : 0;

    flags |= frame->pinned ? PGT_pinned : 0;
    if (count == 0 && (word & PGT_type_mask) == PGT_writable_page)
        flags |= word & PGT_validated; /* remembered, or not */
    if ((word & (PGT_count_mask | PGT_flags)) != (flags | count))
        FAIL("frame %u: type word %#lx, and %u uses", f, word, count);
}

static void expect_frame(const struct naive_guests *g, unsigned int f,
                         struct naive_count count)
{
    const struct naive_frame *frame = &g->frame[f];
    const struct page_info *pg = page_of(g, f);
    unsigned long word = pg->count_info;

    if (frame->owner == 0) {
        if (count.general + count.type > 0)
            FAIL("frame %u is nobody's, and held %u times", f, count.general);
        if (word & (PGC_count_mask | PGC_allocated))
            FAIL("frame %u is nobody's, and count_info is %#lx", f, word);
        if (page_state(pg) == PGC_state_free && frame->m2p != M2P_INVALID)
            FAIL("frame %u is free, and called %#lx", f, frame->m2p);
        return;
    }
    if ((word & PGC_count_mask) != count.general)
        FAIL("frame %u: count_info %#lx, held %u times", f, word,
             count.general);
    expect_type_word(frame, f, pg, count.type);
}

void naive_expect_counts(const struct naive_guests *seen)
{
    struct naive_count count[NAIVE_FRAMES];

    naive_count(seen, count);
    for (unsigned int f = 0; f < NAIVE_FRAMES; f++)
        expect_frame(seen, f, count[f]);
    for (unsigned int d = 0; d < NAIVE_DOMAINS; d++)
        if (domains[d] && domains[d]->nr_pages != naive_nr_pages(seen, d))
            FAIL("domain %u: a total of %lu, and %u frames", d,
                 domains[d]->nr_pages, naive_nr_pages(seen, d));
}

static void expect_word(unsigned int f, const char *what, unsigned long got,
                        unsigned long expected)
{
    if (got != expected)
        FAIL("frame %u: %s %#lx, expected %#lx", f, what, got, expected);
}

static void expect_same_frame(unsigned int f, const struct naive_frame *seen,
                              const struct naive_frame *expected, bool words)
{
    expect_word(f, "owner", seen->owner, expected->owner);
    if (seen->owner == 0 || expected->owner == 0)
        return;
    expect_word(f, "allocated", seen->allocated, expected->allocated);
    expect_word(f, "pinned", seen->pinned, expected->pinned);
    expect_word(f, "called", seen->m2p, expected->m2p);
    expect_word(f, "phase", seen->phase, expected->phase);
    if (seen->phase != NAIVE_IDLE)
        expect_word(f, "type", seen->type, expected->type);
    if (seen->phase == NAIVE_PARTIAL) {
        expect_word(f, "progress", seen->nr, expected->nr);
        expect_word(f, "half", seen->half, expected->half);
    }
    for (unsigned int i = 0; i < NAIVE_WORDS && words; i++)
        expect_word(f, "contents", seen->word[i], expected->word[i]);
}

static void expect_same_hold(const char *what, unsigned int d, unsigned int v,
                             struct naive_hold seen, struct naive_hold expected)
{
    if (seen.hold != expected.hold ||
        (seen.hold != HOLD_NONE && seen.frame != expected.frame))
        FAIL("domain %u vcpu %u: %s holds frame %u in way %u, expected %u in "
             "way %u",
             d, v, what, seen.frame, seen.hold, expected.frame, expected.hold);
}

static void expect_same_vcpu(unsigned int d, unsigned int v,
                             const struct naive_vcpu *seen,
                             const struct naive_vcpu *expected)
{
    expect_same_hold("kernel base", d, v, seen->kernel_base,
                     expected->kernel_base);
    expect_same_hold("user base", d, v, seen->user_base, expected->user_base);
    expect_same_hold("the record", d, v, seen->deferred, expected->deferred);
    for (unsigned int i = 0; i < GDT_FRAMES; i++)
        expect_same_hold("gdt", d, v, seen->gdt[i], expected->gdt[i]);
    for (unsigned int i = 0; i < LDT_FRAMES; i++)
        expect_same_hold("ldt", d, v, seen->ldt[i], expected->ldt[i]);
    if (seen->ldt_base != expected->ldt_base ||
        seen->ldt_entries != expected->ldt_entries)
        FAIL("domain %u vcpu %u: the local table", d, v);
}

void naive_expect_same(const struct naive_guests *seen,
                       const struct naive_guests *expected, bool words)
{
    for (unsigned int f = 0; f < NAIVE_FRAMES; f++)
        expect_same_frame(f, &seen->frame[f], &expected->frame[f], words);
    for (unsigned int d = 0; d < NAIVE_DOMAINS; d++)
        for (unsigned int v = 0; v < NAIVE_VCPUS; v++)
            expect_same_vcpu(d, v, &seen->domain[d].vcpu[v],
                             &expected->domain[d].vcpu[v]);
}

void naive_expect_words(const struct naive_guests *seen,
                        const struct naive_guests *before,
                        const struct naive_guests *after)
{
    /* Of one that is to be freed, it is not known any more. */
    for (unsigned int f = 0; f < NAIVE_FRAMES; f++)
        for (unsigned int i = 0;
             i < NAIVE_WORDS && before->frame[f].owner && after->frame[f].owner;
             i++)
            if (seen->frame[f].word[i] != before->frame[f].word[i])
                expect_word(f, "contents", seen->frame[f].word[i],
                            after->frame[f].word[i]);
}

void naive_print(const struct naive_guests *g)
{
    static const char *const phase[] = { "idle", "busy", "partial", "valid" };

    for (unsigned int f = 0; f < NAIVE_FRAMES; f++) {
        const struct naive_frame *frame = &g->frame[f];

        if (frame->owner == 0)
            continue;
        printf(
            "# frame %u (%#lx), domain %u's%s%s: %s, type %u", f, g->first + f,
            frame->owner - 1, frame->allocated ? "" : ", given back",
            frame->pinned ? ", pinned" : "", phase[frame->phase], frame->type);
        if (frame->phase == NAIVE_PARTIAL)
            printf(" at %u%s", frame->nr, frame->half ? " and a half" : "");
        for (unsigned int i = 0; i < NAIVE_WORDS && i < 8; i++)
            printf(" %lx", frame->word[i]);
        printf("\n");
    }
}
