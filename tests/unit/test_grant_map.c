/* SPDX-License-Identifier: MIT */
/*
 * Grants are mapped and unmapped: what entries and handles hold, and what comes
 * of those that do not fit. "xsa_n" is the number of the advisory whose mistake
 * is tried.
 */
#include <hosted.h>
#include <test.h>
#include <xen/domheap.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>

#include "granted_frame.h"

static grant_handle_t handle;

static short map(unsigned int flags, unsigned int slot)
{
    return map_at(user, granter, REF, flags, slot, &handle);
}

TEST(grant_map, the_entry_and_the_handle_hold_the_frame_each)
{
    granted(0);
    EXPECT_EQ(map(HOST, 1), GNTST_okay);
    EXPECT_EQ(entry(1), pv_entry(frame, PV_WRITE | PTE_ACCESSED | PTE_DIRTY));
    EXPECT_EQ(marks(), GTF_reading | GTF_writing);
    expect_counts(3, 2);

    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
    EXPECT_EQ(entry(1), 0);
    EXPECT_EQ(marks(), 0);
    expect_counts(1, 0);
}

TEST(grant_map, to_read_takes_no_type)
{
    granted(GTF_readonly);
    EXPECT_EQ(map(HOST | READ, 1), GNTST_okay);
    EXPECT_EQ(entry(1), pv_entry(frame, PV_READ | PTE_ACCESSED));
    EXPECT_EQ(marks(), GTF_reading);
    expect_counts(3, 0);

    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
    EXPECT_EQ(marks(), 0);
    expect_counts(1, 0);
}

TEST(grant_map, the_entry_can_be_named_by_its_machine_address)
{
    granted(0);
    EXPECT_EQ(map(HOST | BY_PTE, 2), GNTST_okay);
    EXPECT_EQ(pv_entry_mfn(entry(2)).mfn, page_to_mfn(frame).mfn);
    expect_counts(3, 2);
    EXPECT_EQ(unmap_at(user, handle, 2), GNTST_general_error);

    EXPECT_EQ(grant_unmap_one(user->v,
                              &(struct gnttab_unmap_grant_ref){
                                  .host_addr = address_of_entry(user->l1, 2),
                                  .handle = handle }),
              GNTST_okay);
    EXPECT_EQ(entry(2), 0);
    expect_counts(1, 0);
}

TEST(grant_map, what_stood_there_is_given_back)
{
    struct page_info *own;

    granted(0);
    own = mfn_to_page(pv_entry_mfn(entry(0)));
    EXPECT_EQ(pv_count(own), 2);
    /* Address 0 cannot be named, so by its machine address. */
    EXPECT_EQ(map(HOST | BY_PTE, 0), GNTST_okay);
    EXPECT_EQ(pv_count(own), 1);
    EXPECT_EQ(pv_type_count(own), 0);
    expect_counts(3, 2);
}

TEST(grant_map, the_guests_own_bits_are_in_the_entry)
{
    granted(0);
    EXPECT_EQ(map(HOST | 5U << _GNTMAP_guest_avail0, 1), GNTST_okay);
    EXPECT_EQ(entry(1) & PTE_AVAILABLE, 5U << 9);
    EXPECT(all_is_well());
}

/* XSA-234: what was mapped to be written was found by its frame alone. */
TEST(grant_map, xsa_234_an_entry_of_another_way_is_not_the_handles)
{
    grant_handle_t to_write, to_read;

    granted(0);
    EXPECT_EQ(map(HOST, 1), GNTST_okay);
    to_write = handle;
    EXPECT_EQ(map(HOST | READ, 1), GNTST_okay);
    to_read = handle;
    expect_counts(4, 1);

    EXPECT_EQ(unmap_at(user, to_write, 1), GNTST_general_error);
    EXPECT_EQ(entry(1), pv_entry(frame, PV_READ | PTE_ACCESSED));
    EXPECT_EQ(marks(), GTF_reading | GTF_writing);
    expect_counts(4, 1);

    EXPECT_EQ(unmap_at(user, to_read, 1), GNTST_okay);
    EXPECT_EQ(marks(), GTF_reading | GTF_writing); /* the other still says so */
    expect_counts(2, 1);
}

TEST(grant_map, an_entry_of_another_frame_is_not_the_handles)
{
    struct page_info *other;
    grant_handle_t first;

    granted(0);
    other = pv_page(granter->d);
    grant(granter, REF + 1, 0, user->d->id, other);
    EXPECT_EQ(map(HOST, 1), GNTST_okay);
    first = handle;
    EXPECT_EQ(map_at(user, granter, REF + 1, HOST, 2, &handle), GNTST_okay);
    EXPECT_EQ(unmap_at(user, first, 2), GNTST_general_error);
    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_general_error);
    EXPECT_EQ(unmap_at(user, first, 3), GNTST_general_error);
    expect_counts(3, 2);
    EXPECT_EQ(unmap_at(user, handle, 2), GNTST_okay);
    EXPECT_EQ(unmap_at(user, first, 1), GNTST_okay);
    expect_counts(1, 0);
}

/* XSA-224: one side gone, and both were given back; or a type was forgotten. */
TEST(grant_map, xsa_224_each_side_is_given_back_by_itself_and_once)
{
    granted(0);
    for (unsigned int round = 0; round < 3; round++) {
        EXPECT_EQ(map(HOST | DEVICE, 1), GNTST_okay);
        expect_counts(4, 3);
        EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
        expect_counts(2, 1);
        EXPECT_EQ(marks(), GTF_reading | GTF_writing);
        EXPECT_EQ(unmap_at(user, handle, 1), GNTST_bad_virt_addr);
        expect_counts(2, 1);
        EXPECT_EQ(unmap_device(user, handle, frame), GNTST_okay);
        expect_counts(1, 0);
        EXPECT_EQ(marks(), 0);
        EXPECT_EQ(unmap_device(user, handle, frame), GNTST_bad_handle);

        EXPECT_EQ(map(HOST | DEVICE | READ, 1), GNTST_okay);
        expect_counts(4, 0);
        EXPECT_EQ(unmap_device(user, handle, frame), GNTST_okay);
        expect_counts(3, 0);
        EXPECT_EQ(unmap_device(user, handle, frame), GNTST_bad_dev_addr);
        EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
        expect_counts(1, 0);
    }
}

