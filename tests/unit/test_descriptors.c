/* SPDX-License-Identifier: MIT */
/* Segment descriptors: which may be a guest's, and the frames that hold them.
 */
#include <hosted.h>
#include <test.h>
#include <xen/descriptors.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include "../model/pv_guest.h"

/* A guest's data segment, of ring 3, and one of ring 0 that gives all. */
#define DATA3 0x00cff3000000ffffUL
#define DATA0 0x00cf93000000ffffUL
#define DPL   0x0000600000000000UL

/* What may not be: a task gate, to whatever. */
#define BAD 0x0000850000080000UL

static struct domain *d, *other;
static struct vcpu *v;

static void machine(void)
{
    pv_machine(1);
    d = pv_domain(1, 2);
    other = pv_domain(2, 1);
    v = &d->vcpu[0];
    guest_run(v);
}

static uint64_t descriptor(unsigned int type, bool segment, unsigned int dpl,
                           bool present)
{
    return (uint64_t)type << 40 | (uint64_t)segment << 44 |
           (uint64_t)dpl << 45 | (uint64_t)present << 47;
}

/* Every type there is: code and data, system segments and gates, in any ring.
 */
TEST(descriptors, each_kind_is_checked)
{
    for (unsigned int n = 0; n < 16 * 2 * 4 * 2; n++) {
        unsigned int type = n % 16, dpl = n / 32 % 4;
        bool segment = n / 16 % 2, present = n / 128;
        uint64_t before = descriptor(type, segment, dpl, present), d1 = before;
        bool ok = descriptor_check(&d1);

        EXPECT_EQ(ok, !present || segment || type == 0 || type == 12);
        if (!present || !ok)
            EXPECT_EQ(d1, before);
        else
            EXPECT_EQ(d1,
                      type == 12 && !segment ? before & ~DPL : before | DPL);
        EXPECT_EQ(descriptor_check(&d1), ok); /* what it made is good, too */
    }
}

TEST(descriptors, a_call_gate_leads_to_the_guests_own_segments)
{
    uint64_t gate = descriptor(12, false, 3, true) | 0x1234;

    for (unsigned long selector = 0; selector <= 0xffff; selector++) {
        uint64_t d1 = gate | selector << 16;
        bool local = selector & 4;

        EXPECT_EQ(descriptor_check(&d1), local || selector >> 3 < 7168);
    }
    for (unsigned int bit = 32; bit < 40; bit++) {
        uint64_t d1 = gate | 1UL << bit;

        EXPECT(!descriptor_check(&d1));
    }
}

static struct page_holder hold(struct page_info *pg)
{
    EXPECT(get_page(pg, d));
    return (struct page_holder){ pg, HOLD_READ_ONLY };
}

TEST(descriptors, a_frame_is_examined_as_a_whole)
{
    struct page_info *pg;
    struct page_holder h;

    machine();
    pg = pv_page(d);
    for (unsigned int i = 0; i < DESCRIPTORS_PER_FRAME; i++) {
        pv_write(pg, i, BAD);
        h = hold(pg);
        EXPECT_EQ(get_page_descriptors(&h), -EINVAL);
        EXPECT_EQ(h.hold, HOLD_READ_ONLY);
        put_page(pg);
        EXPECT_EQ(pv_type_count(pg), 0);
        pv_write(pg, i, DATA0);
    }
    h = hold(pg);
    EXPECT_EQ(get_page_descriptors(&h), 0);
    EXPECT_EQ(h.hold, HOLD_FULL);
    for (unsigned int i = 0; i < DESCRIPTORS_PER_FRAME; i++)
        EXPECT_EQ(pv_read(pg, i), DATA3);
    EXPECT(!get_page_writable(pg));
    put_descriptors(&h, 1);
    EXPECT_EQ(pv_count(pg), 1);
    EXPECT_EQ(pv_type_count(pg), 0);
}

/* XSA-214: that it was good once says nothing: its contents may be another's.
 */
TEST(descriptors, row_214_each_use_examines_anew)
{
    struct page_info *pg;
    struct page_holder h;

    machine();
    pg = pv_page(d);
    h = hold(pg);
    EXPECT_EQ(get_page_descriptors(&h), 0);
    put_descriptors(&h, 1);
    pv_write(pg, 7, BAD);
    h = hold(pg);
    EXPECT_EQ(get_page_descriptors(&h), -EINVAL);
    put_page(pg);

    /* And when the frame has been another domain's meanwhile. */
    pv_write(pg, 7, 0);
    h = hold(pg);
    EXPECT_EQ(get_page_descriptors(&h), 0);
    put_descriptors(&h, 1);
    EXPECT_EQ(steal_page(d, pg, false, NULL), 0);
    pv_write(pg, 7, BAD);
    EXPECT_EQ(donate_page(other, pg, false), 0);
    EXPECT(get_page(pg, other));
    h = (struct page_holder){ pg, HOLD_READ_ONLY };
    EXPECT_EQ(get_page_descriptors(&h), -EINVAL);
    put_page(pg);
}

