/* SPDX-License-Identifier: MIT */
/*
 * What is not granted is not mapped, and nothing is left of the attempt.
 * "xsa_n" is the number of the advisory whose mistake is tried.
 */
#include <hosted.h>
#include <test.h>
#include <xen/domheap.h>
#include <xen/entry_update.h>
#include <xen/page_flags.h>

#include "granted_frame.h"

static grant_handle_t handle;

static short map(unsigned int flags, unsigned int slot)
{
    return map_at(user, granter, REF, flags, slot, &handle);
}

/* XSA-227: an address in an entry, from which on the next one was written. */
TEST(grant_refused, xsa_227_the_address_of_an_entry_is_aligned)
{
    struct gnttab_map_grant_ref op = { .flags = HOST | BY_PTE, .ref = REF };

    granted(0);
    op.dom = granter->d->id;
    for (unsigned int off = 1; off < PTE_SIZE; off++) {
        op.host_addr = address_of_entry(user->l1, 1) + off;
        EXPECT_EQ(grant_map_one(user->v, &op), GNTST_general_error);
    }
    EXPECT_EQ(entry(1), 0);
    EXPECT_EQ(entry(2), 0);
    expect_counts(1, 0);
    EXPECT_EQ(marks(), 0);
}

TEST(grant_refused, an_entry_is_one_of_the_users_own_tables_of_level_1)
{
    struct gnttab_map_grant_ref op = { .flags = HOST | BY_PTE, .ref = REF };
    struct page_info *no_table;

    granted(0);
    no_table = pv_page(user->d);
    op.dom = granter->d->id;
    op.host_addr = address_of_entry(no_table, 1);
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_general_error);
    op.host_addr = address_of_entry(granter->l1, 1);
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_general_error);
    op.host_addr = address_of_entry(user->v->kernel_base.page, 1);
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_general_error);
    op.host_addr = ~0UL - 7;
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_general_error);
    op.flags = HOST;
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_general_error);
    op.host_addr = 1UL << 40; /* no tables lead there */
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_general_error);
    EXPECT_EQ(pv_read(no_table, 1) | pv_read(granter->l1, 1), 0);
    expect_counts(1, 0);
    EXPECT_EQ(marks(), 0);
}

TEST(grant_refused, only_what_the_entry_says_is_granted)
{
    static const unsigned int refused[] = {
        GTF_invalid,
        GTF_accept_transfer,
        GTF_transitive,
        GTF_permit_access | GTF_PWT,
        GTF_permit_access | GTF_PCD,
        GTF_permit_access | GTF_PAT,
        GTF_permit_access | GTF_sub_page,
        GTF_permit_access | GTF_readonly,
    };
    mfn_t mfn;

    granted(0);
    mfn = page_to_mfn(frame);
    for (unsigned int i = 0; i < ARRAY_SIZE(refused); i++) {
        grant_write(granter, REF, refused[i], user->d->id, mfn);
        EXPECT_EQ(map(HOST, 1), GNTST_general_error);
        EXPECT_EQ(grant_flags(granter, REF), refused[i]);
    }
    grant(granter, REF, 0, 3, frame);
    EXPECT_EQ(map(HOST, 1), GNTST_general_error);
    grant(granter, REF, 0, DOMID_SELF, frame);
    EXPECT_EQ(map(HOST, 1), GNTST_general_error);
    EXPECT_EQ(entry(1), 0);
    expect_counts(1, 0);
}

TEST(grant_refused, a_reference_and_a_domain_that_there_are)
{
    struct gnttab_map_grant_ref op = { .flags = HOST };

    granted(0);
    op.host_addr = ADDRESS_OF_SLOT(1);
    op.dom = granter->d->id;
    op.ref = GRANT_REFS_PER_FRAME;
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_bad_gntref);
    op.ref = ~0U;
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_bad_gntref);
    op.ref = REF + (1U << 16); /* a handle has 16 bits for it */
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_bad_gntref);
    op.ref = REF;
    op.dom = 77;
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_bad_domain);
    op.dom = DOMID_SELF;
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_bad_domain);
    op.dom = DOMID_IO;
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_bad_gntref);
    op.dom = granter->d->id;
    op.flags = READ | BY_PTE;
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_bad_gntref);
    expect_counts(1, 0);
}

TEST(grant_refused, a_frame_is_the_granters_own)
{
    granted(0);
    grant(granter, REF, 0, user->d->id, pv_page(party[3].d));
    EXPECT_EQ(map(HOST, 1), GNTST_bad_page);
    grant(granter, REF, 0, user->d->id, pv_page(user->d));
    EXPECT_EQ(map(HOST, 1), GNTST_bad_page);
    grant_write(granter, REF, GTF_permit_access, user->d->id, _mfn(UINT32_MAX));
    EXPECT_EQ(map(HOST, 1), GNTST_bad_page);
    grant_write(granter, REF, GTF_permit_access, user->d->id, _mfn(0));
    EXPECT_EQ(map(HOST | DEVICE, 1), GNTST_bad_page);
    EXPECT_EQ(marks(), 0);
    expect_counts(1, 0);
}

/* XSA-232: a frame of the system's, which has no table of grants, crashed it.
 */
