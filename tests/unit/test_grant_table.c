/* SPDX-License-Identifier: MIT */
/*
 * The tables of grants: how they are set up, what the hypercall refuses,
 * copies, how it is interrupted, and how tables end. "xsa_n" is the number of
 * the advisory whose mistake is tried.
 */
#include <hosted.h>
#include <test.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>

#include "../../common/grants.h"
#include "granted_frame.h"

static short set_up(struct vcpu *v, domid_t id, unsigned int nr, uint64_t list)
{
    struct gnttab_setup_table op = { .dom = id,
                                     .nr_frames = nr,
                                     .frame_list = (unsigned long *)list };

    EXPECT_EQ(grant_call(v, GNTTABOP_setup_table, &op, sizeof(op), 1), 0);

    return op.status;
}

static struct gnttab_query_size size_of(struct vcpu *v, domid_t id)
{
    struct gnttab_query_size op = { .dom = id };

    EXPECT_EQ(grant_call(v, GNTTABOP_query_size, &op, sizeof(op), 1), 0);

    return op;
}

TEST(grant_table, it_grows_by_frames_that_the_guest_may_map)
{
    uint64_t list = guest_address(0) + 1024;
    unsigned long *frames = (unsigned long *)guest_memory(0) + 128;

    granted(0);
    EXPECT_EQ(set_up(user->v, DOMID_SELF, 4, list), GNTST_okay);
    EXPECT_EQ(frames[0], mfn_x(user->shared));
    EXPECT_EQ(size_of(user->v, DOMID_SELF).nr_frames, 4);
    EXPECT_EQ(size_of(user->v, user->d->id).max_nr_frames, GRANT_MAX_FRAMES);
    for (unsigned int i = 0; i < 4; i++) {
        struct page_info *pg = mfn_to_page(_mfn(frames[i]));

        EXPECT_EQ(domain_of_page(pg), user->d);
        EXPECT_EQ(pv_read(pg, 0), 0);
        EXPECT_EQ(update_entry(user->v, user->d, user->d, user->l1, 1, 1,
                               pv_entry(pg, PV_WRITE), 0),
                  0);
        EXPECT_EQ(update_entry(user->v, user->d, user->d, user->l1, 1, 1, 0, 0),
                  0);
    }
    EXPECT(all_is_well());

    /* It never shrinks. */
    EXPECT_EQ(set_up(user->v, user->d->id, 1, list), GNTST_okay);
    EXPECT_EQ(size_of(user->v, DOMID_SELF).nr_frames, 4);
    EXPECT_EQ(set_up(user->v, DOMID_SELF, GRANT_MAX_FRAMES, list), GNTST_okay);
    EXPECT_EQ(set_up(user->v, DOMID_SELF, GRANT_MAX_FRAMES + 1, list),
              GNTST_general_error);
    EXPECT_EQ(set_up(user->v, DOMID_SELF, ~0U, list), GNTST_general_error);
    EXPECT(all_is_well());
}

TEST(grant_table, the_last_reference_of_all_can_be_granted)
{
    unsigned int last = GRANT_REFS_PER_FRAME * GRANT_MAX_FRAMES - 1;
    unsigned long *frames = (unsigned long *)guest_memory(0) + 128;
    struct party whole = { 0 };
    grant_handle_t handle;

    granted(0);
    EXPECT_EQ(set_up(granter->v, DOMID_SELF, GRANT_MAX_FRAMES,
                     guest_address(0) + 1024),
              GNTST_okay);
    whole.d = granter->d;
    whole.shared = _mfn(frames[GRANT_MAX_FRAMES - 1]);
    grant(&whole, last % GRANT_REFS_PER_FRAME, 0, user->d->id, frame);
    EXPECT_EQ(map_at(user, granter, last, GNTMAP_host_map, 1, &handle),
              GNTST_okay);
    EXPECT_EQ(grant_flags(&whole, last % GRANT_REFS_PER_FRAME),
              GTF_permit_access | GTF_reading | GTF_writing);
    EXPECT(all_is_well());
    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
    EXPECT_EQ(pv_count(frame), 1);
}

TEST(grant_table, where_the_numbers_cannot_be_told_is_an_error)
{
    granted(0);
    EXPECT_EQ(set_up(user->v, DOMID_SELF, 2, 1), GNTST_bad_virt_addr);
    EXPECT_EQ(set_up(user->v, DOMID_SELF, 2, ~0UL), GNTST_bad_virt_addr);
    EXPECT_EQ(set_up(user->v, DOMID_SELF, 2, HYPERVISOR_VIRT_START),
              GNTST_bad_virt_addr);
    EXPECT_EQ(size_of(user->v, DOMID_SELF).nr_frames, 2);
    EXPECT(all_is_well());
}

