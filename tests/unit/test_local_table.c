/* SPDX-License-Identifier: MIT */
/* A guest's local descriptor table: when its frames are held, and which. */
#include <hosted.h>
#include <test.h>
#include <xen/descriptors.h>
#include <xen/errno.h>

#include "../model/pv_guest.h"

/* Mapped by the first entries of level 1: see machine(). */
#define BASE   0UL
#define NR     3U /* pages */
#define BAD    0x0000850000080000UL
#define PER(n) ((n)*DESCRIPTORS_PER_FRAME)

static struct domain *d;
static struct vcpu *v;
static struct page_info *root, *l1, *page[NR];

/* The guest maps descriptors read-only at address 0 and on. */
static void machine(void)
{
    struct page_info *l2, *l3;

    pv_machine(1);
    d = pv_domain(1, 1);
    v = &d->vcpu[0];
    guest_run(v);
    root = pv_page(d);
    l3 = pv_page(d);
    l2 = pv_page(d);
    l1 = pv_page(d);
    pv_write(root, 0, pv_entry(l3, PV_TABLE));
    pv_write(l3, 0, pv_entry(l2, PV_TABLE));
    pv_write(l2, 0, pv_entry(l1, PV_TABLE));
    for (unsigned int i = 0; i < NR; i++) {
        page[i] = pv_page(d);
        pv_write(l1, i, pv_entry(page[i], PV_READ));
    }
    EXPECT_EQ(guest_op(MMUEXT_NEW_BASEPTR, guest_mfn(root), 0), 0);
}

static long set_ldt(uintptr_t base, unsigned int entries)
{
    return guest_op(MMUEXT_SET_LDT, base, entries);
}

/* XSA-298: no table has no page, though the address 0 is one of the guest's. */
TEST(local_table, row_298_nothing_is_held_beyond_its_end)
{
    machine();
    EXPECT(!vcpu_load_ldt(v, 0));
    EXPECT_EQ(set_ldt(BASE, PER(1) + 1), 0);
    EXPECT(vcpu_load_ldt(v, 0));
    EXPECT(vcpu_load_ldt(v, PER(1)));
    EXPECT(!vcpu_load_ldt(v, PER(1) + 1));
    EXPECT(!vcpu_load_ldt(v, PER(2)));
    EXPECT(!vcpu_load_ldt(v, ~0U));
    EXPECT_EQ(pv_type_count(page[0]), 1);
    EXPECT_EQ(pv_type_count(page[1]), 1);
    EXPECT_EQ(pv_type_count(page[2]), 0);
    EXPECT_EQ(set_ldt(BASE, 0), 0);
    EXPECT(!vcpu_load_ldt(v, 0));
}

TEST(local_table, a_page_is_held_once_and_until_the_table_changes)
{
    machine();
    EXPECT_EQ(set_ldt(BASE, PER(3)), 0);
    EXPECT_EQ(pv_count(page[1]), 2); /* the entry that maps it */
    for (unsigned int i = 0; i < 3; i++)
        EXPECT(vcpu_load_ldt(v, PER(1) + i));
    EXPECT_EQ(pv_count(page[1]), 3);
    EXPECT_EQ(set_ldt(BASE + PAGE_SIZE, PER(1)), 0);
    EXPECT_EQ(pv_count(page[1]), 2);
    EXPECT(vcpu_load_ldt(v, 0));
    EXPECT_EQ(pv_count(page[1]), 3);

    /* By other tables the same addresses lead elsewhere. */
    EXPECT_EQ(guest_op(MMUEXT_NEW_BASEPTR, guest_mfn(pv_tree(d, 4, 1)), 0), 0);
    EXPECT_EQ(pv_type_count(page[1]), 0);
}

TEST(local_table, what_is_no_page_of_descriptors_is_the_guests_fault)
{
    machine();
    EXPECT_EQ(set_ldt(BASE, PER(16)), 0);
    pv_write(page[0], 511, BAD);
    EXPECT(!vcpu_load_ldt(v, 0));
    EXPECT_EQ(pv_count(page[0]), 2);
    EXPECT(!vcpu_load_ldt(v, PER(3))); /* nothing is mapped there */
    EXPECT_EQ(guest_update(guest_slot(l1, 3), pv_entry(pv_page(d), PV_WRITE)),
              0);
    EXPECT(!vcpu_load_ldt(v, PER(3))); /* it may be written */
    EXPECT(vcpu_load_ldt(v, PER(1)));
    EXPECT_EQ(guest_update(guest_slot(l1, 4), pv_entry(page[1], PV_WRITE)),
              -EBUSY);
}

TEST(local_table, a_table_is_where_a_guest_may_have_one)
{
    machine();
    EXPECT_EQ(set_ldt(BASE + 8, 1), -EINVAL);
    EXPECT_EQ(set_ldt(BASE, 8193), -EINVAL);
    EXPECT_EQ(set_ldt(BASE, ~0U), -EINVAL);
    EXPECT_EQ(set_ldt(BASE, 8192), 0);
    EXPECT_EQ(set_ldt(HYPERVISOR_VIRT_START, 1), -EINVAL);
    EXPECT_EQ(set_ldt(0x0000800000000000UL, 1), -EINVAL);
    EXPECT_EQ(set_ldt(0x00007ffffffff000UL, 513), -EINVAL);
    EXPECT_EQ(set_ldt(-PAGE_SIZE, 513), -EINVAL);
    EXPECT_EQ(v->ldt_entries, 8192);
    EXPECT_EQ(set_ldt(HYPERVISOR_VIRT_START + 5, 0), 0); /* none: nowhere */
    EXPECT_EQ(v->ldt_base, 0);
}

TEST(local_table, without_a_base_pointer_nothing_is_mapped)
{
    pv_machine(1);
    d = pv_domain(1, 1);
    guest_run(&d->vcpu[0]);
    EXPECT_EQ(set_ldt(BASE, 1), 0);
    EXPECT(!vcpu_load_ldt(&d->vcpu[0], 0));
}
