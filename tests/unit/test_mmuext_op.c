/* SPDX-License-Identifier: MIT */
/* mmuext_op: base pointers, flushes, frames, and commands that there are not.
 */
#include <hosted.h>
#include <test.h>
#include <xen/base_pointer.h>
#include <xen/errno.h>
#include <xen/tlb.h>

#include "../model/pv_guest.h"

static struct domain *d, *other, *master;
static struct vcpu *v;

static void machine(void)
{
    pv_machine(3);
    d = pv_domain(1, 3);
    other = pv_domain(2, 1);
    master = pv_domain(3, 1);
    master->privileged = true;
    v = &d->vcpu[0];
    guest_run(v);
}

static long new_base(const struct page_info *pg)
{
    return guest_op(MMUEXT_NEW_BASEPTR, guest_mfn(pg), 0);
}

static long new_user_base(unsigned long mfn)
{
    return guest_op(MMUEXT_NEW_USER_BASEPTR, mfn, 0);
}

TEST(mmuext_op, a_base_pointer_is_used_and_held)
{
    struct page_info *a, *b;

    machine();
    a = pv_tree(d, 4, 2);
    b = pv_tree(d, 4, 1);
    EXPECT_EQ(new_base(a), 0);
    EXPECT(v->kernel_base.page == a);
    EXPECT_EQ(mfn_x(hosted_base_pointer(0)), guest_mfn(a));
    EXPECT_EQ(pv_count(a), 2);
    EXPECT_EQ(new_base(a), 0); /* the same: only loaded anew */
    EXPECT_EQ(pv_count(a), 2);
    EXPECT_EQ(new_base(b), 0);
    EXPECT_EQ(mfn_x(hosted_base_pointer(0)), guest_mfn(b));
    EXPECT_EQ(pv_count(a), 1);
    EXPECT_EQ(pv_type_count(a), 0);
}

TEST(mmuext_op, a_bad_base_pointer_changes_nothing)
{
    struct page_info *a, *bad;

    machine();
    a = pv_tree(d, 4, 1);
    bad = pv_tree(d, 4, 1);
    pv_write(bad, 3, pv_entry(a, PV_TABLE));
    EXPECT_EQ(new_base(a), 0);
    EXPECT_EQ(new_base(bad), -EINVAL);
    EXPECT_EQ(new_base(pv_page(other)), -EINVAL);
    EXPECT_EQ(guest_op(MMUEXT_NEW_BASEPTR, ~0UL, 0), -EINVAL);
    EXPECT_EQ(guest_op(MMUEXT_NEW_BASEPTR, 0, 0), -EINVAL);
    EXPECT_EQ(new_user_base(guest_mfn(bad)), -EINVAL);
    EXPECT_EQ(new_user_base(~0UL), -EINVAL);
    EXPECT(v->kernel_base.page == a);
    EXPECT_EQ(mfn_x(hosted_base_pointer(0)), guest_mfn(a));
    EXPECT_EQ(pv_count(bad), 1);
}

TEST(mmuext_op, users_may_have_tables_of_their_own_or_none)
{
    struct page_info *a;

    machine();
    a = pv_tree(d, 4, 1);
    EXPECT_EQ(new_base(a), 0);
    EXPECT_EQ(new_user_base(guest_mfn(a)), 0);
    EXPECT_EQ(pv_count(a), 3);
    EXPECT_EQ(new_user_base(guest_mfn(a)), 0);
    EXPECT_EQ(pv_count(a), 3);
    EXPECT_EQ(new_user_base(0), 0);
    EXPECT_EQ(v->user_base.hold, HOLD_NONE);
    EXPECT_EQ(pv_count(a), 2);
}

