/* SPDX-License-Identifier: MIT */
/* Does the auditor see what is wrong with frames and their counts? */
#include <stdio.h>

#include <hosted.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>

#include "../model/sound_machine.h"

static struct sound_machine m;

TEST(audit, a_machine_where_all_is_well_is_found_so)
{
    m = sound_machine();
    for (unsigned int i = 0; i < 3; i++)
        EXPECT_EQ(audit(), 0);
}

TEST(audit, what_is_wrong_is_told_with_the_frame_and_both_values)
{
    char words[256];

    m = sound_machine();
    m.plain->count_info++;
    listen();
    EXPECT_EQ(audit(), 1);
    snprintf(words, sizeof(words),
             "error: audit: I1 is broken at frame %#lx: general count: "
             "expected 0x1, "
             "found 0x2\n",
             mfn_x(page_to_mfn(m.plain)));
    EXPECT_STR(said(), words);
}

TEST(audit, what_is_wrong_with_an_entry_is_told_with_the_entry)
{
    char words[256];

    m = sound_machine();
    pv_write(m.l3, 1, pv_read(m.l3, 1) | PTE_GLOBAL);
    listen();
    EXPECT_EQ(audit(), 7);
    snprintf(words, sizeof(words),
             "error: audit: I7 is broken at frame %#lx, entry 1, %#lx: flags: "
             "expected "
             "0x4, found 0x104\n",
             mfn_x(page_to_mfn(m.l3)), pv_read(m.l3, 1));
    EXPECT_STR(said(), words);
}

TEST(audit, more_than_a_few_findings_are_only_counted)
{
    struct page_info *pages[AUDIT_REPORTS + 3];

    m = sound_machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++) {
        pages[i] = pv_page(m.d);
        pages[i]->count_info++;
    }
    listen();
    EXPECT_EQ(audit(), 1);
    EXPECT_EQ(times_said("is broken"), AUDIT_REPORTS);
    EXPECT_EQ(times_said("audit: and 3 more\n"), 1);
}

TEST(audit, i1_a_general_count_is_that_of_its_holders)
{
    m = sound_machine();
    EXPECT_BROKEN(1, "general count", m.leaf->count_info++,
                  m.leaf->count_info--);
    EXPECT_BROKEN(1, "general count", m.root->count_info++,
                  m.root->count_info--);
    EXPECT_BROKEN(1, "general count", m.root->count_info--,
                  m.root->count_info++);
    EXPECT_BROKEN(1, "general count", m.pinned->count_info++,
                  m.pinned->count_info--);
    EXPECT_BROKEN(1, "general count", m.partial->count_info++,
                  m.partial->count_info--);
    EXPECT_BROKEN(1, "general count", m.extra->count_info++,
                  m.extra->count_info--);
    EXPECT_BROKEN_BY(1, "general count", m.plain->count_info, 1);
}

TEST(audit, i2_a_type_count_is_that_of_full_holders)
{
    m = sound_machine();
    EXPECT_BROKEN(2, "type count", TYPE(m.leaf)++, TYPE(m.leaf)--);
    EXPECT_BROKEN(2, "type count", TYPE(m.l1)++, TYPE(m.l1)--);
    EXPECT_BROKEN(2, "type count", TYPE(m.root)++, TYPE(m.root)--);
    EXPECT_BROKEN(2, "type count", TYPE(m.pinned)++, TYPE(m.pinned)--);
    EXPECT_BROKEN_BY(2, "type count", TYPE(m.plain),
                     PGT_writable_page | PGT_validated | 1);
}

TEST(audit, i3_only_valid_tables_are_pinned)
{
    m = sound_machine();
    EXPECT_BROKEN(
        3, "pinned, and not a valid table",
        (TYPE(m.leaf) = (TYPE(m.leaf) | PGT_pinned) + 1, m.leaf->count_info++),
        (TYPE(m.leaf) = (TYPE(m.leaf) & ~PGT_pinned) - 1,
         m.leaf->count_info--));
    /* And it is a holder. */
    EXPECT_BROKEN(1, "general count",
                  TYPE(m.l1) = (TYPE(m.l1) | PGT_pinned) + 1,
                  TYPE(m.l1) = (TYPE(m.l1) & ~PGT_pinned) - 1);
}

