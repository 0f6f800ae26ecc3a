/* SPDX-License-Identifier: MIT */
/* memory_op's exchange for whole chunks of memory that was in use before. */
#include <hosted.h>
#include <test.h>
#include <xen/audit.h>
#include <xen/domheap.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>

#include "../model/pv_guest.h"
#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define FIRST 4096U
#define NR    (3 * 4096U)
#define NAME  0x800U

static struct domain *d;
static struct xen_memory_exchange *e;
static xen_pfn_t *in, *out;
static char audit_memory[1 << 19] __aligned(16);

/* Single frames of @d's for a block of @order. */
static void machine(unsigned int order)
{
    static const struct ram ram[] = { { FIRST, NR } };

    some_cpus(2);
    small_machine_heap(ram, 1);
    hosted_arena_init();
    REQUIRE(m2p_init() == 0 && domains_init() == 0);
    d = pv_domain(1, 1);
    d->privileged = order > CHUNK_ORDER;
    guest_run(&d->vcpu[0]);
    audit_lend(audit_memory, sizeof(audit_memory));
    e = guest_new(sizeof(*e));
    in = guest_new(sizeof(*in) << order);
    out = guest_new(sizeof(*out));
    for (unsigned long i = 0; i < BIT(order); i++)
        in[i] = guest_mfn(pv_page(d));
    out[0] = NAME;
    *e = (struct xen_memory_exchange){
        .in = { .extent_start = (xen_pfn_t *)pv_address(in),
                .nr_extents = BIT(order),
                .domid = DOMID_SELF },
        .out = { .extent_start = (xen_pfn_t *)pv_address(out),
                 .nr_extents = 1,
                 .extent_order = order,
                 .domid = DOMID_SELF },
    };
}

/* All that is free has a secret in it, and CPU 1 may see it by its TLB. */
static void use_all_memory(void)
{
    static struct page_info *pg[NR];
    cpumask_t who = { { BIT(1) } };
    unsigned int nr = 0;

    while ((pg[nr] = alloc_heap_pages(0, HEAP_NO_LIMIT, 0, NULL)) != NULL)
        pv_write(pg[nr++], 3, 77);
    while (nr > 0)
        free_heap_pages(pg[--nr], 0, tlb_debt_now(&who));
    heap_drain();
}

static void try_order(unsigned int order)
{
    machine(order);
    use_all_memory();
    EXPECT_EQ(guest_call(__HYPERVISOR_memory_op, XENMEM_exchange, pv_address(e),
                         0, 0),
              0);
    EXPECT_EQ(e->nr_exchanged, BIT(order));
    EXPECT_EQ(out[0] % BIT(order), 0);
    for (unsigned long i = 0; i < BIT(order); i++) {
        struct page_info *pg = mfn_to_page(_mfn(out[0] + i));

        REQUIRE(domain_of_page(pg) == d);
        REQUIRE(pg->count_info == (PGC_allocated | 1));
        REQUIRE(pg->inuse_overlay.type_info == 0);
        REQUIRE(m2p_get(page_to_mfn(pg)) == NAME + i);
        REQUIRE(pv_read(pg, 3) == 0);
    }
    /* Each is given back by itself. */
    for (unsigned long i = 0; i < BIT(order); i++) {
        struct page_info *pg = mfn_to_page(_mfn(out[0] + i));

        REQUIRE(release_pages(d, &pg, 1) == 1);
    }
    EXPECT_EQ(audit_heap(), 0);
    EXPECT_EQ(heap_check(), 0);
}

TEST(exchange_large, a_chunk_out_of_memory_that_was_in_use)
{
    try_order(CHUNK_ORDER);
}

TEST(exchange_large, eight_chunks_out_of_memory_that_was_in_use)
{
    try_order(12);
}
