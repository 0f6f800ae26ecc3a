/* SPDX-License-Identifier: MIT */
/* Hypercalls as such: numbers, lists of them, continuations and their forms. */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/page_type.h>

#include "../model/pv_guest.h"

static struct domain *d, *other;
static struct vcpu *v;

static void machine(void)
{
    pv_machine(2);
    d = pv_domain(1, 2);
    other = pv_domain(2, 1);
    v = &d->vcpu[0];
    guest_run(v);
}

TEST(hypercall, numbers_that_are_nobodys)
{
    static const unsigned long odd[] = { 0, 5, 7, 255, 1UL << 32 | 1, ~0UL };

    machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(odd); i++)
        EXPECT_EQ(guest_call(odd[i], 1, 2, 3, 4), -ENOSYS);
}

/* One that is left half done, with its list. */
static struct hypercall interrupted_pin(struct page_info *pg,
                                        unsigned int level)
{
    struct hypercall call = { .number = __HYPERVISOR_mmuext_op };
    struct mmuext_op *op = guest_new(sizeof(*op));

    *op = (struct mmuext_op){ .cmd = MMUEXT_PIN_L1_TABLE + level - 1,
                              .arg1.mfn = guest_mfn(pg) };
    call.argument[0] = pv_address(op);
    call.argument[1] = 1;
    call.argument[3] = FD_SELF;
    hosted_yield(guest_always_yields);
    guest_try(&call);
    hosted_yield(NULL);
    EXPECT(call.restart);

    return call;
}

/* Something that the next call must finish first. */
static void leave_something_deferred(void)
{
    struct hypercall call = { .number = __HYPERVISOR_mmuext_op };
    struct mmuext_op *op = guest_new(sizeof(*op));
    struct page_info *root = pv_tree(d, 4, 2);

    EXPECT_EQ(guest_op(MMUEXT_PIN_L4_TABLE, guest_mfn(root), 0), 0);
    *op = (struct mmuext_op){ .cmd = MMUEXT_UNPIN_TABLE,
                              .arg1.mfn = guest_mfn(root) };
    call.argument[0] = pv_address(op);
    call.argument[1] = 1;
    call.argument[3] = FD_SELF;
    hosted_yield(guest_always_yields);
    guest_try(&call);
    hosted_yield(NULL);
    EXPECT(call.restart);
    EXPECT(v->deferred.hold != HOLD_NONE);
}

TEST(hypercall, what_was_put_off_comes_before_any_other_call)
{
    machine();
    leave_something_deferred();
    hosted_yield(guest_always_yields);
    EXPECT_EQ(guest_call(77, 0, 0, 0, 0), -ENOSYS);
    EXPECT(guest_rounds > 4);
    hosted_yield(NULL);
    EXPECT_EQ(v->deferred.hold, HOLD_NONE);
}

/* The guest does something else instead, and for ever. */
TEST(hypercall, a_guest_that_does_not_go_on_with_a_call_harms_nobody)
{
    struct page_info *root, *pg;

    machine();
    root = pv_tree(d, 4, 2);
    interrupted_pin(root, 4);
    pg = pv_walk(root, (unsigned int[]){ 0, 0, 0 }, 3);
    EXPECT_EQ(guest_update(guest_slot(pg, 9), 0), -EINVAL);
    EXPECT_EQ(guest_op(MMUEXT_UNPIN_TABLE, guest_mfn(root), 0), -EINVAL);
    leave_something_deferred();
    EXPECT_EQ(guest_op(MMUEXT_NEW_BASEPTR, guest_mfn(root), 0), 0);
}

/* The count goes on from where it was, and is told right at each stop. */
TEST(hypercall, what_is_done_is_counted_over_all_parts_of_a_call)
{
    struct mmu_update *list = guest_new(5 * sizeof(*list));
    unsigned int *done = guest_new(sizeof(*done));
    struct hypercall call = { __HYPERVISOR_mmu_update,
                              { pv_address(list), 5, pv_address(done),
                                FD_SELF },
                              0,
                              false };
    struct page_info *pg;

    machine();
    pg = pv_page(d);
    for (unsigned int i = 0; i < 5; i++)
        list[i] = (struct mmu_update){ guest_slot(pg, i), i + 1 };
    *done = 1234;
    hosted_yield(guest_always_yields);
    for (unsigned int i = 1; i <= 5; i++) {
        guest_try(&call);
        EXPECT_EQ(*done, i);
        EXPECT_EQ(pv_read(pg, i - 1), i);
        EXPECT_EQ(pv_read(pg, i), 0);
        EXPECT_EQ(call.restart, i < 5);
        if (!call.restart)
            break;
        EXPECT_EQ(call.argument[0], pv_address(list + i));
        EXPECT_EQ(call.argument[1], (5 - i) | MMU_UPDATE_PREEMPTED);
    }
    hosted_yield(NULL);
    EXPECT_EQ(call.result, 0);
}

