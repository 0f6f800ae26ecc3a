/* SPDX-License-Identifier: MIT */
/* Requests that fail on purpose: which do, and what their callers make of it.
 */
#include <public/grant_table.h>

#include <hosted.h>
#include <test.h>
#include <xen/audit.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/heap_fault.h>
#include <xen/page_alloc.h>
#include <xen/relinquish.h>

#include "../model/pv_guest.h"
#include "../model/small_machine.h"

static void heap_of_one_chunk(void)
{
    const struct ram ram[] = { { CHUNK_FRAMES, CHUNK_FRAMES } };

    small_machine_heap(ram, 1);
}

static bool gets(unsigned int order)
{
    struct page_info *pg =
        alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);

    if (pg)
        free_heap_pages(pg, order, TLB_NO_DEBT);

    return pg != NULL;
}

/* Which of the first 32 requests are served? A bit for each. */
static unsigned long served(void)
{
    unsigned long bits = 0;

    for (unsigned int i = 0; i < 32; i++)
        bits |= (unsigned long)gets(i % 5) << i;

    return bits;
}

TEST(heap_fault, the_nth_request_fails_and_no_other)
{
    heap_of_one_chunk();
    for (unsigned int n = 1; n <= 32; n++) {
        heap_fail_at(n, 0);
        EXPECT_EQ(served(), ~BIT(n - 1) & 0xffffffff);
        EXPECT_EQ(heap_nr_faults(), 1);
    }
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_fault, so_does_each_one_of_a_series)
{
    heap_of_one_chunk();
    for (unsigned int every = 1; every < 8; every++) {
        unsigned long expected = 0xffffffff;

        for (unsigned int i = 2; i < 32; i += every)
            expected &= ~BIT(i);
        heap_fail_at(3, every);
        EXPECT_EQ(served(), expected);
        EXPECT_EQ(heap_nr_faults(), 32 - count_bits(expected));
    }
}

TEST(heap_fault, none_fails_once_that_is_over)
{
    heap_of_one_chunk();
    heap_fail_at(1, 1);
    EXPECT_EQ(served(), 0);
    heap_fail_at(0, 0);
    EXPECT_EQ(served(), 0xffffffff);
    EXPECT_EQ(heap_nr_faults(), 0);
}

/* One after the last that is to fail, the short ways are open again: memory has
 * been added meanwhile, which they must not take for out of reach. */
TEST(heap_fault, memory_may_be_added_meanwhile)
{
    const struct ram ram[] = { { CHUNK_FRAMES, 2 * CHUNK_FRAMES } };

    small_machine(ram, 1);
    heap_fail_at(1, 0);
    heap_add(_mfn(CHUNK_FRAMES), 2 * CHUNK_FRAMES);
    EXPECT(!gets(0));
    for (unsigned long i = 0; i < 2 * CHUNK_FRAMES; i++) {
        struct page_info *pg = alloc_heap_pages(
            0, 2 * CHUNK_FRAMES << PAGE_SHIFT, HEAP_NO_SCRUB, NULL);

        EXPECT_EQ(pg != NULL, i < CHUNK_FRAMES);
        EXPECT(!pg || mfn_x(page_to_mfn(pg)) < 2 * CHUNK_FRAMES);
    }
}

TEST(heap_fault, a_stream_gets_fewer_frames)
{
    struct heap_stream stream = { 0 };
    struct tlb_debt debt = TLB_NO_DEBT;
    struct page_info *page[8];
    unsigned int nr;

    heap_of_one_chunk();
    heap_fail_at(4, 0);
    nr = alloc_heap_stream(&stream, HEAP_NO_LIMIT, HEAP_NO_SCRUB, page, 8,
                           &debt);
    EXPECT_EQ(nr, 3);
    while (nr-- > 0)
        free_heap_pages(page[nr], 0, TLB_NO_DEBT);
    heap_stream_end(&stream);
    EXPECT_EQ(heap_nr_free(), CHUNK_FRAMES);
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_fault, what_failed_is_said_but_not_each_time)
{
    heap_of_one_chunk();
    hosted_console_clear();
    heap_fail_at(1, 1);
    EXPECT(!gets(3));
    EXPECT_STR(hosted_console(), "heap: a request of order 3 fails, as was "
                                 "asked for; 1 so far\n");
    gets(0);
    hosted_console_clear();
    gets(0);
    EXPECT_STR(hosted_console(), "");
}

/* What guests of a first boot do: they are made, take memory, change some of it
 * for other, and grant some. Any of it may fail. */
