/* SPDX-License-Identifier: MIT */
/* memory_op: taking memory, giving it back, and asking. */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/audit.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/page_type.h>
#include <xen/relinquish.h>

#include "../model/pv_guest.h"

#define NR 8U

static struct domain *d, *other, *master;
static struct xen_memory_reservation *r;
static xen_pfn_t *list;

static void machine(void)
{
    pv_machine(2);
    d = pv_domain(1, 1);
    other = pv_domain(2, 1);
    master = pv_domain(3, 1);
    master->privileged = true;
    guest_run(&d->vcpu[0]);
    r = guest_new(sizeof(*r));
    list = guest_new(NR * sizeof(*list));
    *r = (struct xen_memory_reservation){
        .extent_start = (xen_pfn_t *)pv_address(list),
        .nr_extents = NR,
        .domid = DOMID_SELF,
    };
}

static long memory_op(unsigned long command)
{
    return guest_call(__HYPERVISOR_memory_op, command, pv_address(r), 0, 0);
}

static void expect_owned(unsigned long mfn, unsigned long name)
{
    REQUIRE(mfn_valid(_mfn(mfn)));
    EXPECT(domain_of_page(mfn_to_page(_mfn(mfn))) == d);
    EXPECT_EQ(m2p_get(_mfn(mfn)), name);
}

TEST(memory_op, frames_come_named_or_not_and_go)
{
    unsigned long free;

    machine();
    free = heap_nr_free();
    for (unsigned int i = 0; i < NR; i++)
        list[i] = 1000 + 2 * i;
    r->extent_order = 1;
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), NR);
    for (unsigned int i = 0; i < NR; i++) {
        expect_owned(list[i], 1000 + 2 * i);
        expect_owned(list[i] + 1, 1001 + 2 * i);
    }
    EXPECT_EQ(d->nr_pages, 2 * NR);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation), NR);
    for (unsigned int i = 0; i < NR; i++)
        EXPECT_EQ(m2p_get(_mfn(list[i])), M2P_INVALID);
    EXPECT_EQ(heap_nr_free(), free);

    r->extent_order = 0;
    EXPECT_EQ(memory_op(XENMEM_increase_reservation), NR);
    for (unsigned int i = 0; i < NR; i++)
        expect_owned(list[i], M2P_INVALID);
    r->extent_start = NULL;
    EXPECT_EQ(memory_op(XENMEM_increase_reservation), NR);
    EXPECT_EQ(d->nr_pages, 2 * NR);
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), 0);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation), 0);
}

TEST(memory_op, what_was_done_is_told_if_not_all_can_be)
{
    machine();
    d->max_pages = 5;
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), 5);
    EXPECT_EQ(d->nr_pages, 5);
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), 0);
    r->nr_extents = 5;
    list[3] = list[1]; /* twice */
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation), 3);
    list[3] = guest_mfn(pv_page(other));
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation), 0);
}

/* An answer that cannot be written: then the frame does not stay, either. */
TEST(memory_op, a_frame_that_the_guest_cannot_be_told_of_is_given_back)
{
    unsigned long free;

    machine();
    free = heap_nr_free();
    hosted_fail_access_after(3); /* the argument, and one element twice */
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), 1);
    hosted_fail_access_after(2); /* but not to write */
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), 0);
    hosted_fail_access_after(~0U);
    EXPECT_EQ(heap_nr_free(), free - 1);
    EXPECT_EQ(d->nr_pages, 1);
}

/* XSA-31, XSA-158: no order is so large that it takes too long, and none is so
 * large that it is small again. */
TEST(memory_op, row_31_158_extents_that_are_too_large)
{
    static const unsigned int order[] = {
        10, 12, 13, 20, 31, 40, 64, 255, ~0U
    };

    machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(order); i++) {
        r->extent_order = order[i];
        EXPECT_EQ(memory_op(XENMEM_increase_reservation), 0);
        EXPECT_EQ(memory_op(XENMEM_populate_physmap), 0);
        EXPECT_EQ(memory_op(XENMEM_decrease_reservation), 0);
    }
    /* The heap was not even asked. */
    EXPECT(strstr(hosted_console(), "no block") == NULL);
}

/* XSA-32, XSA-167. */
TEST(memory_op, row_32_167_frames_that_are_none)
{
    static const xen_pfn_t bad[] = { ~0UL, 1UL << 52, 0, 1UL << 40 };

    machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        list[0] = bad[i];
        EXPECT_EQ(memory_op(XENMEM_decrease_reservation), 0);
        r->extent_order = 9;
        EXPECT_EQ(memory_op(XENMEM_decrease_reservation), 0);
        r->extent_order = 0;
    }
}

TEST(memory_op, memory_below_an_address)
{
    unsigned int bits = 19; /* the lowest frames are at 2^18 and above */

    machine();
    r->mem_flags = XENMEMF_address_bits(bits);
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), NR);
    for (unsigned int i = 0; i < NR; i++)
        EXPECT(list[i] < 1UL << (bits - PAGE_SHIFT));
    for (unsigned int low = 1; low <= 18; low++) {
        r->mem_flags = XENMEMF_address_bits(low);
        EXPECT_EQ(memory_op(XENMEM_populate_physmap), 0);
    }
    r->nr_extents = 1;
    r->mem_flags = XENMEMF_address_bits(255);
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), 1);
}