TEST(grant_table, of_another_only_the_privileged_ask)
{
    uint64_t list = guest_address(0) + 1024;
    struct gnttab_get_version version = { .dom = 1 };

    granted(0);
    EXPECT_EQ(set_up(user->v, 1, 2, list), GNTST_permission_denied);
    EXPECT_EQ(set_up(user->v, 77, 2, list), GNTST_bad_domain);
    EXPECT_EQ(size_of(user->v, 1).status, GNTST_permission_denied);
    EXPECT_EQ(size_of(user->v, DOMID_IO).status, GNTST_bad_domain);
    EXPECT_EQ(
        grant_call(user->v, GNTTABOP_get_version, &version, sizeof(version), 1),
        -EPERM);
    user->d->privileged = true;
    EXPECT_EQ(set_up(user->v, 1, 2, list), GNTST_okay);
    EXPECT_EQ(size_of(user->v, 1).nr_frames, 2);
    EXPECT_EQ(
        grant_call(user->v, GNTTABOP_get_version, &version, sizeof(version), 1),
        0);
    EXPECT_EQ(version.version, 1);
    version.dom = 77;
    EXPECT_EQ(
        grant_call(user->v, GNTTABOP_get_version, &version, sizeof(version), 1),
        -ESRCH);
    EXPECT(all_is_well());
}

/* XSA-26 and 255: frames of version 2 were freed when the version changed: on
 * their lists still, or mapped still. There is no such version, nor a change.
 */
TEST(grant_table, xsa_26_and_255_there_is_one_version)
{
    struct gnttab_set_version op;
    grant_handle_t handle;
    unsigned long nr_free;

    granted(0);
    EXPECT_EQ(map_at(user, granter, REF, GNTMAP_host_map, 1, &handle),
              GNTST_okay);
    EXPECT_EQ(update_entry(granter->v, granter->d, granter->d, granter->l1, 1,
                           1, mfn_to_maddr(granter->shared) | PV_WRITE, 0),
              0);
    nr_free = heap_nr_free();
    for (unsigned int version = 0; version < 4; version++) {
        static const long expected[] = { -EINVAL, 0, -ENOSYS, -EINVAL };

        op.version = version;
        EXPECT_EQ(
            grant_call(granter->v, GNTTABOP_set_version, &op, sizeof(op), 1),
            expected[version]);
        EXPECT_EQ(op.version, 1);
        EXPECT(all_is_well());
    }
    EXPECT_EQ(heap_nr_free(), nr_free);
    EXPECT_EQ(unmap_at(user, handle, 1), GNTST_okay);
}

TEST(grant_table, what_the_hypercall_does_not_know_it_refuses)
{
    static const unsigned int unknown[] = { 3, 4, 7, 9, 11, 12, 13, ~0U };
    struct gnttab_query_size op[2] = { { .dom = DOMID_SELF } };

    granted(0);
    for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++)
        EXPECT_EQ(grant_call(user->v, unknown[i], op, sizeof(*op), 1), -ENOSYS);
    EXPECT_EQ(grant_call(user->v, GNTTABOP_query_size, op, sizeof(*op), 0),
              -EINVAL);
    EXPECT_EQ(grant_call(user->v, GNTTABOP_query_size, op, sizeof(*op), 2),
              -EINVAL);
    EXPECT_EQ(grant_call(user->v, GNTTABOP_setup_table, op, sizeof(*op), 2),
              -EINVAL);
    EXPECT_EQ(grant_call(user->v, GNTTABOP_map_grant_ref, op, 0, 1U << 31),
              -EINVAL);
    EXPECT_EQ(grant_call(user->v, GNTTABOP_map_grant_ref, op, sizeof(*op), 0),
              0);
}

TEST(grant_table, what_cannot_be_read_or_written_back_is_an_error)
{
    static const unsigned int commands[] = {
        GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref, GNTTABOP_copy,
        GNTTABOP_setup_table,   GNTTABOP_query_size,      GNTTABOP_set_version,
        GNTTABOP_get_version,
    };
    unsigned char element[64] = { 0xf0,
                                  0x7f }; /* with a domain first: DOMID_SELF */

    granted(0);
    for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++) {
        for (unsigned int nr = 0; nr < 2; nr++) {
            hosted_fail_access_after(nr);
            EXPECT_EQ(grant_call(user->v, commands[i], element, 64, 1),
                      -EFAULT);
        }
    }
    hosted_fail_access_after(~0U);
    EXPECT(all_is_well());
}