#define NR 6U
static struct xen_memory_reservation *reservation;
static struct xen_memory_exchange *exchange;
static struct gnttab_setup_table *setup;
static struct gnttab_map_grant_ref *map;
static xen_pfn_t *frames, *others, *shared;

static void begin(void)
{
    pv_machine(1);
    reservation = guest_new(sizeof(*reservation));
    exchange = guest_new(sizeof(*exchange));
    setup = guest_new(sizeof(*setup));
    map = guest_new(sizeof(*map));
    frames = guest_new(NR * sizeof(*frames));
    others = guest_new(NR * sizeof(*others));
    shared = guest_new(2 * sizeof(*shared));
}

/* Returns how many blocks of two frames it has. */
static unsigned int populate(void)
{
    for (unsigned int i = 0; i < NR; i++)
        frames[i] = 100 + 2 * i;
    *reservation = (struct xen_memory_reservation){
        .extent_start = (xen_pfn_t *)pv_address(frames),
        .nr_extents = NR,
        .extent_order = 1,
        .domid = DOMID_SELF,
    };

    return (unsigned int)guest_call(__HYPERVISOR_memory_op,
                                    XENMEM_populate_physmap,
                                    pv_address(reservation), 0, 0);
}

static void exchange_some(unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++)
        others[i] = 200 + 2 * i;
    *exchange = (struct xen_memory_exchange){
        .in = { .extent_start = (xen_pfn_t *)pv_address(frames),
                .nr_extents = nr,
                .extent_order = 1,
                .domid = DOMID_SELF },
        .out = { .extent_start = (xen_pfn_t *)pv_address(others),
                 .nr_extents = nr,
                 .extent_order = 1,
                 .domid = DOMID_SELF },
    };
    guest_call(__HYPERVISOR_memory_op, XENMEM_exchange, pv_address(exchange), 0,
               0);
}

/* @granter, which runs, grants one of its frames to @user, which maps it. */
static void grant_one(struct domain *granter, struct domain *user)
{
    struct page_info *pg = alloc_domheap_pages(granter, 0, HEAP_NO_LIMIT, 0);

    if (!pg)
        return;
    *setup = (struct gnttab_setup_table){
        .dom = DOMID_SELF,
        .nr_frames = 2,
        .frame_list = (unsigned long *)pv_address(shared),
    };
    guest_call(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
               pv_address(setup), 1, 0);
    if (setup->status != GNTST_okay)
        return;
    pv_write(mfn_to_page(_mfn(shared[0])), 8,
             guest_mfn(pg) << 32 | (uint64_t)user->id << 16 |
                 GTF_permit_access);
    guest_run(&user->vcpu[0]);
    *map = (struct gnttab_map_grant_ref){
        .flags = GNTMAP_device_map,
        .ref = 8,
        .dom = granter->id,
    };
    guest_call(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref,
               pv_address(map), 1, 0);
}

static struct domain *create(domid_t id)
{
    struct domain *d = NULL;

    return domain_create(id, 2, PV_NO_QUOTA, &d) ? NULL : d;
}

static void live(void)
{
    struct domain *d = create(1), *user = create(2);
    unsigned int nr;

    if (d) {
        guest_run(&d->vcpu[0]);
        nr = populate();
        if (nr > 0)
            exchange_some(nr);
        if (user)
            grant_one(d, user);
        pv_run(0, NULL);
        EXPECT_EQ(domain_destroy(d), 0);
    }
    if (user)
        EXPECT_EQ(domain_destroy(user), 0);
}

TEST(heap_fault, nothing_leaks_whichever_request_of_a_boot_fails)
{
    unsigned long nth = 0, free, nr_faults;

    begin();
    live();
    free = heap_nr_free();
    do {
        heap_fail_at(++nth, 0);
        live();
        nr_faults = heap_nr_faults();
        heap_fail_at(0, 0);
        EXPECT_EQ(heap_nr_free(), free);
        EXPECT_EQ(audit(), 0);
        EXPECT_EQ(heap_check(), 0);
    } while (nr_faults > 0);
    EXPECT(nth > 20);
}

TEST(heap_fault, nor_if_many_of_them_do)
{
    unsigned long free;

    begin();
    live();
    free = heap_nr_free();
    for (unsigned long every = 1; every < 8; every++) {
        for (unsigned long nth = 1; nth < 16; nth++) {
            heap_fail_at(nth, every);
            live();
            heap_fail_at(0, 0);
            EXPECT_EQ(heap_nr_free(), free);
            EXPECT_EQ(audit(), 0);
        }
    }
    EXPECT_EQ(heap_check(), 0);
}
