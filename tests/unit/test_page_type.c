/* SPDX-License-Identifier: MIT */
/* Each state of a frame's type, and what a get, a put and a lock make of it. */
#include <hosted.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>
#include <xen/smp.h>
#include <xen/tlb.h>

#include "../model/pv_machine.h"

#define TYPES 5U

static const unsigned long types[TYPES] = {
    PGT_l1_page_table, PGT_l2_page_table, PGT_l3_page_table,
    PGT_l4_page_table, PGT_seg_desc_page,
};

static struct domain *d;
static struct page_info *pg;
static unsigned long before;

static unsigned long word(void)
{
    return pg->inuse_overlay.type_info;
}

static bool always(void)
{
    return true;
}

static void one_page(void)
{
    pv_machine(2);
    d = pv_domain(1, 1);
    pg = pv_page(d);
}

/* Bring @pg to where it is busy as @type. */
static void win(unsigned long type)
{
    EXPECT_EQ(page_type_take(pg, type, &before), TYPE_WON);
    EXPECT_EQ(word(), type | PGT_busy | 1);
}

static void make_valid(unsigned long type)
{
    win(type);
    page_type_publish_valid(pg, before);
    EXPECT_EQ(word(), type | PGT_validated | 1);
}

static void make_partial(unsigned long type, unsigned int nr, int direction)
{
    win(type);
    page_type_publish_partial(pg, before, nr, direction);
    EXPECT_EQ(word(), type | PGT_partial | 1);
}

TEST(page_type, the_first_examines_and_the_next_share)
{
    one_page();
    for (unsigned int i = 0; i < TYPES; i++) {
        make_valid(types[i]);
        EXPECT_EQ(page_type_take(pg, types[i], &before), 0);
        EXPECT_EQ(word(), types[i] | PGT_validated | 2);
        EXPECT_EQ(page_type_drop(pg, HOLD_FULL, &before), 0);
        EXPECT_EQ(page_type_drop(pg, HOLD_FULL, &before), TYPE_WON);
        EXPECT_EQ(word(), types[i] | PGT_busy | 1);
        page_type_publish_idle(pg, before);
        EXPECT_EQ(word(), types[i]);
    }
}

TEST(page_type, types_exclude_each_other_while_there_is_a_count)
{
    one_page();
    for (unsigned int i = 0; i < TYPES; i++) {
        make_valid(types[i]);
        for (unsigned int j = 0; j < TYPES; j++)
            if (i != j)
                EXPECT_EQ(page_type_take(pg, types[j], &before), -EINVAL);
        EXPECT(!get_page_writable(pg));
        EXPECT_EQ(word(), types[i] | PGT_validated | 1);
        EXPECT_EQ(page_type_drop(pg, HOLD_FULL, &before), TYPE_WON);
        EXPECT(!get_page_writable(pg)); /* nor while it is busy */
        page_type_publish_idle(pg, before);
    }
}

TEST(page_type, a_fresh_frame_is_writable_without_work_and_stays_so)
{
    one_page();
    EXPECT(get_page_writable(pg));
    EXPECT_EQ(word(), PGT_writable_page | PGT_validated | 1);
    EXPECT(get_page_writable(pg));
    EXPECT_EQ(page_type_take(pg, PGT_l1_page_table, &before), -EINVAL);
    put_page_writable(pg);
    put_page_writable(pg);
    EXPECT_EQ(word(), PGT_writable_page | PGT_validated);
    EXPECT(get_page_writable(pg));
    put_page_writable(pg);
}

TEST(page_type, only_writable_frames_stay_validated_without_a_count)
{
    one_page();
    make_valid(PGT_seg_desc_page);
    EXPECT_EQ(page_type_drop(pg, HOLD_FULL, &before), TYPE_WON);
    page_type_publish_idle(pg, before);
    win(PGT_seg_desc_page); /* examined anew (XSA-214) */
    page_type_publish_idle(pg, before);
}

