/* SPDX-License-Identifier: MIT */
/* memory_op's exchange: frames for frames, all of a chunk or nothing of it. */
#include <hosted.h>
#include <test.h>
#include <xen/claim.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/page_type.h>

#include "../model/pv_guest.h"

#define NR 8U

static struct domain *d, *other;
static struct xen_memory_exchange *e;
static xen_pfn_t *in, *out;
static unsigned long nr_free;

/* NR frames of order 0 for as many of the same order. */
static void guest(void)
{
    d = pv_domain(1, 1);
    other = pv_domain(2, 1);
    guest_run(&d->vcpu[0]);
    e = guest_new(sizeof(*e));
    in = guest_new(64 * sizeof(*in));
    out = guest_new(64 * sizeof(*out));
    for (unsigned int i = 0; i < NR; i++) {
        in[i] = guest_mfn(pv_page(d));
        out[i] = 500 + i;
    }
    *e = (struct xen_memory_exchange){
        .in = { .extent_start = (xen_pfn_t *)pv_address(in),
                .nr_extents = NR,
                .domid = DOMID_SELF },
        .out = { .extent_start = (xen_pfn_t *)pv_address(out),
                 .nr_extents = NR,
                 .domid = DOMID_SELF },
    };
    d->max_pages = NR; /* not one more, not for a moment */
    nr_free = heap_nr_free();
}

static void machine(void)
{
    pv_machine(2);
    guest();
}

static long exchange(void)
{
    long result = guest_call(__HYPERVISOR_memory_op, XENMEM_exchange,
                             pv_address(e), 0, 0);

    EXPECT_EQ(d->nr_pages, NR);
    EXPECT_EQ(heap_nr_free(), nr_free);

    return result;
}

static bool is_own(unsigned long mfn)
{
    return domain_of_page(mfn_to_page(_mfn(mfn))) == d;
}

TEST(memory_exchange, as_many_others_with_the_names_that_they_are_given)
{
    machine();
    pv_write(mfn_to_page(_mfn(in[0])), 3, 77); /* a secret */
    EXPECT_EQ(exchange(), 0);
    EXPECT_EQ(e->nr_exchanged, NR);
    for (unsigned int i = 0; i < NR; i++) {
        EXPECT(is_own(out[i]));
        EXPECT_EQ(m2p_get(_mfn(out[i])), 500 + i);
        EXPECT_EQ(pv_count(mfn_to_page(_mfn(out[i]))), 1);
        EXPECT_EQ(pv_read(mfn_to_page(_mfn(out[i])), 3), 0);
    }
}

TEST(memory_exchange, many_small_ones_for_one_large_one_and_back)
{
    unsigned long large;

    machine();
    e->out.nr_extents = 1;
    e->out.extent_order = 3;
    out[0] = 0x800;
    EXPECT_EQ(exchange(), 0);
    EXPECT_EQ(e->nr_exchanged, NR);
    large = out[0];
    EXPECT_EQ(large % 8, 0);
    for (unsigned int i = 0; i < NR; i++) {
        EXPECT(is_own(large + i));
        EXPECT_EQ(m2p_get(_mfn(large + i)), 0x800 + i);
    }

    e->in.nr_extents = 2;
    e->in.extent_order = 2;
    in[0] = large + 4;
    in[1] = large;
    e->out.nr_extents = 4;
    e->out.extent_order = 1;
    e->nr_exchanged = 0;
    for (unsigned int i = 0; i < 4; i++)
        out[i] = 0x20 * i;
    EXPECT_EQ(exchange(), 0);
    EXPECT_EQ(e->nr_exchanged, 2);
    for (unsigned int i = 0; i < 4; i++)
        EXPECT_EQ(m2p_get(_mfn(out[i] + 1)), 0x20 * i + 1);
}