TEST(grant_refused, xsa_232_a_devices_frame_is_nobodys_to_grant)
{
    mfn_t device = _mfn(PV_FIRST_FRAME - 1); /* below RAM, in its group */

    granted(0);
    EXPECT_EQ(domain_permit_device(granter->d, device, 1), 0);
    grant_write(granter, REF, GTF_permit_access, user->d->id, device);
    EXPECT_EQ(map(HOST, 1), GNTST_bad_page);
    EXPECT_EQ(map(DEVICE | READ, 1), GNTST_bad_page);
    EXPECT_EQ(entry(1), 0);
    expect_counts(1, 0);
}

TEST(grant_refused, a_table_may_be_read_and_not_written)
{
    granted(0);
    frame = granter->l1;
    grant(granter, REF, 0, user->d->id, frame);
    EXPECT_EQ(map(HOST, 1), GNTST_bad_page);
    EXPECT_EQ(map(DEVICE, 1), GNTST_bad_page);
    EXPECT_EQ(marks(), 0);
    EXPECT_EQ(map(HOST | READ, 1), GNTST_okay);
    EXPECT(all_is_well());
    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
    EXPECT(all_is_well());
}

TEST(grant_refused, the_first_writer_asks_the_entry_again)
{
    granted(0);
    EXPECT_EQ(map(HOST | READ, 1), GNTST_okay);
    EXPECT_EQ(marks(), GTF_reading);
    grant(granter, REF, GTF_reading, user->d->id, pv_page(granter->d));
    EXPECT_EQ(map(HOST, 2), GNTST_okay);
    EXPECT_EQ(marks(), GTF_reading | GTF_writing);
    EXPECT_EQ(pv_entry_mfn(entry(2)).mfn, page_to_mfn(frame).mfn);
    EXPECT_EQ(unmap_at(user, handle, 2), GNTST_okay);
    EXPECT_EQ(marks(), GTF_reading);

    grant(granter, REF, GTF_readonly | GTF_reading, user->d->id, frame);
    EXPECT_EQ(map(HOST, 2), GNTST_general_error);
    EXPECT_EQ(marks(), GTF_reading);
    expect_counts(3, 0);
}

TEST(grant_refused, a_reference_in_use_keeps_its_frame_and_its_user)
{
    granted(0);
    EXPECT_EQ(map(HOST, 1), GNTST_okay);
    grant(granter, REF, 0, 3, pv_page(granter->d));
    EXPECT_EQ(map_at(&party[3], granter, REF, HOST, 1, &handle),
              GNTST_general_error);
    EXPECT_EQ(map(HOST, 2), GNTST_okay);
    EXPECT_EQ(pv_entry_mfn(entry(2)).mfn, page_to_mfn(frame).mfn);
    expect_counts(5, 4);
}

TEST(grant_refused, an_entry_cannot_be_made_anew_or_changed_to_be_written)
{
    granted(0);
    EXPECT_EQ(map(HOST | READ, 1), GNTST_okay);
    EXPECT(update_entry(user->v, user->d, user->d, user->l1, 1, 1,
                        pv_entry(frame, PV_WRITE), 0) != 0);
    EXPECT(update_entry(user->v, user->d, user->d, user->l1, 1, 2,
                        pv_entry(frame, PV_READ), 0) != 0);
    EXPECT_EQ(entry(2), 0);
    expect_counts(3, 0);
    /* What is left to the guest is left to it here too. */
    EXPECT_EQ(update_entry(user->v, user->d, user->d, user->l1, 1, 1,
                           pv_entry(frame, PV_READ | PTE_NX), 0),
              0);
    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
    expect_counts(1, 0);
}

/* XSA-384: the frame names a frame that is somebody else's now. */
TEST(grant_refused, xsa_384_the_frame_of_a_reference_is_looked_at_each_time)
{
    granted(0);
    EXPECT_EQ(map(HOST, 1), GNTST_okay);
    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
    EXPECT_EQ(steal_page(granter->d, frame, false, NULL), 0);
    EXPECT_EQ(donate_page(party[3].d, frame, false), 0);
    EXPECT_EQ(map(HOST, 1), GNTST_bad_page);
    expect_counts(1, 0);
}

TEST(grant_refused, a_handle_is_the_users_own_and_unmapped_once)
{
    granted(0);
    EXPECT_EQ(map(HOST, 1), GNTST_okay);
    EXPECT_EQ(unmap_at(granter, handle, 1), GNTST_bad_handle);
    EXPECT_EQ(unmap_at(user, handle + 1, 1), GNTST_bad_handle);
    EXPECT_EQ(unmap_at(user, ~0U, 1), GNTST_bad_handle);
    EXPECT_EQ(unmap_device(user, handle, frame), GNTST_bad_dev_addr);
    expect_counts(3, 2);
    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_bad_handle);
    expect_counts(1, 0);
}

TEST(grant_refused, what_cannot_be_counted_is_refused)
{
    unsigned int nr = 0;

    granted(0);
    while (nr < 1000 && map(DEVICE, 0) == GNTST_okay)
        nr++;
    EXPECT_EQ(nr, COUNT_TOP - 1 < UINT8_MAX ? COUNT_TOP - 1 : UINT8_MAX);
    EXPECT_EQ(pv_type_count(frame), nr);
    EXPECT(all_is_well());
    EXPECT_EQ(unmap_device(user, nr, frame), GNTST_bad_handle);
    EXPECT_EQ(unmap_device(user, 0, frame), GNTST_okay);
    EXPECT_EQ(map(DEVICE, 0), GNTST_okay);
    EXPECT(all_is_well());
}