TEST(page_type, partial_owns_a_reference_of_each_kind)
{
    unsigned long count;

    one_page();
    count = pv_count(pg);
    make_partial(PGT_l2_page_table, 3, 1);
    EXPECT_EQ(pv_count(pg), count + 1);
    EXPECT_EQ(pg->inuse_overlay.nr_validated_ptes, 3);
    EXPECT_EQ(pg->inuse_overlay.partial_pte, 1);

    /* Who takes it up inherits both, and hands them back or uses them up. */
    win(PGT_l2_page_table);
    EXPECT(before & PGT_partial);
    page_type_publish_partial(pg, before, 2, -1);
    EXPECT_EQ(pv_count(pg), count + 1);
    EXPECT_EQ(pg->inuse_overlay.nr_validated_ptes, 2);
    EXPECT_EQ(pg->inuse_overlay.partial_pte, -1);

    win(PGT_l2_page_table);
    page_type_publish_back(pg, before);
    EXPECT_EQ(word(), PGT_l2_page_table | PGT_partial | 1);
    EXPECT_EQ(pv_count(pg), count + 1);

    win(PGT_l2_page_table);
    page_type_publish_valid(pg, before);
    EXPECT_EQ(pv_count(pg), count);
    EXPECT_EQ(word(), PGT_l2_page_table | PGT_validated | 1);
}

TEST(page_type, a_half_hold_finishes_what_is_partial_and_no_more)
{
    unsigned long count;

    one_page();
    EXPECT_EQ(page_type_drop(pg, HOLD_HALF, &before), 0);
    EXPECT_EQ(word(), 0);
    make_valid(PGT_l2_page_table);
    EXPECT_EQ(page_type_drop(pg, HOLD_HALF, &before), 0);
    EXPECT_EQ(word(), PGT_l2_page_table | PGT_validated | 1);
    EXPECT_EQ(page_type_drop(pg, HOLD_FULL, &before), TYPE_WON);
    page_type_publish_idle(pg, before);

    count = pv_count(pg);
    make_partial(PGT_l3_page_table, 1, 0);
    EXPECT_EQ(page_type_take(pg, PGT_l2_page_table, &before), -EINVAL);
    EXPECT_EQ(page_type_drop(pg, HOLD_HALF, &before), TYPE_WON);
    EXPECT_EQ(word(), PGT_l3_page_table | PGT_busy | 1);
    page_type_publish_idle(pg, before);
    EXPECT_EQ(word(), PGT_l3_page_table);
    EXPECT_EQ(pv_count(pg), count);
}

TEST(page_type, who_must_yield_does_not_wait_for_a_busy_table)
{
    one_page();
    for (unsigned int i = 0; i < 4; i++) {
        unsigned long held, other;

        win(types[i]);
        held = before;
        hosted_yield(always);
        EXPECT_EQ(page_type_take(pg, types[i], &other), -EINTR);
        EXPECT_EQ(word(), types[i] | PGT_busy | 1);
        hosted_yield(NULL);
        page_type_publish_back(pg, held);
        EXPECT_EQ(word(), held);
    }
}

TEST(page_type, what_is_interrupted_at_once_leaves_no_trace)
{
    one_page();
    EXPECT(get_page_writable(pg));
    put_page_writable(pg);
    pg->inuse_overlay.tlbflush_timestamp = 7;
    win(PGT_l1_page_table);
    page_type_publish_back(pg, before);
    EXPECT_EQ(word(), PGT_writable_page | PGT_validated);
    EXPECT_EQ(pg->inuse_overlay.tlbflush_timestamp, 7);

    make_valid(PGT_l1_page_table);
    EXPECT_EQ(page_type_drop(pg, HOLD_FULL, &before), TYPE_WON);
    page_type_publish_back(pg, before);
    EXPECT_EQ(word(), PGT_l1_page_table | PGT_validated | 1);
}

TEST(page_type, dropping_what_nobody_holds_is_a_bug)
{
    one_page();
    EXPECT_BUG((void)!page_type_drop(pg, HOLD_FULL, &before));
    EXPECT_BUG(put_page_writable(pg));
    make_partial(PGT_l2_page_table, 1, 1);
    EXPECT_BUG((void)!page_type_drop(pg, HOLD_FULL, &before));
    win(PGT_l2_page_table);
    page_type_publish_valid(pg, before);
    EXPECT_BUG((void)!page_type_drop(pg, HOLD_NONE, &before));
    pg->inuse_overlay.type_info |= PGT_pinned; /* the pin's is the last one */
    EXPECT_BUG((void)!page_type_drop(pg, HOLD_FULL, &before));
}

