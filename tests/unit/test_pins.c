/* SPDX-License-Identifier: MIT */
/* Pins: what they hold, what they refuse, and how they are interrupted. */
#include <hosted.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/page_type.h>

#include "../model/pv_guest.h"

static struct domain *d, *other, *master;

static void machine(void)
{
    pv_machine(2);
    d = pv_domain(1, 2);
    other = pv_domain(2, 1);
    master = pv_domain(3, 1);
    master->privileged = true;
    guest_run(&d->vcpu[0]);
}

static long pin(unsigned int level, const struct page_info *pg)
{
    return guest_op(MMUEXT_PIN_L1_TABLE + level - 1, guest_mfn(pg), 0);
}

static long unpin(const struct page_info *pg)
{
    return guest_op(MMUEXT_UNPIN_TABLE, guest_mfn(pg), 0);
}

/* The frames of the tree at @pg are used by nobody. */
static void expect_unused(struct page_info *pg, unsigned int level,
                          unsigned int nr)
{
    EXPECT_EQ(pv_count(pg), 1);
    EXPECT_EQ(pv_type_count(pg), 0);
    for (unsigned int i = 0; level > 0 && i < nr; i++)
        expect_unused(pv_walk(pg, (unsigned int[]){ pv_slot(level, i) }, 1),
                      level - 1, nr);
}

TEST(pins, a_table_of_each_level_is_pinned_and_no_longer)
{
    machine();
    for (unsigned int level = 1; level <= 4; level++) {
        struct page_info *pg = pv_tree(d, level, 2);

        EXPECT_EQ(pin(level, pg), 0);
        EXPECT_EQ(pg->inuse_overlay.type_info,
                  type_of_level(level) | PGT_pinned | PGT_validated | 1);
        EXPECT_EQ(pv_count(pg), 2);
        EXPECT_EQ(pin(level, pg), -EINVAL); /* as it is already */
        EXPECT_EQ(pin(level % 4 + 1, pg), -EINVAL);
        EXPECT_EQ(pv_count(pg), 2);
        EXPECT_EQ(unpin(pg), 0);
        expect_unused(pg, level, 2);
        EXPECT_EQ(unpin(pg), -EINVAL);
    }
}

/* XSA-32, XSA-167. */
TEST(pins, row_32_167_only_of_frames_of_the_guests)
{
    static const unsigned long bad[] = { ~0UL, 1UL << 52, 0, 1UL << 40 };
    unsigned long theirs;

    machine();
    theirs = guest_mfn(pv_page(other));
    for (unsigned int command = MMUEXT_PIN_L1_TABLE;
         command <= MMUEXT_UNPIN_TABLE; command++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
            EXPECT_EQ(guest_op(command, bad[i], 0), -EINVAL);
        EXPECT_EQ(guest_op(command, theirs, 0), -EINVAL);
    }
}

/* XSA-58: a bad entry at the end, on each level: what was taken goes, all of
 * it, though it is only found when nearly everything is held. */
TEST(pins, row_58_a_table_that_will_not_do_leaves_nothing)
{
    machine();
    for (unsigned int bad = 1; bad <= 4; bad++) {
        for (unsigned int yields = 0; yields <= 1; yields++) {
            struct page_info *root = pv_tree(d, 4, 2), *pg = root;

            for (unsigned int level = 4; level > bad; level--)
                pg = pv_walk(pg, (unsigned int[]){ 1 }, 1);
            pv_write(pg, PTES_PER_TABLE - 1,
                     pv_entry(pv_page(other), PV_TABLE));
            hosted_yield(yields ? guest_always_yields : NULL);
            EXPECT(pin(4, root) < 0);
            hosted_yield(NULL);
            EXPECT_EQ(guest_done, 0);
            EXPECT_EQ(current_vcpu()->deferred.hold, HOLD_NONE);
            expect_unused(root, 4, 2);
            for (unsigned int i = 0; i < 1; i++) /* make room */
                pv_write(pg, PTES_PER_TABLE - 1, 0);
        }
    }
}

/* XSA-45, XSA-264: with whoever asks told to yield each call ends all the same,
 * does something each time, and nothing else changes. */
