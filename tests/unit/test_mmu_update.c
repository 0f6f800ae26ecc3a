/* SPDX-License-Identifier: MIT */
/* mmu_update: what a list of updates does, how far, and to whom. */
#include <hosted.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/m2p.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include "../model/pv_guest.h"

#define NR 24U /* updates in a list: more than are read at once */

static struct domain *d, *other, *master;
static struct page_info *l1;

/* Frame numbers that are none of the guest's: beyond all, in a hole, none. */
static const unsigned long no_frames[] = { ~0UL, 1UL << 52, (1UL << 40) - 1, 0,
                                           PV_FIRST_FRAME - 1 };

static void machine(void)
{
    pv_machine(2);
    d = pv_domain(1, 1);
    other = pv_domain(2, 1);
    master = pv_domain(3, 1);
    master->privileged = true;
    guest_run(&d->vcpu[0]);
    l1 = pv_tree(d, 1, 1);
    EXPECT_EQ(guest_op(MMUEXT_PIN_L1_TABLE, guest_mfn(l1), 0), 0);
}

static void list_of_frames(struct mmu_update *list)
{
    for (unsigned int i = 0; i < NR; i++)
        list[i] = (struct mmu_update){ guest_slot(l1, i),
                                       pv_entry(pv_page(d), PV_WRITE) };
}

TEST(mmu_update, a_list_is_done_in_order_up_to_the_first_that_fails)
{
    struct mmu_update list[NR], none[NR];

    machine();
    list_of_frames(list);
    for (unsigned int i = 0; i < NR; i++)
        none[i] = (struct mmu_update){ list[i].ptr, 0 };
    for (unsigned int bad = 0; bad < NR; bad++) {
        uint64_t good = list[bad].val;

        EXPECT_EQ(guest_mmu_update(none, NR, FD_SELF), 0);
        EXPECT_EQ(guest_done, NR);
        list[bad].val = pv_entry(pv_page(other), PV_READ);
        EXPECT_EQ(guest_mmu_update(list, NR, FD_SELF), -EBUSY);
        EXPECT_EQ(guest_done, bad);
        for (unsigned int i = 0; i < NR; i++)
            EXPECT_EQ(pv_read(l1, i) != 0, i < bad);
        list[bad].val = good;
    }
}

TEST(mmu_update, a_list_that_ends_where_memory_does_is_done_as_far_as_it_goes)
{
    struct mmu_update *end =
        (struct mmu_update *)(pv_memory + GUEST_MEMORY_SIZE);
    unsigned int *done = guest_new(sizeof(*done));

    machine();
    for (unsigned int there = 0; there < 20; there += 3) {
        list_of_frames(end - NR);
        EXPECT_EQ(guest_call(__HYPERVISOR_mmu_update, pv_address(end - there),
                             NR, pv_address(done), FD_SELF),
                  -EFAULT);
        EXPECT_EQ(*done, there);
    }
}

TEST(mmu_update, the_frames_of_a_table_are_taken_and_put)
{
    struct page_info *a, *b;

    machine();
    a = pv_page(d);
    b = pv_page(d);
    EXPECT_EQ(guest_update(guest_slot(l1, 9), pv_entry(a, PV_WRITE)), 0);
    EXPECT_EQ(pv_type_count(a), 1);
    EXPECT_EQ(guest_update(guest_slot(l1, 9), pv_entry(b, PV_READ)), 0);
    EXPECT_EQ(pv_count(a), 1);
    EXPECT_EQ(pv_count(b), 2);
    EXPECT_EQ(guest_update(guest_slot(l1, 9) | MMU_PT_UPDATE_NO_TRANSLATE, 0),
              0);
    EXPECT_EQ(pv_count(b), 1);
}