TEST(page_type, a_count_that_is_nearly_full_is_refused)
{
    unsigned long full = COUNT_TOP;

    one_page();
    pg->inuse_overlay.type_info = PGT_writable_page | PGT_validated | full;
    EXPECT(!get_page_writable(pg));
    EXPECT_EQ(page_type_take(pg, PGT_writable_page, &before), -EBUSY);
    pg->inuse_overlay.type_info = PGT_l2_page_table | PGT_validated | full;
    EXPECT_EQ(page_type_take(pg, PGT_l2_page_table, &before), -EBUSY);
    pg->inuse_overlay.type_info--;
    EXPECT_EQ(page_type_take(pg, PGT_l2_page_table, &before), 0);
    EXPECT_EQ(page_type_take(pg, PGT_l2_page_table, &before), -EBUSY);

    /* A lock is no more than one more, for a moment: there is room for it. */
    EXPECT(page_lock(pg, PGT_l2_page_table));
    page_unlock(pg);
    EXPECT_EQ(word(), PGT_l2_page_table | PGT_validated | full);
}

TEST(page_type, only_a_valid_table_can_be_locked)
{
    one_page();
    EXPECT(!page_lock(pg, PGT_l1_page_table));
    win(PGT_l1_page_table);
    EXPECT(!page_lock(pg, PGT_l1_page_table));
    page_type_publish_partial(pg, before, 1, 0);
    EXPECT(!page_lock(pg, PGT_l1_page_table));
    win(PGT_l1_page_table);
    page_type_publish_valid(pg, before);
    EXPECT(!page_lock(pg, PGT_l2_page_table));

    EXPECT(page_lock(pg, PGT_l1_page_table));
    EXPECT_EQ(word(), PGT_l1_page_table | PGT_validated | PGT_locked | 2);
    EXPECT_EQ(page_type_take(pg, PGT_l1_page_table, &before), 0);
    EXPECT_EQ(page_type_drop(pg, HOLD_FULL, &before), 0);
    page_unlock(pg);
    EXPECT_EQ(word(), PGT_l1_page_table | PGT_validated | 1);
}

/* XSA-242: the last reference does not go past a lock. */
TEST(page_type, who_would_leave_only_the_lock_waits)
{
    one_page();
    make_valid(PGT_l1_page_table);
    EXPECT(page_lock(pg, PGT_l1_page_table));
    hosted_yield(always);
    EXPECT_EQ(page_type_drop(pg, HOLD_FULL, &before), -EINTR);
    EXPECT_EQ(word(), PGT_l1_page_table | PGT_validated | PGT_locked | 2);
    hosted_yield(NULL);
    page_unlock(pg);
    EXPECT_EQ(page_type_drop(pg, HOLD_FULL, &before), TYPE_WON);
}

static unsigned long nr_flushes(void)
{
    struct tlb_counters counters;

    tlb_counters(&counters);

    return counters.flushes;
}

/* How often does somebody flush if @pg becomes a table of level 1? */
static unsigned long flushes_to_become_a_table(void)
{
    unsigned long nr = nr_flushes();

    win(PGT_l1_page_table);
    nr = nr_flushes() - nr;
    page_type_publish_idle(pg, before);

    return nr;
}

/* XSA-401 and 408: by the old type, and not before the frame is won. */
TEST(page_type, who_could_still_use_it_in_the_old_way_flushes)
{
    one_page();
    pv_run(0, &d->vcpu[0]);
    EXPECT_EQ(flushes_to_become_a_table(), 0); /* nobody has used it */
    EXPECT_EQ(flushes_to_become_a_table(), 0); /* nor as anything else */
    EXPECT(get_page_writable(pg));             /* it was a table */
    put_page_writable(pg);
    EXPECT_EQ(flushes_to_become_a_table(), 1);

    EXPECT(get_page_writable(pg));
    put_page_writable(pg);
    flush_tlb_local(); /* later than the stamp: paid */
    EXPECT_EQ(flushes_to_become_a_table(), 0);
}

TEST(page_type, what_others_have_mapped_everybody_flushes)
{
    one_page();
    EXPECT(get_page_writable(pg));
    put_page_writable(pg);
    EXPECT_EQ(flushes_to_become_a_table(), 0); /* no CPU has run the domain */
    EXPECT(get_page_writable(pg));
    put_page_writable(pg);
    __atomic_fetch_or(&pg->count_info, PGC_foreign, __ATOMIC_RELAXED);
    EXPECT_EQ(flushes_to_become_a_table(), 2); /* both CPUs */
}