/* Those that were begun in the same batch end all the same. */
TEST(grant_table, an_unmap_whose_status_cannot_be_told_is_one)
{
    struct gnttab_unmap_grant_ref op[3];

    granted(0);
    for (unsigned int i = 0; i < 3; i++) {
        op[i] = (struct gnttab_unmap_grant_ref){ .dev_bus_addr = mfn_to_maddr(
                                                     page_to_mfn(frame)) };
        EXPECT_EQ(
            map_at(user, granter, REF, GNTMAP_device_map, 0, &op[i].handle),
            GNTST_okay);
    }
    hosted_fail_access_after(4); /* three are read, one is written */
    EXPECT_EQ(grant_call(user->v, GNTTABOP_unmap_grant_ref, op, sizeof(*op), 3),
              -EFAULT);
    hosted_fail_access_after(~0U);
    EXPECT_EQ(pv_count(frame), 1);
    EXPECT(all_is_well());
}

/* Take all that is free, but for @nr frames. */
static void leave_free(unsigned long nr)
{
    while (heap_nr_free() > nr)
        if (!alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL))
            break;
}

TEST(grant_table, without_memory_nothing_grows_and_nothing_is_lost)
{
    grant_handle_t handle;

    granted(0);
    for (unsigned int nr = 0; nr < 3; nr++) {
        leave_free(2 - nr);
        EXPECT_EQ(set_up(user->v, DOMID_SELF, 2, guest_address(0) + 1024),
                  GNTST_general_error);
        EXPECT_EQ(heap_nr_free(), 2 - nr);
    }
    EXPECT_EQ(map_at(user, granter, REF, GNTMAP_host_map, 1, &handle),
              GNTST_no_device_space);
    EXPECT_EQ(grant_flags(granter, REF), GTF_permit_access);
    EXPECT(all_is_well());
}

TEST(grant_table, handles_run_out_and_come_back)
{
    unsigned int max =
        GRANT_HANDLE_FRAMES * (unsigned int)GRANT_HANDLES_PER_FRAME;
    grant_handle_t handle;

    granted(0);
    for (unsigned int n = 0; n < max; n++) {
        unsigned int ref = REF + n / 200;

        if (n % 200 == 0)
            grant(granter, ref, 0, user->d->id, frame);
        EXPECT_EQ(map_at(user, granter, ref, GNTMAP_device_map, 0, &handle),
                  GNTST_okay);
        EXPECT_EQ(handle, n);
    }
    EXPECT_EQ(map_at(user, granter, REF, GNTMAP_device_map, 0, &handle),
              GNTST_no_device_space);
    EXPECT(all_is_well());
    EXPECT_EQ(unmap_device(user, 1234, frame), GNTST_okay);
    EXPECT_EQ(map_at(user, granter, REF, GNTMAP_device_map, 0, &handle),
              GNTST_okay);
    EXPECT_EQ(handle, 1234);
    EXPECT(all_is_well());
}

/* XSA-380: what may be long may be interrupted, between any two. */
TEST(grant_table, xsa_380_a_list_is_interrupted_after_each_and_goes_on)
{
    struct gnttab_map_grant_ref map[40];
    struct gnttab_unmap_grant_ref unmap[40];

    granted(0);
    for (unsigned int i = 0; i < 40; i++)
        map[i] = (struct gnttab_map_grant_ref){ .flags = GNTMAP_device_map,
                                                .ref = REF + i % 2,
                                                .dom = granter->d->id };
    hosted_yield(always);
    EXPECT_EQ(
        grant_call(user->v, GNTTABOP_map_grant_ref, map, sizeof(*map), 40), 0);
    EXPECT_EQ(nr_interrupted, 39);
    for (unsigned int i = 0; i < 40; i++) {
        EXPECT_EQ(map[i].status, i % 2 ? GNTST_general_error : GNTST_okay);
        unmap[i] = (struct gnttab_unmap_grant_ref){
            .handle = map[i].handle,
            .dev_bus_addr = mfn_to_maddr(page_to_mfn(frame))
        };
    }
    EXPECT_EQ(pv_count(frame), 21);
    EXPECT_EQ(grant_call(user->v, GNTTABOP_unmap_grant_ref, unmap,
                         sizeof(*unmap), 40),
              0);
    EXPECT_EQ(nr_interrupted, 39);
    for (unsigned int i = 0; i < 40; i++)
        EXPECT_EQ(unmap[i].status, i % 2 ? GNTST_bad_handle : GNTST_okay);
    EXPECT_EQ(pv_count(frame), 1);
    EXPECT(all_is_well());
}