static long set_gdt(const xen_pfn_t *frames, unsigned int nr,
                    unsigned int entries)
{
    xen_pfn_t *list = guest_new(16 * sizeof(*list));

    for (unsigned int i = 0; i < nr; i++)
        list[i] = frames[i];

    return guest_call(__HYPERVISOR_set_gdt, pv_address(list), entries, 0, 0);
}

TEST(descriptors, a_global_table_is_taken_whole_or_not_at_all)
{
    struct page_info *pg[3];
    xen_pfn_t mfn[3];

    machine();
    for (unsigned int i = 0; i < 3; i++) {
        pg[i] = pv_page(d);
        mfn[i] = guest_mfn(pg[i]);
    }
    EXPECT_EQ(set_gdt(mfn, 2, 513), 0);
    EXPECT_EQ(v->gdt_entries, 513);
    EXPECT_EQ(pv_type_count(pg[1]), 1);

    pv_write(pg[2], 100, BAD);
    EXPECT_EQ(set_gdt(mfn, 3, 3 * 512), -EINVAL);
    EXPECT_EQ(v->gdt_entries, 513);
    EXPECT_EQ(pv_type_count(pg[0]), 1);
    EXPECT_EQ(pv_count(pg[2]), 1);

    /* One frame twice, and in the old one and the new one. */
    EXPECT_EQ(set_gdt((xen_pfn_t[]){ mfn[1], mfn[1] }, 2, 1024), 0);
    EXPECT_EQ(pv_type_count(pg[1]), 2);
    EXPECT_EQ(pv_type_count(pg[0]), 0);
    EXPECT_EQ(set_gdt(mfn, 0, 0), 0);
    for (unsigned int i = 0; i < 3; i++)
        EXPECT_EQ(pv_count(pg[i]), 1);
}

/* XSA-32, XSA-167: what is no frame of the guest's is found before it is used.
 */
TEST(descriptors, row_32_167_a_global_table_of_no_frames)
{
    const xen_pfn_t bad[] = { ~0UL, 1UL << 52, (1UL << 52) - 1, 0, nr_pdxs };

    machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
        EXPECT_EQ(set_gdt(&bad[i], 1, 1), -EINVAL);
    EXPECT_EQ(set_gdt((xen_pfn_t[]){ guest_mfn(pv_page(other)) }, 1, 1),
              -EINVAL);
    EXPECT_EQ(set_gdt(bad, 1, 7169), -EINVAL);
    EXPECT_EQ(set_gdt(bad, 1, ~0U), -EINVAL);
    EXPECT_EQ(guest_call(__HYPERVISOR_set_gdt, 0x1000, 1, 0, 0), -EFAULT);
    EXPECT_EQ(guest_call(__HYPERVISOR_set_gdt, HYPERVISOR_VIRT_START, 1, 0, 0),
              -EFAULT);
}

static long update_descriptor(uint64_t address, uint64_t value)
{
    return guest_call(__HYPERVISOR_update_descriptor, address, value, 0, 0);
}

TEST(descriptors, one_is_changed_as_its_frame_is_used)
{
    struct page_info *pg, *table;
    uint64_t at;

    machine();
    pg = pv_page(d);
    at = guest_slot(pg, 5);
    EXPECT_EQ(update_descriptor(at, DATA0), 0); /* just a word */
    EXPECT_EQ(pv_read(pg, 5), DATA3);
    EXPECT_EQ(set_gdt((xen_pfn_t[]){ guest_mfn(pg) }, 1, 512), 0);
    EXPECT_EQ(update_descriptor(at, DATA0 + 1), 0);
    EXPECT_EQ(pv_read(pg, 5), DATA3 + 1);
    EXPECT_EQ(update_descriptor(at, BAD), -EINVAL);
    EXPECT_EQ(pv_read(pg, 5), DATA3 + 1);
    for (unsigned int i = 1; i < 8; i++)
        EXPECT_EQ(update_descriptor(at + i, DATA3), -EINVAL);

    /* A table is not to be written so. */
    table = pv_tree(d, 1, 1);
    EXPECT_EQ(guest_op(MMUEXT_PIN_L1_TABLE, guest_mfn(table), 0), 0);
    EXPECT_EQ(update_descriptor(guest_slot(table, 5), DATA3), -EINVAL);
    EXPECT_EQ(pv_read(table, 5), 0);

    EXPECT_EQ(update_descriptor(guest_slot(pv_page(other), 0), DATA3), -EINVAL);
    EXPECT_EQ(update_descriptor(~7UL, DATA3), -EINVAL);
    EXPECT_EQ(update_descriptor(1UL << 62, DATA3), -EINVAL);
}
