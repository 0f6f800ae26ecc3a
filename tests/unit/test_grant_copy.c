/* SPDX-License-Identifier: MIT */
/* Copies between frames that are granted, and own ones. "xsa_n" is the number
 * of the advisory whose mistake is tried. */
#include <hosted.h>
#include <test.h>

#include "../model/granting.h"

#define REF 8U

static struct party *granter, *user;
static struct page_info *frame;

static void start(void)
{
    granting_machine(1, 1);
    granter = &party[1];
    user = &party[2];
    frame = pv_page(granter->d);
    grant(granter, REF, 0, user->d->id, frame);
}

static struct gnttab_copy copy_of(unsigned int flags)
{
    struct gnttab_copy op = { .len = 100, .flags = (unsigned short)flags };

    op.source.domid = op.dest.domid = DOMID_SELF;
    op.source.offset = 8;
    op.dest.offset = 16;

    return op;
}

TEST(grant_copy, a_copy_goes_between_granted_and_own_frames)
{
    struct gnttab_copy op;
    struct page_info *own;

    start();
    own = pv_page(user->d);
    pv_write(own, 1, 111);
    op = copy_of(GNTCOPY_dest_gref);
    op.source.u.gmfn = mfn_x(page_to_mfn(own));
    op.dest.domid = granter->d->id;
    op.dest.u.ref = REF;
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_okay);
    EXPECT_EQ(pv_read(frame, 2), 111);

    op = copy_of(GNTCOPY_source_gref);
    pv_write(frame, 1, 222);
    op.source.domid = granter->d->id;
    op.source.u.ref = REF;
    op.dest.u.gmfn = mfn_x(page_to_mfn(own));
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_okay);
    EXPECT_EQ(pv_read(own, 2), 222);

    EXPECT_EQ(pv_count(frame) + pv_count(own), 2);
    EXPECT_EQ(pv_type_count(frame) + pv_type_count(own), 0);
    EXPECT_EQ(grant_flags(granter, REF), GTF_permit_access);
    EXPECT(all_is_well());
}

TEST(grant_copy, a_copy_stays_within_its_frames)
{
    struct gnttab_copy op;
    struct page_info *own;

    start();
    own = pv_page(user->d);
    op = copy_of(0);
    op.source.u.gmfn = op.dest.u.gmfn = mfn_x(page_to_mfn(own));
    op.source.offset = PAGE_SIZE - 100;
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_okay);
    op.source.offset++;
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_bad_copy_arg);
    op.source.offset = 0;
    op.dest.offset = UINT16_MAX;
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_bad_copy_arg);
    op.dest.offset = 0;
    op.len = UINT16_MAX;
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_bad_copy_arg);
    op.len = PAGE_SIZE;
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_okay);
    EXPECT(all_is_well());
}

TEST(grant_copy, a_copy_needs_both_to_be_allowed)
{
    struct gnttab_copy op;
    unsigned long own;

    start();
    own = mfn_x(page_to_mfn(pv_page(user->d)));
    op = copy_of(0);
    op.source.u.gmfn = own;
    op.dest.u.gmfn = mfn_x(page_to_mfn(frame));
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_bad_page);
    op.dest.domid = granter->d->id;
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_permission_denied);
    op.dest.domid = DOMID_SELF;
    op.dest.u.gmfn = mfn_x(page_to_mfn(user->l1)); /* a table */
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_bad_page);
    op.dest.u.gmfn = ~0UL;
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_bad_page);

    op = copy_of(GNTCOPY_dest_gref);
    op.source.u.gmfn = own;
    op.dest.domid = granter->d->id;
    op.dest.u.ref = REF + 1;
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_general_error);
    op.dest.u.ref = REF;
    grant(granter, REF, GTF_readonly, user->d->id, frame);
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_general_error);
    op.dest.domid = 77;
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_bad_domain);
    op.source.u.gmfn = ~0UL;
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_bad_page);
    EXPECT_EQ(grant_flags(granter, REF), GTF_permit_access | GTF_readonly);
    EXPECT(all_is_well());
}

/* XSA-500: of a reference in use the frame was held that it was then, and the
 * one copied that stood there now. */
TEST(grant_copy, xsa_500_a_copy_is_of_the_frame_that_is_held)
{
    struct page_info *own, *later;
    grant_handle_t handle;
    struct gnttab_copy op;

    start();
    own = pv_page(user->d);
    later = pv_page(granter->d);
    pv_write(frame, 1, 1);
    pv_write(later, 1, 2);
    EXPECT_EQ(map_at(user, granter, REF, GNTMAP_device_map, 0, &handle),
              GNTST_okay);
    grant(granter, REF, GTF_reading | GTF_writing, user->d->id, later);
    op = copy_of(GNTCOPY_source_gref);
    op.source.domid = granter->d->id;
    op.source.u.ref = REF;
    op.dest.u.gmfn = mfn_x(page_to_mfn(own));
    EXPECT_EQ(grant_copy_one(user->v, &op), GNTST_okay);
    EXPECT_EQ(pv_read(own, 2), 1);
    EXPECT_EQ(pv_count(later), 1);
    EXPECT(all_is_well());
}