/* Each input frame in turn is one that cannot be had. */
TEST(memory_exchange, what_was_done_before_a_frame_that_cannot_be_had)
{
    struct page_info *table;

    machine();
    table = mfn_to_page(_mfn(in[5]));
    EXPECT_EQ(guest_op(MMUEXT_PIN_L1_TABLE, guest_mfn(table), 0), 0);
    EXPECT_EQ(exchange(), -EINVAL);
    EXPECT_EQ(e->nr_exchanged, 5);
    EXPECT(is_own(in[5]) && is_own(in[6]));
    EXPECT_EQ(out[5], 505);

    /* In a chunk of several it is all or nothing. */
    for (unsigned int i = 0; i < 5; i++)
        in[i] = out[i];
    e->out = e->in;
    e->out.extent_start = (xen_pfn_t *)pv_address(out);
    e->out.nr_extents = 2;
    e->out.extent_order = 2;
    out[0] = out[1] = 0x40;
    e->nr_exchanged = 0;
    EXPECT_EQ(exchange(), -EINVAL);
    EXPECT_EQ(e->nr_exchanged, 4);
    EXPECT_EQ(out[1], 0x40);
    for (unsigned int i = 4; i < NR; i++)
        EXPECT(is_own(in[i]));
    EXPECT_EQ(guest_op(MMUEXT_UNPIN_TABLE, guest_mfn(table), 0), 0);
    EXPECT_EQ(exchange(), 0); /* goes on from there */
    EXPECT_EQ(e->nr_exchanged, NR);
}

/* XSA-32, XSA-167. */
TEST(memory_exchange, row_32_167_frames_that_are_none)
{
    const xen_pfn_t bad[] = { ~0UL, 1UL << 52, 0, 1UL << 40, nr_pdxs };

    machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        in[0] = bad[i];
        EXPECT_EQ(exchange(), -EINVAL);
    }
    in[0] = guest_mfn(pv_page(other));
    nr_free--;
    EXPECT_EQ(exchange(), -EINVAL);
    in[0] = in[1]; /* the same one twice: once it can be had */
    EXPECT_EQ(exchange(), -EINVAL);
    EXPECT_EQ(e->nr_exchanged, 1);
}

/* XSA-29, XSA-212: what a guest says is done is an index into its arrays: it is
 * checked each time, and so is each address. */
TEST(memory_exchange, row_29_212_arrays_that_wrap)
{
    static const struct {
        unsigned long start, nr, done;
        int error;
    } row[] = {
        { 0, 1UL << 61, 0, -EFAULT },
        { 0, 1UL << 61 | NR, 1UL << 61, -EFAULT },
        { -64UL, 16, 8, -EFAULT },
        { HYPERVISOR_VIRT_START, NR, 0, -EFAULT },
        { HYPERVISOR_VIRT_START - 8, NR, 1, -EFAULT },
        { HYPERVISOR_VIRT_END - 64, 16, 9, -EFAULT },
        { 0x1000, NR, 0, -EFAULT },
        { 0x1000, NR, NR + 1, -EINVAL },
        { 0x1000, ~0UL, ~0UL, -EFAULT },
    };

    for (unsigned int i = 0; i < 2 * ARRAY_SIZE(row); i++) {
        struct xen_memory_reservation *side;

        if (i == 0)
            machine();
        e->in.extent_start = (xen_pfn_t *)pv_address(in);
        e->out.extent_start = (xen_pfn_t *)pv_address(out);
        side = i % 2 ? &e->in : &e->out;
        side->extent_start = (xen_pfn_t *)row[i / 2].start;
        e->in.nr_extents = e->out.nr_extents = row[i / 2].nr;
        e->nr_exchanged = row[i / 2].done;
        EXPECT_EQ(exchange(), row[i / 2].error);
        EXPECT_EQ(e->nr_exchanged, row[i / 2].done);
    }
}

