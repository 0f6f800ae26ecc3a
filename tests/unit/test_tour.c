/* SPDX-License-Identifier: MIT */
/* The table of docs/tour.md: what a frame's entry says at each station. */
#include <hosted.h>
#include <test.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>
#include <xen/tlb.h>

#include "../../arch/x86/mm/pin.h"
#include "../model/pv_machine.h"

static struct domain *d;
static struct vcpu *v;
static struct page_info *pg, *map; /* the frame, and a table that maps it */

static void expect_words(unsigned long count_info, unsigned long type_info)
{
    EXPECT_EQ(pg->count_info, count_info);
    EXPECT_EQ(pg->inuse_overlay.type_info, type_info);
}

static void map_it(uint64_t flags)
{
    EXPECT_EQ(
        update_entry(v, d, d, map, 1, 0, flags ? pv_entry(pg, flags) : 0, 0),
        0);
}

static unsigned int nr_left;

static bool after_some(void)
{
    return nr_left > 0 && --nr_left == 0;
}

TEST(tour, a_frame_says_at_each_station_what_the_document_tells)
{
    pv_machine(2);
    d = pv_domain(1, 1);
    v = &d->vcpu[0];
    map = pv_page(d);
    EXPECT_EQ(pin_table(v, d, page_to_mfn(map), 1), 0);

    pg = pv_page(d);
    expect_words(PGC_allocated | 1, PGT_none);
    EXPECT_EQ(pg->inuse_overlay.owner, 2);

    map_it(PV_WRITE);
    expect_words(PGC_allocated | 2, PGT_writable_page | PGT_validated | 1);
    for (unsigned int slot = 0; slot < PTES_PER_TABLE; slot++)
        pv_write(pg, slot, pv_entry(map, PV_READ));

    map_it(PV_READ);
    expect_words(PGC_allocated | 2, PGT_writable_page | PGT_validated);
    EXPECT_EQ(pg->inuse_overlay.tlbflush_timestamp, tlb_clock_now());

    nr_left = 200;
    hosted_yield(after_some);
    EXPECT_EQ(pin_table(v, d, page_to_mfn(pg), 1), -ERESTART);
    expect_words(PGC_allocated | 3, PGT_l1_page_table | PGT_partial | 1);
    EXPECT_EQ(pg->inuse_overlay.nr_validated_ptes, 200);

    EXPECT_EQ(pin_table(v, d, page_to_mfn(pg), 1), 0);
    expect_words(PGC_allocated | 3,
                 PGT_l1_page_table | PGT_validated | PGT_pinned | 1);

    EXPECT_EQ(unpin_table(v, d, page_to_mfn(pg)), 0);
    expect_words(PGC_allocated | 2, PGT_l1_page_table);

    map_it(0);
    pv_run(1, v);
    EXPECT(put_page_allocated(pg));
    EXPECT_EQ(pg->count_info, PGC_state_free | PGC_owing);
    EXPECT_EQ(pg->free_overlay.tlb_taint, BIT(1));
    EXPECT_EQ(pg->free_overlay.order, 0);
    EXPECT_EQ(pg->free_overlay.tlbflush_timestamp, tlb_clock_now());
    pv_run(1, NULL);
}