TEST(pins, row_45_264_a_call_that_always_has_to_yield_ends)
{
    struct page_info *root;

    machine();
    root = pv_tree(d, 4, 3);
    hosted_yield(guest_always_yields);
    EXPECT_EQ(pin(4, root), 0);
    EXPECT(guest_rounds > 3 * 3 * 3);
    EXPECT_EQ(unpin(root), 0);
    EXPECT(guest_rounds > 3 * 3 * 3);
    hosted_yield(NULL);
    expect_unused(root, 4, 3);
}

/* What an interrupted call has left is taken up by who comes next, whatever he
 * wants of it; and the guest need never come back. */
TEST(pins, what_is_half_done_is_anybodys)
{
    for (unsigned int next = 0; next < 3; next++) {
        struct hypercall call = { .number = __HYPERVISOR_mmuext_op };
        struct mmuext_op *op = guest_new(sizeof(*op));
        struct page_info *root;

        if (next == 0)
            machine();
        else
            guest_run(&d->vcpu[0]);
        root = pv_tree(d, 4, 2);
        *op = (struct mmuext_op){ .cmd = MMUEXT_PIN_L4_TABLE,
                                  .arg1.mfn = guest_mfn(root) };
        call.argument[0] = pv_address(op);
        call.argument[1] = 1;
        call.argument[3] = FD_SELF;
        hosted_yield(guest_always_yields);
        for (unsigned int i = 0; i < 20; i++)
            guest_try(&call);
        hosted_yield(NULL);
        EXPECT(call.restart);
        guest_run(&d->vcpu[1]);
        if (next == 0) /* the other vCPU uses it */
            EXPECT_EQ(guest_op(MMUEXT_NEW_BASEPTR, guest_mfn(root), 0), 0);
        else if (next == 1) /* or pins it, and the first one cannot */
            EXPECT_EQ(pin(4, root), 0);
        else /* or pins what stands in it */
            EXPECT_EQ(pin(3, pv_walk(root, (unsigned int[]){ 0 }, 1)), 0);
        guest_run(&d->vcpu[0]);
        do
            guest_try(&call);
        while (call.restart);
        EXPECT_EQ(call.result, next == 1 ? -EINVAL : 0);
        EXPECT_EQ(unpin(root), 0);
    }
}

TEST(pins, who_may_pin_for_whom)
{
    struct page_info *pg;
    struct mmuext_op op = { .cmd = MMUEXT_PIN_L1_TABLE };

    machine();
    pg = pv_tree(other, 1, 1);
    op.arg1.mfn = guest_mfn(pg);
    EXPECT_EQ(guest_mmuext(&op, 1, 2), -EPERM);
    EXPECT_EQ(guest_mmuext(&op, 1, 9), -ESRCH);
    EXPECT_EQ(guest_mmuext(&op, 1, DOMID_IO), -EPERM);
    guest_run(&master->vcpu[0]);
    EXPECT_EQ(guest_mmuext(&op, 1, FD_SELF), -EINVAL);
    EXPECT_EQ(guest_mmuext(&op, 1, 2), 0);
    op.cmd = MMUEXT_UNPIN_TABLE;
    EXPECT_EQ(guest_mmuext(&op, 1, 2), 0);

    /* Of one that dies nobody will ever take a pin off again. */
    __atomic_store_n(&other->state, DOMAIN_DYING, __ATOMIC_SEQ_CST);
    op.cmd = MMUEXT_PIN_L1_TABLE;
    EXPECT_EQ(guest_mmuext(&op, 1, 2), -EINVAL);
    EXPECT_EQ(pv_count(pg), 1);
}

TEST(pins, a_list_of_many_is_interrupted_between_and_counts_right)
{
    struct mmuext_op op[20] = { 0 };

    machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(op); i++) {
        op[i].cmd = MMUEXT_PIN_L1_TABLE;
        op[i].arg1.mfn = guest_mfn(pv_tree(d, 1, 1));
    }
    op[17].arg1.mfn = op[3].arg1.mfn; /* twice */
    hosted_yield(guest_always_yields);
    EXPECT_EQ(guest_mmuext(op, ARRAY_SIZE(op), FD_SELF), -EINVAL);
    EXPECT_EQ(guest_done, 17);
    EXPECT(guest_rounds >= 17);
    for (unsigned int i = 0; i < 17; i++)
        op[i].cmd = MMUEXT_UNPIN_TABLE;
    EXPECT_EQ(guest_mmuext(op, 17, FD_SELF), 0);
    EXPECT_EQ(guest_done, 17);
    hosted_yield(NULL);
}
