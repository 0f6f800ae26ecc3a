/* SPDX-License-Identifier: MIT */
/* memory_op, on a machine of two nodes: of which of them the memory is. */
#include <test.h>
#include <xen/audit.h>
#include <xen/claim.h>
#include <xen/page_alloc.h>

#include "../model/pv_guest.h"

static struct domain *d;
static struct xen_memory_reservation *r;
static xen_pfn_t *list;

static void machine(void)
{
    pv_machine_of_two_nodes(2);
    d = pv_domain(1, 1);
    guest_run(&d->vcpu[0]);
    r = guest_new(sizeof(*r));
    list = guest_new(sizeof(*list));
    *r = (struct xen_memory_reservation){
        .extent_start = (xen_pfn_t *)pv_address(list),
        .nr_extents = 1,
        .domid = DOMID_SELF,
    };
}

static long memory_op(unsigned long command)
{
    return guest_call(__HYPERVISOR_memory_op, command, pv_address(r), 0, 0);
}

static bool is_of(unsigned long mfn, unsigned int node)
{
    return node_of_pdx(mfn_to_pdx(_mfn(mfn))) == node;
}

/* One extent there, and back. */
static bool is_served(unsigned int mem_flags, unsigned int node)
{
    bool served;

    r->mem_flags = mem_flags;
    list[0] = 7;
    served = memory_op(XENMEM_populate_physmap) == 1;
    if (served && node < nr_nodes)
        EXPECT(is_of(list[0], node));
    if (served)
        EXPECT_EQ(memory_op(XENMEM_decrease_reservation), 1);

    return served;
}

/* XSA-231: a number that no node has is no index. 255 stands for none. */
TEST(memory_op_nodes, row_231_a_node_that_there_is_not)
{
    machine();
    for (unsigned int node = 0; node < 256; node++) {
        unsigned int flags = XENMEMF_node(node) & 0xffff;
        unsigned int exact = flags | XENMEMF_exact_node_request;

        r->extent_order = node % 2;
        EXPECT_EQ(is_served(flags, node), node == 255 || node < MAX_NODES);
        EXPECT_EQ(is_served(exact, node), node == 255 || node < 2);
        EXPECT(is_served(exact | XENMEMF_vnode, MAX_NODES));
    }
    EXPECT_EQ(audit_heap(), 0);
}

/* It is not asked where memory goes to. */
TEST(memory_op_nodes, who_gives_memory_back_names_no_node)
{
    machine();
    list[0] = guest_mfn(pv_page(d));
    r->mem_flags = XENMEMF_exact_node(70);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation), 1);
}

/* All of a node's memory, by @node's number, in extents of 2^@order. */
static unsigned long take_all_of(unsigned int node, unsigned int order,
                                 unsigned int exact)
{
    unsigned long nr = 0;

    r->extent_order = order;
    r->mem_flags = XENMEMF_node(node) | exact;
    while (memory_op(XENMEM_increase_reservation) == 1) {
        EXPECT_EQ(list[0] % BIT(order), 0);
        nr += is_of(list[0], node);
        if (!exact && !is_of(list[0], node))
            return nr;
        EXPECT(is_of(list[0], node));
    }

    return nr;
}

TEST(memory_op_nodes, a_node_is_asked_for_exactly_or_if_it_can_be)
{
    machine();
    EXPECT_EQ(take_all_of(1, 0, XENMEMF_exact_node_request), PV_NR_SPARE);
    EXPECT_EQ(heap_check(), 0);
    /* Node 0 has all that is left. */
    EXPECT_EQ(take_all_of(1, 0, 0), 0);
    EXPECT(is_of(list[0], 0));
}

TEST(memory_op_nodes, an_extent_is_one_block_of_the_node)
{
    machine();
    EXPECT_EQ(take_all_of(1, 3, XENMEMF_exact_node_request), PV_NR_SPARE / 8);
    EXPECT_EQ(take_all_of(1, 3, 0), 0);
    EXPECT_EQ(heap_check(), 0);
}

/* What is claimed elsewhere is no way round it, and what is claimed of the node
 * is redeemed. */
TEST(memory_op_nodes, a_node_is_asked_for_by_one_who_has_claims)
{
    const struct claim both[] = { { 0, 16 }, { 1, 16 } };

    machine();
    for (unsigned int order = 0; order < 4; order += 3) {
        unsigned long others;

        EXPECT_EQ(claim_pages(d, both, 2), 0);
        r->extent_order = order;
        r->mem_flags = XENMEMF_exact_node(1);
        EXPECT_EQ(memory_op(XENMEM_increase_reservation), 1);
        EXPECT(is_of(list[0], 1));
        EXPECT_EQ(d->claimed[0], 16);
        EXPECT_EQ(d->claimed[1], 16 - BIT(order));
        r->mem_flags = XENMEMF_node(1);
        EXPECT_EQ(memory_op(XENMEM_increase_reservation), 1);
        EXPECT_EQ(d->claimed[1], 16 - 2 * BIT(order));
        EXPECT_EQ(claim_pages(d, both, 1), 0);
        r->mem_flags = XENMEMF_exact_node(1);
        EXPECT_EQ(memory_op(XENMEM_increase_reservation), 1);
        EXPECT(is_of(list[0], 1));
        EXPECT_EQ(d->claimed[0], 16 - BIT(order));
        r->mem_flags = XENMEMF_node(1);
        others = d->nr_pages;
        EXPECT_EQ(memory_op(XENMEM_increase_reservation), 1);
        EXPECT_EQ(d->nr_pages, others + BIT(order));
        EXPECT(is_of(list[0], 0));
        EXPECT_EQ(d->claimed[0], 16 - 2 * BIT(order));
        EXPECT_EQ(audit_heap(), 0);
    }
}