/* XSA-45: the old tables go a piece at a time, while the vCPU has the new. */
TEST(mmuext_op, row_45_a_switch_that_always_has_to_yield_ends)
{
    struct page_info *a, *b;

    machine();
    a = pv_tree(d, 4, 3);
    b = pv_tree(d, 4, 2);
    hosted_yield(guest_always_yields);
    EXPECT_EQ(new_base(a), 0);
    EXPECT(guest_rounds > 27);
    EXPECT_EQ(new_user_base(guest_mfn(a)), 0);
    EXPECT_EQ(new_base(b), 0);
    EXPECT_EQ(mfn_x(hosted_base_pointer(0)), guest_mfn(b));
    EXPECT_EQ(pv_type_count(a), 1);
    EXPECT_EQ(new_user_base(guest_mfn(b)), 0);
    EXPECT(guest_rounds > 27);
    hosted_yield(NULL);
    EXPECT_EQ(pv_count(a), 1);
    EXPECT_EQ(v->deferred.hold, HOLD_NONE);
}

TEST(mmuext_op, a_vcpu_that_does_not_run_gets_its_base_pointers_too)
{
    struct page_info *a;

    machine();
    a = pv_tree(d, 4, 1);
    EXPECT_EQ(vcpu_new_kernel_base(&d->vcpu[1], page_to_mfn(a)), 0);
    EXPECT_EQ(vcpu_new_user_base(&d->vcpu[1], page_to_mfn(a)), 0);
    EXPECT_EQ(pv_count(a), 3);
    EXPECT_EQ(mfn_x(hosted_base_pointer(0)), mfn_x(INVALID_MFN));
    pv_run(1, &d->vcpu[1]);
    EXPECT_EQ(mfn_x(hosted_base_pointer(1)), guest_mfn(a));
}

static bool has_flushed(unsigned int cpu, uint32_t since)
{
    return tlb_cpu_flushed(cpu) > since;
}

TEST(mmuext_op, flushes_reach_those_whom_they_are_for)
{
    static const struct {
        unsigned int command;
        uint64_t mask;
        bool here, there;
    } row[] = {
        { MMUEXT_TLB_FLUSH_LOCAL, 0, true, false },
        { MMUEXT_INVLPG_LOCAL, 0, false, false },
        { MMUEXT_TLB_FLUSH_MULTI, 1, true, false },
        { MMUEXT_TLB_FLUSH_MULTI, 3, true, true },
        { MMUEXT_TLB_FLUSH_MULTI, ~7UL, false, false },
        { MMUEXT_TLB_FLUSH_MULTI, 0, false, false },
        { MMUEXT_INVLPG_MULTI, 1, false, false },
        { MMUEXT_INVLPG_MULTI, 2, false, true },
        { MMUEXT_TLB_FLUSH_ALL, 0, true, true },
        { MMUEXT_INVLPG_ALL, 0, false, true },
    };
    uint64_t *mask = guest_new(sizeof(*mask));

    machine();
    pv_run(1, &d->vcpu[1]);
    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
        uint32_t before = tlb_clock_now();

        *mask = row[i].mask;
        EXPECT_EQ(guest_op(row[i].command, 0x5000, pv_address(mask)), 0);
        if (has_flushed(0, before) != row[i].here ||
            has_flushed(1, before) != row[i].there || has_flushed(2, before))
            test_fail(__FILE__, __LINE__, "row %u", i);
    }
    EXPECT_EQ(guest_op(MMUEXT_TLB_FLUSH_MULTI, 0, 0x1000), -EINVAL);
    EXPECT_EQ(guest_op(MMUEXT_INVLPG_MULTI, 0, HYPERVISOR_VIRT_START), -EINVAL);
}

/* XSA-279: an address to be forgotten may be any. */
TEST(mmuext_op, row_279_no_address_is_too_odd_to_be_forgotten)
{
    static const uintptr_t odd[] = { 0, ~0UL, 1UL << 47, HYPERVISOR_VIRT_START,
                                     0x1234567812345678 };

    machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(odd); i++) {
        EXPECT_EQ(guest_op(MMUEXT_INVLPG_LOCAL, odd[i], 0), 0);
        EXPECT_EQ(guest_op(MMUEXT_INVLPG_ALL, odd[i], 0), 0);
    }
}