/* The same: an address of 0 is no address, and so no side. */
TEST(grant_map, xsa_224_no_address_unmaps_no_side)
{
    struct gnttab_unmap_grant_ref op = { 0 };

    granted(0);
    EXPECT_EQ(map(DEVICE, 0), GNTST_okay);
    op.handle = handle;
    EXPECT_EQ(grant_unmap_one(user->v, &op), GNTST_okay);
    expect_counts(2, 1);
    EXPECT_EQ(marks(), GTF_reading | GTF_writing);
    EXPECT_EQ(unmap_device(user, handle, user->l1), GNTST_bad_dev_addr);
    expect_counts(2, 1);
    EXPECT_EQ(unmap_device(user, handle, frame), GNTST_okay);
    expect_counts(1, 0);
}

TEST(grant_map, both_sides_go_at_once_or_neither)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = ADDRESS_OF_SLOT(2) };

    granted(0);
    EXPECT_EQ(map(HOST | DEVICE, 1), GNTST_okay);
    op.handle = handle;
    op.dev_bus_addr = mfn_to_maddr(page_to_mfn(frame));
    EXPECT_EQ(grant_unmap_one(user->v, &op), GNTST_general_error);
    expect_counts(4, 3);
    op.host_addr = ADDRESS_OF_SLOT(1);
    op.dev_bus_addr += PAGE_SIZE;
    EXPECT_EQ(grant_unmap_one(user->v, &op), GNTST_bad_dev_addr);
    expect_counts(4, 3);
    op.dev_bus_addr -= PAGE_SIZE;
    EXPECT_EQ(grant_unmap_one(user->v, &op), GNTST_okay);
    expect_counts(1, 0);
}

TEST(grant_map, a_device_is_told_where_the_frame_is)
{
    struct gnttab_map_grant_ref op = { .flags = DEVICE, .ref = REF };

    granted(0);
    op.dom = granter->d->id;
    EXPECT_EQ(grant_map_one(user->v, &op), GNTST_okay);
    EXPECT_EQ(op.dev_bus_addr, mfn_to_maddr(page_to_mfn(frame)));
    expect_counts(2, 1);
}

/* The handle goes on holding the frame, so the granter's mark tells the truth.
 */
TEST(grant_map, an_entry_that_is_overwritten_is_given_back_and_its_handle_stays)
{
    struct page_info *own;

    granted(0);
    own = pv_page(user->d);
    EXPECT_EQ(map(HOST, 1), GNTST_okay);
    EXPECT_EQ(update_entry(user->v, user->d, user->d, user->l1, 1, 1,
                           pv_entry(own, PV_WRITE), 0),
              0);
    expect_counts(2, 1);
    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_general_error);
    EXPECT_EQ(pv_count(own), 2);
    expect_counts(2, 1);
    EXPECT_EQ(marks(), GTF_reading | GTF_writing);
}

/* XSA-379 and 384: a frame was mapped that had been given up meanwhile. */
TEST(grant_map, xsa_379_a_frame_that_is_mapped_is_not_free)
{
    unsigned long nr_free;

    granted(0);
    EXPECT_EQ(map(HOST | DEVICE, 1), GNTST_okay);
    nr_free = heap_nr_free();
    EXPECT_EQ(steal_page(granter->d, frame, false, NULL), -EBUSY);
    EXPECT(get_page(frame, granter->d));
    EXPECT(put_page_allocated(frame));
    put_page(frame);
    expect_counts(3, 3);
    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
    expect_counts(1, 1);
    EXPECT_EQ(heap_nr_free(), nr_free);
    EXPECT_EQ(unmap_device(user, handle, frame), GNTST_okay);
    EXPECT_EQ(heap_nr_free(), nr_free + 1);
    EXPECT(all_is_well());
}

TEST(grant_map, own_frames_may_be_granted_to_oneself)
{
    granted(0);
    grant(granter, REF, 0, granter->d->id, frame);
    EXPECT_EQ(map_at(granter, granter, REF, HOST | DEVICE, 1, &handle),
              GNTST_okay);
    expect_counts(4, 3);
    EXPECT_EQ(unmap_device(granter, handle, frame), GNTST_okay);
    EXPECT_EQ(unmap_at(granter, handle, 1), GNTST_okay);
    expect_counts(1, 0);
}

/* A CPU that runs the user may know of the entry until it has flushed. */
TEST(grant_map, other_cpus_of_the_user_flush_before_the_granter_is_told)
{
    unsigned long before;

    granting_machine(2, 2);
    granter = &party[1];
    user = &party[2];
    frame = pv_page(granter->d);
    grant(granter, REF, 0, user->d->id, frame);
    EXPECT_EQ(map(HOST | DEVICE, 1), GNTST_okay);
    pv_run(1, &user->d->vcpu[1]);
    before = hosted_nr_interrupts();
    EXPECT_EQ(unmap_device(user, handle, frame), GNTST_okay);
    EXPECT_EQ(hosted_nr_interrupts(), before);
    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
    EXPECT_EQ(hosted_nr_interrupts(), before + 1);
    pv_run(1, NULL);
}