TEST(audit, i4_the_progress_of_a_partial_table_is_within_it)
{
    struct page_inuse *inuse;

    m = sound_machine();
    inuse = &m.partial->inuse_overlay;
    EXPECT_EQ(inuse->nr_validated_ptes, 0);
    EXPECT_EQ(inuse->partial_pte, 1);
    EXPECT_BROKEN_FIRST(4, "count of a partial table", TYPE(m.partial)++,
                        TYPE(m.partial)--);
    EXPECT_BROKEN_FIRST(4, "progress",
                        inuse->nr_validated_ptes = PTES_PER_TABLE,
                        inuse->nr_validated_ptes = 0);
    EXPECT_BROKEN_BY(4, "progress", inuse->partial_pte, 2);
    EXPECT_BROKEN_FIRST(4, "progress", inuse->partial_pte = 0,
                        inuse->partial_pte = 1);
}

TEST(audit, i5_a_frame_is_in_one_phase)
{
    m = sound_machine();
    EXPECT_BROKEN_BY(5, "at once", TYPE(m.partial),
                     TYPE(m.partial) | PGT_validated);
    EXPECT_BROKEN_FIRST(5, "a count without a phase",
                        TYPE(m.plain) = PGT_writable_page | 1,
                        TYPE(m.plain) = 0);
    EXPECT_BROKEN_BY(5, "a phase without a count", TYPE(m.plain),
                     PGT_l1_page_table | PGT_validated);
    EXPECT_BROKEN_BY(5, "a phase without a count", TYPE(m.plain),
                     PGT_seg_desc_page | PGT_validated);
}

TEST(audit, i6_nothing_is_busy_or_locked)
{
    m = sound_machine();
    EXPECT_BROKEN(6, "busy or locked",
                  TYPE(m.l1) = (TYPE(m.l1) | PGT_locked) + 1,
                  TYPE(m.l1) = (TYPE(m.l1) & ~PGT_locked) - 1);
}

TEST(audit, i11_what_is_held_has_an_owner)
{
    struct page_info *frame;

    m = sound_machine();
    frame = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(frame != NULL);
    EXPECT_BROKEN_BY(11, "has an owner", frame->count_info, 1);
    EXPECT_BROKEN_BY(11, "has an owner", frame->count_info, PGC_allocated | 1);
    EXPECT_BROKEN_BY(11, "PGC_allocated without a count", frame->count_info,
                     PGC_allocated);
    EXPECT_BROKEN_BY(11, "type count without", TYPE(frame),
                     PGT_writable_page | PGT_validated | 1);
    EXPECT_BROKEN_BY(11, "owner without a count", frame->inuse_overlay.owner,
                     m.d->tag);
    EXPECT_BROKEN_BY(11, "holders without a count", m.plain->count_info,
                     PGC_allocated);
    EXPECT_BROKEN_BY(11, "on a list without a count", m.plain->count_info, 0);
    EXPECT_BROKEN_BY(11, "holds a frame that no domain has", m.v->deferred,
                     ((struct page_holder){ frame, HOLD_HALF }));
}

/* Nor is a frame that is free held, or on a list. */
TEST(audit, i11_what_is_free_has_no_holder)
{
    struct page_info *frame, *next;

    m = sound_machine();
    frame = pv_page(m.d);
    next = pv_page(m.d);
    EXPECT_EQ(audit(), 0);
    EXPECT_BROKEN_FIRST(11, "no frame in use",
                        frame->count_info = PGC_state_free,
                        frame->count_info = PGC_allocated | 1);
    EXPECT(put_page_allocated(frame)); /* between others: a tally covers it */
    EXPECT_BROKEN_BY(11, "holders of a free frame", m.v->deferred,
                     ((struct page_holder){ frame, HOLD_HALF }));
    EXPECT(put_page_allocated(next));
}