TEST(memory_exchange, demands_that_make_no_sense)
{
    machine();
    e->out.domid = 2;
    EXPECT_EQ(exchange(), -EINVAL);
    e->in.domid = 2;
    EXPECT_EQ(exchange(), -EPERM);
    e->in.domid = e->out.domid = 9;
    EXPECT_EQ(exchange(), -ESRCH);
    e->in.domid = e->out.domid = DOMID_SELF;
    e->out.nr_extents = NR - 1;
    EXPECT_EQ(exchange(), -EINVAL);
    e->in.nr_extents = e->out.nr_extents = 1UL << 61;
    e->in.extent_order = 4;
    EXPECT_EQ(exchange(), -EINVAL);
    EXPECT_EQ(guest_call(__HYPERVISOR_memory_op, XENMEM_exchange, 0x1000, 0, 0),
              -EFAULT);
    EXPECT_EQ(guest_call(__HYPERVISOR_memory_op,
                         XENMEM_exchange | 1 << MEMOP_EXTENT_SHIFT,
                         pv_address(e), 0, 0),
              -EINVAL);
    e->in.extent_order = e->out.extent_order = 0;
    e->in.nr_extents = e->out.nr_extents = 0;
    EXPECT_EQ(exchange(), 0);
}

/* XSA-31, XSA-158. */
TEST(memory_exchange, row_31_158_orders_that_are_too_large)
{
    static const unsigned int order[] = { 10, 20, 40, 63, 64, ~0U };

    machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(order); i++) {
        e->in.extent_order = order[i];
        EXPECT_EQ(exchange(), -EPERM);
        e->in.extent_order = 0;
        e->out.extent_order = order[i];
        EXPECT_EQ(exchange(), -EPERM);
        e->out.extent_order = 0;
    }
}

TEST(memory_exchange, row_45_a_call_that_always_has_to_yield_ends)
{
    machine();
    e->out.extent_order = 1;
    e->out.nr_extents = NR / 2;
    hosted_yield(guest_always_yields);
    EXPECT_EQ(exchange(), 0);
    hosted_yield(NULL);
    EXPECT_EQ(guest_rounds, NR / 2);
    EXPECT_EQ(e->nr_exchanged, NR);
}

/* Each access to the guest's memory in turn is the first that fails. */
TEST(memory_exchange, whatever_cannot_be_read_or_written_nothing_is_lost)
{
    long result = -EFAULT;

    machine();
    for (unsigned int n = 0; result != 0; n++) {
        for (unsigned int i = 0; i < NR; i++)
            out[i] = 500 + i;
        e->nr_exchanged = 0;
        hosted_fail_access_after(n);
        result = exchange();
        hosted_fail_access_after(~0U);
        EXPECT(result == 0 || result == -EFAULT);
        for (unsigned int i = 0; i < NR; i++)
            if (out[i] != 500 + i)
                in[i] = out[i]; /* what was told */
        for (unsigned long mfn = PV_FIRST_FRAME, i = 0;
             mfn < PV_SPARE_FRAME + PV_NR_SPARE && i < NR; mfn++)
            if (mfn_valid(_mfn(mfn)) && is_own(mfn))
                in[i++] = mfn; /* what it finds it has */
        REQUIRE(n < 100);
    }
    EXPECT_EQ(e->nr_exchanged, NR);
}

TEST(memory_exchange, without_memory_nothing_happens)
{
    machine();
    while (alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL))
        ;
    nr_free = 0;
    EXPECT_EQ(exchange(), -ENOMEM);
    EXPECT_EQ(e->nr_exchanged, 0);
    for (unsigned int i = 0; i < NR; i++)
        EXPECT(is_own(in[i]));
}

/* All that is free, but for @nr frames, is promised to @who; returns how much
 * that is. What the guest has been given it will give next. */