TEST(mmu_update, accessed_and_dirty_bits_stay_if_they_are_to)
{
    struct page_info *a;

    machine();
    a = pv_page(d);
    EXPECT_EQ(guest_update(guest_slot(l1, 9),
                           pv_entry(a, PV_WRITE | PTE_ACCESSED | PTE_DIRTY)),
              0);
    EXPECT_EQ(guest_update(guest_slot(l1, 9) | MMU_PT_UPDATE_PRESERVE_AD,
                           pv_entry(a, PV_READ)),
              0);
    EXPECT_EQ(pv_read(l1, 9), pv_entry(a, PV_READ | PTE_ACCESSED | PTE_DIRTY));
    EXPECT_EQ(guest_update(guest_slot(l1, 9), pv_entry(a, PV_READ)), 0);
    EXPECT_EQ(pv_read(l1, 9), pv_entry(a, PV_READ));
}

TEST(mmu_update, a_frame_that_is_no_table_is_just_written)
{
    struct page_info *pg;

    machine();
    pg = pv_page(d);
    EXPECT_EQ(guest_update(guest_slot(pg, 511), 0x1234567812345678), 0);
    EXPECT_EQ(pv_read(pg, 511), 0x1234567812345678);
    EXPECT_EQ(pv_count(pg), 1);
    EXPECT_EQ(pv_type_count(pg), 0);

    /* One that was a table, and is none now, is a frame like others. */
    EXPECT_EQ(guest_op(MMUEXT_UNPIN_TABLE, guest_mfn(l1), 0), 0);
    EXPECT_EQ(guest_update(guest_slot(l1, 0), 0x77), 0);
    EXPECT_EQ(pv_read(l1, 0), 0x77);
}

/* XSA-45, XSA-58: what is neither one nor the other is not written. */
TEST(mmu_update, a_table_that_is_partial_is_not_changed)
{
    struct page_info *l2;
    struct hypercall call = { .number = __HYPERVISOR_mmuext_op };
    struct mmuext_op *op = guest_new(sizeof(*op));

    machine();
    l2 = pv_tree(d, 2, 3);
    *op = (struct mmuext_op){ .cmd = MMUEXT_PIN_L2_TABLE,
                              .arg1.mfn = guest_mfn(l2) };
    call.argument[0] = pv_address(op);
    call.argument[1] = 1;
    call.argument[3] = FD_SELF;
    hosted_yield(guest_always_yields);
    guest_try(&call);
    hosted_yield(NULL);
    EXPECT(call.restart);
    EXPECT(l2->inuse_overlay.type_info & PGT_partial);
    EXPECT_EQ(guest_update(guest_slot(l2, 400), 0), -EINVAL);
    EXPECT_EQ(guest_op(MMUEXT_PIN_L2_TABLE, guest_mfn(l2), 0), 0);
    EXPECT_EQ(guest_update(guest_slot(l2, 400), 0), 0);
}

TEST(mmu_update, a_guest_names_its_frames_as_it_likes)
{
    static const unsigned long names[] = { 0, ~0UL, ~0UL - 1, 1UL << 63, 42 };
    struct page_info *pg;

    machine();
    pg = pv_page(d);
    /* XSA-251: no name is believed, so any will do, and all goes on. */
    for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
        EXPECT_EQ(
            guest_update(mfn_to_maddr(page_to_mfn(pg)) | MMU_MACHPHYS_UPDATE,
                         names[i]),
            0);
        EXPECT_EQ(m2p_get(page_to_mfn(pg)), names[i]);
        EXPECT_EQ(guest_update(guest_slot(l1, i), pv_entry(pg, PV_WRITE)), 0);
    }
    EXPECT_EQ(guest_op(MMUEXT_UNPIN_TABLE, guest_mfn(l1), 0), 0);
}