TEST(mmuext_op, frames_are_cleared_and_copied_as_a_guest_might)
{
    struct page_info *a, *b, *table;

    machine();
    a = pv_page(d);
    b = pv_page(d);
    table = pv_tree(d, 1, 2);
    EXPECT_EQ(guest_op(MMUEXT_PIN_L1_TABLE, guest_mfn(table), 0), 0);
    pv_write(a, 100, 5);
    pv_write(a, 511, 7);
    EXPECT_EQ(guest_op(MMUEXT_COPY_PAGE, guest_mfn(b), guest_mfn(a)), 0);
    EXPECT_EQ(pv_read(b, 100), 5);
    EXPECT_EQ(pv_read(b, 511), 7);
    EXPECT_EQ(guest_op(MMUEXT_CLEAR_PAGE, guest_mfn(a), 0), 0);
    EXPECT_EQ(pv_read(a, 100), 0);
    EXPECT_EQ(pv_read(a, 511), 0);
    EXPECT_EQ(guest_op(MMUEXT_COPY_PAGE, guest_mfn(b), guest_mfn(b)), 0);
    EXPECT_EQ(pv_read(b, 511), 7);

    /* A table may be read, and not written. */
    EXPECT_EQ(guest_op(MMUEXT_COPY_PAGE, guest_mfn(b), guest_mfn(table)), 0);
    EXPECT_EQ(pv_read(b, 1), pv_read(table, 1));
    EXPECT_EQ(guest_op(MMUEXT_COPY_PAGE, guest_mfn(table), guest_mfn(a)),
              -EINVAL);
    EXPECT_EQ(guest_op(MMUEXT_CLEAR_PAGE, guest_mfn(table), 0), -EINVAL);
    EXPECT(pv_read(table, 1) != 0);
}

/* XSA-32, XSA-167. */
TEST(mmuext_op, row_32_167_frames_that_are_none)
{
    static const unsigned long bad[] = { ~0UL, 1UL << 52, 0, 1UL << 40 };
    unsigned long own;

    machine();
    own = guest_mfn(pv_page(d));
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        EXPECT_EQ(guest_op(MMUEXT_CLEAR_PAGE, bad[i], 0), -EINVAL);
        EXPECT_EQ(guest_op(MMUEXT_COPY_PAGE, bad[i], own), -EINVAL);
        EXPECT_EQ(guest_op(MMUEXT_COPY_PAGE, own, bad[i]), -EINVAL);
    }
    EXPECT_EQ(guest_op(MMUEXT_COPY_PAGE, own, guest_mfn(pv_page(other))),
              -EINVAL);
}

TEST(mmuext_op, commands_that_there_are_not_or_not_for_all)
{
    static const unsigned int own[] = {
        MMUEXT_NEW_BASEPTR,  MMUEXT_NEW_USER_BASEPTR, MMUEXT_TLB_FLUSH_LOCAL,
        MMUEXT_INVLPG_LOCAL, MMUEXT_TLB_FLUSH_ALL,    MMUEXT_INVLPG_ALL,
        MMUEXT_FLUSH_CACHE,  MMUEXT_SET_LDT,
    };

    machine();
    EXPECT_EQ(guest_op(MMUEXT_MARK_SUPER, 0, 0), -EOPNOTSUPP);
    EXPECT_EQ(guest_op(MMUEXT_UNMARK_SUPER, 0, 0), -EOPNOTSUPP);
    EXPECT_EQ(guest_op(14, 0, 0), -ENOSYS);
    EXPECT_EQ(guest_op(21, 0, 0), -ENOSYS);
    EXPECT_EQ(guest_op(~0U, 0, 0), -ENOSYS);
    EXPECT_EQ(guest_op(MMUEXT_FLUSH_CACHE, 0, 0), -EACCES);
    EXPECT_EQ(guest_op(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), -EACCES);

    guest_run(&master->vcpu[0]);
    for (unsigned int i = 0; i < ARRAY_SIZE(own); i++) {
        struct mmuext_op op = { .cmd = own[i] };

        EXPECT_EQ(guest_mmuext(&op, 1, 1), -EPERM);
    }
    EXPECT_EQ(guest_mmuext(&(struct mmuext_op){ .cmd = 77 }, 1, 1), -ENOSYS);
}