TEST(audit, i12_a_frame_is_on_one_list_of_its_owner)
{
    struct domain *poor;
    page_link_t link;

    m = sound_machine();
    poor = pv_domain(3, 1);
    link = link_of_page(pv_page(poor));
    EXPECT_EQ(audit(), 0);
    EXPECT_BROKEN_BY(12, "owner of what is on a domain's list",
                     m.plain->inuse_overlay.owner, m.other->tag);
    EXPECT_BROKEN_FIRST(12, "on a list of its owner",
                        poor->pages = (struct page_list)PAGE_LIST_EMPTY,
                        poor->pages = ((struct page_list){ link, link }));
    EXPECT_BROKEN_FIRST(
        12, "more than once", m.other->extra_pages = m.other->pages,
        m.other->extra_pages = (struct page_list)PAGE_LIST_EMPTY);
    EXPECT_BROKEN_BY(12, "last on a domain's list", m.d->pages.last, link);
    EXPECT_BROKEN_FIRST(12, "link back", m.plain->list.prev++,
                        m.plain->list.prev--);
    EXPECT_BROKEN_FIRST(12, "link back",
                        m.plain->list.next = PAGE_LINK_NONE - 1,
                        m.plain->list.next = PAGE_LINK_NONE);
}

TEST(audit, i12_the_totals_are_those_of_the_lists)
{
    m = sound_machine();
    EXPECT_BROKEN(12, "frames of a domain", m.d->nr_pages++, m.d->nr_pages--);
    EXPECT_BROKEN(12, "extra frames", m.d->nr_extra_pages++,
                  m.d->nr_extra_pages--);
    EXPECT_BROKEN_FIRST(12, "PGC_extra", m.plain->count_info |= PGC_extra,
                        m.plain->count_info &= ~PGC_extra);
    EXPECT_BROKEN_FIRST(12, "PGC_extra", m.extra->count_info &= ~PGC_extra,
                        m.extra->count_info |= PGC_extra);
    EXPECT_BROKEN_BY(12, "too few references", m.d->references, 1);
}

TEST(audit, i24_no_count_is_above_where_references_are_refused)
{
    m = sound_machine();
    EXPECT_BROKEN_FIRST(24, "general count too high",
                        m.leaf->count_info |= PGC_count_mask,
                        m.leaf->count_info = PGC_allocated | PGC_foreign | 3);
    EXPECT_BROKEN_FIRST(24, "type count too high",
                        TYPE(m.leaf) |= PGT_count_mask,
                        TYPE(m.leaf) = PGT_writable_page | PGT_validated | 1);
}

/* Free frames are named by nobody. */
TEST(audit, i13_a_free_frame_has_no_name)
{
    struct page_info *frame;
    mfn_t mfn;

    m = sound_machine();
    frame = pv_page(m.d);
    mfn = page_to_mfn(frame);
    m2p_set(mfn, 5);
    EXPECT_EQ(audit(), 0);
    EXPECT(put_page_allocated(frame));
    EXPECT_BROKEN(13, "name of a free frame", m2p_set(mfn, 5),
                  m2p_set(mfn, M2P_INVALID));
}

/* Counting takes memory, unless some was lent, and leaves nothing behind. */
TEST(audit, memory_is_taken_and_given_back)
{
    static char memory[1 << 16] __aligned(16);
    unsigned long nr_free;

    m = sound_machine();
    audit_lend(NULL, 0);
    nr_free = heap_nr_free();
    EXPECT_EQ(audit(), 0);
    EXPECT_EQ(heap_nr_free(), nr_free);
    while (alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL))
        ;
    EXPECT_EQ(audit(), -ENOMEM);
    audit_lend(memory, sizeof(memory));
    EXPECT_EQ(audit(), 0);
    EXPECT_EQ(audit(), 0);
    m.plain->count_info++;
    EXPECT_EQ(audit(), 1);
    audit_lend(memory, 64);
    EXPECT_EQ(audit(), -ENOMEM);
    audit_lend(NULL, 0);
    EXPECT_EQ(audit(), -ENOMEM);
}