TEST(memory_op, row_45_a_call_that_always_has_to_yield_ends)
{
    machine();
    hosted_yield(guest_always_yields);
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), NR);
    EXPECT_EQ(guest_rounds, NR);
    EXPECT_EQ(d->nr_pages, NR);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation), NR);
    EXPECT_EQ(guest_rounds, NR);
    hosted_yield(NULL);
    EXPECT_EQ(d->nr_pages, 0);

    /* A part that a guest makes up is done, and no more than that. */
    EXPECT_EQ(memory_op(XENMEM_populate_physmap | 6 << MEMOP_EXTENT_SHIFT), NR);
    EXPECT_EQ(d->nr_pages, 2);
    EXPECT_EQ(memory_op(XENMEM_populate_physmap | 9 << MEMOP_EXTENT_SHIFT), 9);
    EXPECT_EQ(d->nr_pages, 2);
}

TEST(memory_op, arguments_that_cannot_be)
{
    machine();
    EXPECT_EQ(guest_call(__HYPERVISOR_memory_op, XENMEM_populate_physmap,
                         0x1000, 0, 0),
              0);
    r->nr_extents = 1UL << 26;
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), 0);
    r->nr_extents = ~0UL;
    EXPECT_EQ(memory_op(XENMEM_increase_reservation), 0);
    r->nr_extents = NR;
    r->extent_start = (xen_pfn_t *)HYPERVISOR_VIRT_START;
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), 0);
    r->extent_start = (xen_pfn_t *)-8UL;
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), 0);
    EXPECT_EQ(d->nr_pages, 0);
    for (unsigned long command = 13; command < 64; command++)
        EXPECT_EQ(memory_op(command), -ENOSYS);
}

TEST(memory_op, memory_of_others_by_who_may)
{
    static const domid_t nobody[] = { 9, DOMID_IO, DOMID_XEN, DOMID_INVALID };

    machine();
    r->domid = 2;
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), 0);
    guest_run(&master->vcpu[0]);
    EXPECT_EQ(memory_op(XENMEM_populate_physmap), NR);
    EXPECT_EQ(other->nr_pages, NR);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation), NR);
    for (unsigned int i = 0; i < ARRAY_SIZE(nobody); i++) {
        r->domid = nobody[i];
        EXPECT_EQ(memory_op(XENMEM_populate_physmap), 0);
        list[0] = nobody[i]; /* also the argument of another command */
        EXPECT_EQ(guest_call(__HYPERVISOR_memory_op, XENMEM_current_reservation,
                             pv_address(list), 0, 0),
                  -ESRCH);
    }
}

/* What the hypervisor has put into the domain is not the guest's to give. */
TEST(memory_op, a_frame_beside_the_quota_is_not_given_back)
{
    struct page_info *pg;

    machine();
    pg = alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, ASSIGN_EXTRA);
    list[0] = guest_mfn(pg);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation), 0);
    EXPECT_EQ(pv_count(pg), 1);
}

/* XSA-252: a frame that is given back while it is pinned or mapped is there
 * until it no longer is; and it is gone when the domain is. */
TEST(memory_op, row_252_what_is_in_use_stays_until_it_is_not)
{
    struct page_info *pinned, *leaf;
    int rc;

    machine();
    pinned = pv_tree(d, 2, 1);
    leaf = pv_walk(pinned, (unsigned int[]){ 0, 0 }, 2);
    EXPECT_EQ(guest_op(MMUEXT_PIN_L2_TABLE, guest_mfn(pinned), 0), 0);
    r->nr_extents = 2;
    list[0] = guest_mfn(pinned);
    list[1] = guest_mfn(leaf);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation), 2);
    EXPECT_EQ(pv_count(pinned), 1);
    EXPECT_EQ(pv_count(leaf), 1);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation), 0);
    EXPECT(domain_of_page(leaf) == d);

    pv_run(0, NULL);
    hosted_yield(guest_always_yields);
    do {
        rc = domain_destroy(d);
        EXPECT_EQ(audit_heap(), 0);
    } while (rc == -ERESTART);
    hosted_yield(NULL);
    EXPECT_EQ(rc, 0);
    EXPECT(domain_of_page(leaf) == NULL);
    EXPECT(domain_get(1) == NULL);
}

TEST(memory_op, what_there_is_to_know)
{
    struct xen_machphys_mapping *mapping;
    domid_t *id = guest_new(sizeof(*id));

    machine();
    mapping = guest_new(sizeof(*mapping));
    *id = DOMID_SELF;
    d->max_pages = 99;
    (void)pv_page(d);
    EXPECT_EQ(guest_call(__HYPERVISOR_memory_op, XENMEM_current_reservation,
                         pv_address(id), 0, 0),
              1);
    EXPECT_EQ(guest_call(__HYPERVISOR_memory_op, XENMEM_maximum_reservation,
                         pv_address(id), 0, 0),
              99);
    *id = 2;
    EXPECT_EQ(guest_call(__HYPERVISOR_memory_op, XENMEM_maximum_reservation,
                         pv_address(id), 0, 0),
              -EPERM);
    *id = 9;
    EXPECT_EQ(guest_call(__HYPERVISOR_memory_op, XENMEM_current_reservation,
                         pv_address(id), 0, 0),
              -ESRCH);
    EXPECT_EQ(guest_call(__HYPERVISOR_memory_op, XENMEM_current_reservation,
                         0x1000, 0, 0),
              -EFAULT);
    EXPECT(guest_call(__HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0, 0,
                      0) >= (long)(PV_SPARE_FRAME + PV_NR_SPARE - 1));
    EXPECT_EQ(guest_call(__HYPERVISOR_memory_op, XENMEM_machphys_mapping,
                         pv_address(mapping), 0, 0),
              0);
    EXPECT_EQ(mapping->v_start, 0xffff800000000000);
    EXPECT_EQ(mapping->v_end - mapping->v_start, (mapping->max_mfn + 1) * 8);
    EXPECT_EQ(guest_call(__HYPERVISOR_memory_op, XENMEM_machphys_mapping,
                         0x1000, 0, 0),
              -EFAULT);
}