static unsigned long claim_all_but(struct domain *who, unsigned long nr)
{
    const struct claim claim = { CLAIM_ANY_NODE, nr_free - nr };

    EXPECT_EQ(claim_pages(who, &claim, 1), 0);
    e->nr_exchanged = 0;
    if (e->out.nr_extents == NR)
        for (unsigned int i = 0; i < NR && is_own(out[i]); i++) {
            in[i] = out[i];
            out[i] = 500 + i;
        }

    return claim.nr;
}

TEST(memory_exchange, what_another_domain_has_claimed_is_not_there)
{
    unsigned long nr;

    machine();
    nr = claim_all_but(other, 0);
    EXPECT_EQ(exchange(), -ENOMEM);
    EXPECT_EQ(e->nr_exchanged, 0);
    for (unsigned int i = 0; i < NR; i++)
        EXPECT(is_own(in[i]));
    EXPECT_EQ(other->nr_claimed, nr);

    /* One is enough: for each that it gets it gives one back. */
    nr = claim_all_but(other, 1);
    EXPECT_EQ(exchange(), 0);
    EXPECT_EQ(other->nr_claimed, nr);

    /* Of a chunk of several, of which the last cannot be had, none is kept. */
    claim_all_but(other, NR - 1);
    e->in.nr_extents = 1;
    e->in.extent_order = 3;
    EXPECT_EQ(exchange(), -ENOMEM);
    e->in.nr_extents = NR;
    e->in.extent_order = 0;
    e->out.nr_extents = 1;
    e->out.extent_order = 3;
    EXPECT_EQ(exchange(), -ENOMEM);
    nr = claim_all_but(other, NR);
    EXPECT_EQ(exchange(), 0);
    EXPECT_EQ(other->nr_claimed, nr);
    while (nr-- > 0)
        EXPECT(alloc_domheap_pages(other, 0, HEAP_NO_LIMIT, 0) != NULL);
    EXPECT_EQ(other->nr_claimed, 0);
    EXPECT_EQ(heap_nr_free(), NR);
}

/* It is promised frames besides those that it has, and it has as many. */
TEST(memory_exchange, its_own_claim_stays_what_it_is)
{
    unsigned long nr;

    machine();
    d->max_pages = nr_free + NR;
    nr = claim_all_but(d, 0);
    EXPECT_EQ(exchange(), -ENOMEM);
    EXPECT_EQ(d->nr_claimed, nr);
    nr = claim_all_but(d, 1);
    d->max_pages = nr + NR; /* not one more, not for a moment */
    EXPECT_EQ(exchange(), 0);
    EXPECT_EQ(d->nr_claimed, nr);
}

/* XSA-159: a domain may die in the middle, when it no longer has what it gave
 * and cannot have what it was to get. */
TEST(memory_exchange, row_159_a_domain_that_dies_loses_what_was_underway)
{
    struct hypercall call = {
        __HYPERVISOR_memory_op, { XENMEM_exchange }, 0, false
    };

    machine();
    call.argument[1] = pv_address(e);
    __atomic_store_n(&d->state, DOMAIN_DYING, __ATOMIC_SEQ_CST);
    hypercall(&call);
    EXPECT_EQ(call.result, -EINVAL);
    EXPECT_EQ(e->nr_exchanged, 1);
    EXPECT_EQ(d->nr_pages, NR - 1);
    EXPECT_EQ(heap_nr_free(), nr_free + 1);
}

TEST(memory_exchange, what_it_gets_is_of_the_node_that_it_asks_for)
{
    pv_machine_of_two_nodes(2);
    guest();
    e->out.mem_flags = XENMEMF_exact_node(1);
    EXPECT_EQ(exchange(), 0);
    for (unsigned int i = 0; i < NR; i++)
        EXPECT_EQ(node_of_pdx(mfn_to_pdx(_mfn(out[i]))), 1);
    for (unsigned int node = 2; node < 255; node++) {
        e->nr_exchanged = 0;
        e->out.mem_flags = XENMEMF_exact_node(node);
        EXPECT_EQ(exchange(), -ENOMEM);
    }
}