/* XSA-296: what the hypervisor writes into registers a guest can, too. */
TEST(hypercall, row_296_continuations_that_a_guest_made_up)
{
    static const unsigned int number[] = { __HYPERVISOR_mmu_update,
                                           __HYPERVISOR_mmuext_op };
    unsigned int *done = guest_new(sizeof(*done));

    machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(number); i++) {
        /* Its own result. */
        EXPECT_EQ(guest_call(number[i], 0, MMU_UPDATE_PREEMPTED, 0, 55), 55);
        EXPECT_EQ(guest_call(number[i], 0, MMU_UPDATE_PREEMPTED, 0, 0xffffffea),
                  -EINVAL);
        /* More than there is. */
        EXPECT_EQ(guest_call(number[i], 0, ~0U, 0, FD_SELF), -EFAULT);
        EXPECT_EQ(guest_call(number[i], pv_address(pv_memory),
                             MMU_UPDATE_PREEMPTED, 0x1000, FD_SELF),
                  -EFAULT);
        *done = ~0U;
        EXPECT_EQ(guest_call(number[i], pv_address(pv_memory),
                             MMU_UPDATE_PREEMPTED, pv_address(done), FD_SELF),
                  0);
        EXPECT_EQ(*done, ~0U);
    }
    for (unsigned long command = 0; command < 64; command++)
        for (unsigned int bit = 6; bit < 64; bit++)
            (void)guest_call(__HYPERVISOR_memory_op, command | 1UL << bit,
                             pv_address(pv_memory), 0, 0);
}

/* A list of calls, and the results in it. */
static long multicall(struct multicall_entry *list, unsigned int nr)
{
    return guest_call(__HYPERVISOR_multicall, pv_address(list), nr, 0, 0);
}

TEST(hypercall, several_in_one_each_have_their_result)
{
    struct multicall_entry *list = guest_new(4 * sizeof(*list));
    struct page_info *pg;

    machine();
    pg = pv_page(d);
    list[0].op = 77;
    list[1].op = __HYPERVISOR_update_descriptor;
    list[1].args[0] = guest_slot(pg, 2);
    list[1].args[1] = 0x5678;
    list[2].op = __HYPERVISOR_multicall; /* not within itself */
    list[2].args[0] = pv_address(list);
    list[2].args[1] = 4;
    list[3].op = __HYPERVISOR_memory_op;
    list[3].args[0] = XENMEM_maximum_ram_page;
    EXPECT_EQ(multicall(list, 4), 0);
    EXPECT_EQ(list[0].result, -ENOSYS);
    EXPECT_EQ(list[1].result, 0);
    EXPECT_EQ(pv_read(pg, 2), 0x5678);
    EXPECT_EQ(list[2].result, -EINVAL);
    EXPECT_EQ(list[3].result, mfn_x(pdx_to_mfn(nr_pdxs - 1)));
    EXPECT_EQ(list[3].op, __HYPERVISOR_memory_op);
}

TEST(hypercall, several_in_one_that_always_have_to_yield_end)
{
    struct multicall_entry *list = guest_new(3 * sizeof(*list));
    struct mmuext_op *op = guest_new(2 * sizeof(*op));
    unsigned int *done = guest_new(sizeof(*done));
    struct page_info *root;

    machine();
    root = pv_tree(d, 4, 2);
    op[0] = (struct mmuext_op){ .cmd = MMUEXT_PIN_L4_TABLE,
                                .arg1.mfn = guest_mfn(root) };
    op[1] = (struct mmuext_op){ .cmd = MMUEXT_UNPIN_TABLE,
                                .arg1.mfn = guest_mfn(root) };
    for (unsigned int i = 0; i < 2; i++) {
        list[i].op = __HYPERVISOR_mmuext_op;
        list[i].args[0] = pv_address(&op[i]);
        list[i].args[1] = 1;
        list[i].args[2] = pv_address(done);
        list[i].args[3] = FD_SELF;
        list[i].result = 99;
    }
    list[2].op = 77;
    hosted_yield(guest_always_yields);
    EXPECT_EQ(multicall(list, 3), 0);
    EXPECT(guest_rounds > 30);
    hosted_yield(NULL);
    EXPECT_EQ(list[0].result, 0);
    EXPECT_EQ(list[1].result, 0);
    EXPECT_EQ(list[2].result, -ENOSYS);
    EXPECT_EQ(pv_count(root), 1);
    EXPECT_EQ(pv_type_count(root), 0);
}

TEST(hypercall, a_list_that_cannot_be_read_or_written)
{
    struct multicall_entry *end =
        (struct multicall_entry *)(pv_memory + GUEST_MEMORY_SIZE);

    machine();
    EXPECT_EQ(guest_call(__HYPERVISOR_multicall, 0x1000, 1, 0, 0), -EFAULT);
    EXPECT_EQ(guest_call(__HYPERVISOR_multicall, -64UL, 2, 0, 0), -EFAULT);
    EXPECT_EQ(
        guest_call(__HYPERVISOR_multicall, HYPERVISOR_VIRT_START, 1, 0, 0),
        -EFAULT);
    end[-1].op = 77;
    EXPECT_EQ(multicall(end - 1, 2), -EFAULT);
    EXPECT_EQ(end[-1].result, -ENOSYS);
    /* Read, and not written. */
    hosted_fail_access_after(1);
    EXPECT_EQ(multicall(end - 1, 1), -EFAULT);
    hosted_fail_access_after(~0U);
    EXPECT_EQ(multicall(end, 0), 0);
}
