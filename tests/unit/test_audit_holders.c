/* SPDX-License-Identifier: MIT */
/* Does the auditor see what is wrong with who holds frames? */
#include <test.h>
#include <xen/descriptors.h>
#include <xen/entry_update.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include "../model/sound_machine.h"

static struct sound_machine m;

TEST(audit_holders, i14_what_is_put_off_is_half_or_full)
{
    m = sound_machine();
    m.v->deferred = sound_hold(m.partial);
    m.v->deferred.hold = HOLD_HALF;
    EXPECT_EQ(audit(), 0);
    EXPECT_BROKEN_BY(14, "half or full", m.v->deferred.hold, HOLD_READ_ONLY);
    EXPECT_BROKEN_FIRST(14, "a frame in a holder", m.v->deferred.page = NULL,
                        m.v->deferred.page = m.partial);
    EXPECT_EQ(vcpu_finish_deferred(m.v), 0);

    EXPECT(get_page(m.leaf, m.d));
    EXPECT(get_page_writable(m.leaf));
    EXPECT_BROKEN(14, "full of a valid table",
                  m.v->deferred = ((struct page_holder){ m.leaf, HOLD_FULL }),
                  m.v->deferred = PAGE_HOLDER_EMPTY;
                  put_page_writable(m.leaf); put_page(m.leaf));
}

TEST(audit_holders, i22_a_base_pointer_is_a_full_holder_of_a_root)
{
    m = sound_machine();
    EXPECT_BROKEN_FIRST(22, "hold", m.v->kernel_base.hold = HOLD_HALF,
                        m.v->kernel_base.hold = HOLD_FULL);
    EXPECT_BROKEN(
        22, "valid as what it is held for",
        (m.v->user_base = (struct page_holder){ m.l3, HOLD_FULL },
         m.l3->count_info++, TYPE(m.l3)++),
        (m.v->user_base = PAGE_HOLDER_EMPTY, m.l3->count_info--, TYPE(m.l3)--));
    EXPECT_BROKEN(22, "owner",
                  (m.other->vcpu[0].user_base = m.v->kernel_base,
                   m.root->count_info++, TYPE(m.root)++),
                  (m.other->vcpu[0].user_base = PAGE_HOLDER_EMPTY,
                   m.root->count_info--, TYPE(m.root)--));
}

TEST(audit_holders, i23_a_descriptor_frame_is_full_of_good_ones)
{
    struct page_info *frame;

    m = sound_machine();
    frame = pv_page(m.d);
    m.v->gdt[3] = sound_hold(frame);
    pv_write(frame, 7, 0x00af9b000000ffffUL); /* code, of ring 0 as yet */
    EXPECT_EQ(get_page_descriptors(&m.v->gdt[3]), 0);
    EXPECT_EQ(audit(), 0);
    EXPECT_BROKEN(23, "a good descriptor", pv_write(frame, 8, BIT(47)),
                  pv_write(frame, 8, 0)); /* of ring 0 */
    EXPECT_BROKEN(23, "a good descriptor",
                  pv_write(frame, 8, BIT(47) | (9UL << 40) | (3UL << 45)),
                  pv_write(frame, 8, 0)); /* a task */
    EXPECT_BROKEN(23, "a good descriptor",
                  pv_write(frame, 8, BIT(47) | (12UL << 40) | (0xe000UL << 16)),
                  pv_write(frame, 8, 0)); /* a gate to the hypervisor's */
    EXPECT_BROKEN_FIRST(23, "valid as what it is held for",
                        TYPE(frame) &= ~PGT_validated,
                        TYPE(frame) |= PGT_validated);
    EXPECT_BROKEN_FIRST(23, "hold", m.v->gdt[3].hold = HOLD_READ_ONLY,
                        m.v->gdt[3].hold = HOLD_FULL);
    vcpu_drop_gdt(m.v);
    EXPECT_EQ(audit(), 0);
}

TEST(audit_holders, i26_the_dead_hold_nothing)
{
    m = sound_machine();
    m.d->state = DOMAIN_DEAD;
    EXPECT_BROKEN_FIRST(26, "a dead domain holds", m.d->references++,
                        m.d->references--;
                        m.d->state = DOMAIN_ALIVE);
    m.other->state = DOMAIN_DEAD;
    EXPECT_BROKEN_FIRST(26, "a dead domain's own reference", m.d->references++,
                        m.d->references--;
                        m.other->state = DOMAIN_ALIVE);
}