/* XSA-113: each refusal gives back what it has looked up. */
TEST(mmu_update, row_113_a_name_that_is_refused_leaves_no_reference)
{
    struct page_info *theirs;
    uint64_t at;

    machine();
    theirs = pv_page(other);
    at = mfn_to_maddr(page_to_mfn(theirs)) | MMU_MACHPHYS_UPDATE;
    EXPECT_EQ(guest_update(at, 5), -EINVAL);
    guest_run(&master->vcpu[0]);
    EXPECT_EQ(
        guest_mmu_update(&(struct mmu_update){ at, 5 }, 1, FD_TABLES(2, 2)),
        -EPERM);
    EXPECT_EQ(guest_mmu_update(&(struct mmu_update){ at, 5 }, 1, DOMID_IO),
              -EINVAL);
    EXPECT_EQ(guest_mmu_update(&(struct mmu_update){ at, 5 }, 1, DOMID_XEN),
              -EINVAL);
    EXPECT_EQ(m2p_get(page_to_mfn(theirs)), M2P_INVALID);
    EXPECT_EQ(guest_mmu_update(&(struct mmu_update){ at, 5 }, 1, 2), 0);
    EXPECT_EQ(m2p_get(page_to_mfn(theirs)), 5);
    EXPECT_EQ(pv_count(theirs), 1);
}

/* XSA-32, XSA-167. */
TEST(mmu_update, row_32_167_what_is_no_frame_is_not_looked_up)
{
    machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(no_frames); i++) {
        uint64_t at = no_frames[i] << PAGE_SHIFT;

        EXPECT_EQ(guest_update(at, 0), -EINVAL);
        EXPECT_EQ(guest_update(at | MMU_MACHPHYS_UPDATE, 0), -EINVAL);
        EXPECT_EQ(guest_update(at | MMU_PT_UPDATE_PRESERVE_AD, 0), -EINVAL);
        EXPECT(guest_update(guest_slot(l1, 3), (at & PTE_ADDRESS) | PV_READ) <
               0);
        EXPECT_EQ(pv_read(l1, 3), 0);
    }
}

/* XSA-248: no frame can be had but the guest's own. */
TEST(mmu_update, row_248_of_all_frames_only_its_own_can_be_mapped)
{
    machine();
    (void)pv_tree(other, 2, 2);
    for (unsigned long mfn = 0; mfn < PV_SPARE_FRAME + PV_NR_SPARE; mfn++) {
        bool own = mfn_valid(_mfn(mfn)) &&
                   domain_of_page(mfn_to_page(_mfn(mfn))) == d &&
                   mfn_to_page(_mfn(mfn)) != l1;

        EXPECT_EQ(
            guest_update(guest_slot(l1, 7), mfn << PAGE_SHIFT | PV_WRITE) == 0,
            own);
        EXPECT_EQ(guest_update(guest_slot(l1, 7), 0), 0);
    }
}

TEST(mmu_update, commands_that_there_are_not)
{
    machine();
    for (unsigned int command = 4; command < 8; command++)
        EXPECT_EQ(guest_update(guest_slot(l1, 3) | command, 0), -ENOSYS);
    EXPECT_EQ(guest_done, 0);
}

TEST(mmu_update, lists_that_cannot_be)
{
    machine();
    EXPECT_EQ(guest_mmu_update(NULL, 0, FD_SELF), 0);
    EXPECT_EQ(guest_done, 0);
    EXPECT_EQ(guest_call(__HYPERVISOR_mmu_update, HYPERVISOR_VIRT_START, 1, 0,
                         FD_SELF),
              -EFAULT);
    EXPECT_EQ(
        guest_call(__HYPERVISOR_mmu_update, 0x00007fffffffffe0, 3, 0, FD_SELF),
        -EFAULT);
    EXPECT_EQ(
        guest_call(__HYPERVISOR_mmu_update, -32UL, 0x7fffffff, 0, FD_SELF),
        -EFAULT);
    EXPECT_EQ(guest_call(__HYPERVISOR_mmu_update, pv_address(pv_memory), 0,
                         0x123, FD_SELF),
              -EFAULT);
}
