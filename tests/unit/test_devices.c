/* SPDX-License-Identifier: MIT */
/* Which frames of devices a domain may map, and whose they are. */
#include <hosted.h>
#include <test.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>

#include "../model/pv_machine.h"
#include "../model/small_machine.h"

/* Of frames that are no RAM, one has an entry, the other one has none. */
#define IN_TABLE  (PV_SPARE_FRAME + PV_NR_SPARE)
#define NOT_THERE (FRAMES_PER_GROUP * 16)

static struct domain *d;

static void one_domain(void)
{
    pv_machine(1);
    d = pv_domain(1, 1);
}

TEST(devices, a_domain_may_map_what_it_was_permitted)
{
    one_domain();
    EXPECT(!domain_may_map_device(d, _mfn(NOT_THERE)));
    EXPECT_EQ(domain_permit_device(d, _mfn(NOT_THERE), 2), 0);
    EXPECT_EQ(domain_permit_device(d, _mfn(NOT_THERE + 8), 1), 0);
    EXPECT(!domain_may_map_device(d, _mfn(NOT_THERE - 1)));
    EXPECT(domain_may_map_device(d, _mfn(NOT_THERE)));
    EXPECT(domain_may_map_device(d, _mfn(NOT_THERE + 1)));
    EXPECT(!domain_may_map_device(d, _mfn(NOT_THERE + 2)));
    EXPECT(domain_may_map_device(d, _mfn(NOT_THERE + 8)));
    EXPECT(!domain_may_map_device(d, INVALID_MFN));
    EXPECT(!domain_may_map_device(pv_domain(2, 1), _mfn(NOT_THERE)));
}

TEST(devices, a_range_that_is_none_is_refused)
{
    const unsigned long end = PADDR_MAX >> PAGE_SHIFT;

    one_domain();
    EXPECT_EQ(domain_permit_device(d, _mfn(NOT_THERE), 0), -EINVAL);
    EXPECT_EQ(domain_permit_device(d, _mfn(end), 1), -EINVAL);
    EXPECT_EQ(domain_permit_device(d, _mfn(end - 1), 2), -EINVAL);
    EXPECT_EQ(domain_permit_device(d, _mfn(NOT_THERE), ~0UL), -EINVAL);
    EXPECT_EQ(domain_permit_device(d, INVALID_MFN, 1), -EINVAL);
    EXPECT_EQ(d->nr_devices, 0);
    EXPECT_EQ(domain_permit_device(d, _mfn(end - 1), 1), 0);
}

TEST(devices, there_are_only_so_many_ranges)
{
    one_domain();
    for (unsigned int i = 0; i < DOMAIN_MAX_DEVICES; i++)
        EXPECT_EQ(domain_permit_device(d, _mfn(NOT_THERE + i), 1), 0);
    EXPECT_EQ(domain_permit_device(d, _mfn(NOT_THERE + 99), 1), -ENOSPC);
    EXPECT(!domain_may_map_device(d, _mfn(NOT_THERE + 99)));
}

/* XSA-248: what has an entry gets an owner, who is nobody that could use it. */
TEST(devices, what_has_an_entry_becomes_the_devices)
{
    struct page_info *pg;

    one_domain();
    EXPECT_EQ(domain_permit_device(d, _mfn(IN_TABLE), 3), 0);
    pg = mfn_to_page(_mfn(IN_TABLE));
    EXPECT(domain_of_page(pg) == dom_io && domain_of_page(pg + 2) == dom_io);
    EXPECT(page_info_is_zero(pg + 3));
    EXPECT_EQ(dom_io->nr_extra_pages, 3);
    EXPECT(!get_page(pg, d));

    /* Another may map it too, and it is still owned once. */
    EXPECT_EQ(domain_permit_device(pv_domain(2, 1), _mfn(IN_TABLE + 2), 2), 0);
    EXPECT_EQ(dom_io->nr_extra_pages, 4);
    EXPECT_EQ(pg[2].count_info, PGC_allocated | PGC_extra | 1);
}

TEST(devices, the_check_of_the_frame_table_knows_them)
{
    static const struct ram ram[] = {
        { PV_FIRST_FRAME, PV_NR_FRAMES },
        { PV_SPARE_FRAME, PV_NR_SPARE },
    };
    const struct memory_map *map = small_machine_map(ram, ARRAY_SIZE(ram));

    one_domain();
    EXPECT_EQ(domain_permit_device(d, _mfn(IN_TABLE), 1), 0);
    EXPECT_EQ(frame_table_check(map), 0);
    EXPECT_EQ(assign_pages(d, mfn_to_page(_mfn(IN_TABLE + 1)), 0, 0), 0);
    EXPECT_EQ(frame_table_check(map), 4);
}

TEST(devices, memory_is_no_device)
{
    struct page_info *pg, *stolen;
    unsigned long first;

    one_domain();
    pg = pv_page(d);
    first = mfn_x(page_to_mfn(pg));
    EXPECT_EQ(domain_permit_device(d, _mfn(first), 1), -EBUSY);
    EXPECT_EQ(domain_permit_device(d, _mfn(0), NOT_THERE), -EBUSY);
    EXPECT_EQ(d->nr_devices, 0);
    EXPECT_EQ(dom_io->nr_extra_pages, 0);

    stolen = pv_page(d); /* free, and so not the head of its block either */
    first = mfn_x(page_to_mfn(stolen));
    EXPECT(get_page(stolen, d) && put_page_allocated(stolen));
    put_page(stolen);
    EXPECT_EQ(domain_permit_device(d, _mfn(first), 1), -EBUSY);
}

/* Where RAM begins that the heap never had: nobody has needed an entry yet. */
TEST(devices, one_that_has_a_place_gets_its_entry)
{
    static const struct ram ram[] = {
        { PV_FIRST_FRAME, PV_NR_FRAMES },
        { 5 * FRAMES_PER_GROUP, 64 },
    };
    mfn_t mfn = _mfn(5 * FRAMES_PER_GROUP + 64);

    small_machine(ram, 2);
    heap_add(_mfn(ram[0].start), ram[0].nr);
    hosted_arena_init();
    EXPECT_EQ(m2p_init(), 0);
    EXPECT_EQ(domains_init(), 0);
    d = pv_domain(1, 1);
    EXPECT(!mfn_valid(mfn));
    EXPECT_EQ(domain_permit_device(d, mfn, 2), 0);
    EXPECT_EQ(page_owner_tag(mfn_to_page(mfn)), dom_io->tag);
    EXPECT_EQ(page_owner_tag(mfn_to_page(mfn_add(mfn, 2))), 0);
}
