/* SPDX-License-Identifier: MIT */
/* The boot allocator: edges by hand, and random use against the oracle. */
#include <stdio.h>
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/bootmem.h>
#include <xen/e820.h>
#include <xen/errno.h>

#include "../model/apart.h"
#include "../model/naive_bootmem.h"

#define MIB (1UL << 20)

static mfn_t alloc(unsigned long nr, unsigned long align)
{
    return bootmem_alloc(nr, align, PADDR_MAX, "test");
}

/* The next range that is handed over must be [start, start + nr). */
static void expect_range(unsigned long start, unsigned long nr)
{
    mfn_t got = INVALID_MFN;

    EXPECT_EQ(bootmem_take_all(&got), nr);
    if (nr > 0)
        EXPECT_EQ(mfn_x(got), start);
}

TEST(bootmem, nothing_in_nothing_out)
{
    EXPECT(mfn_eq(alloc(1, 1), INVALID_MFN));
    EXPECT_EQ(bootmem_nr_free(), 0);
    EXPECT(bootmem_reservation(0) == NULL);
    EXPECT(bootmem_owner(_mfn(0)) == NULL);
    EXPECT_EQ(bootmem_check(), 0);
    expect_range(0, 0);
}

TEST(bootmem, parts_of_frames_do_not_count)
{
    bootmem_add(0x1001, 0x3fff);
    bootmem_add(0x5000, 0x5fff);
    bootmem_add(0x7001, 0x8000);
    bootmem_add(0x9fff, 0xa001);
    EXPECT_EQ(bootmem_nr_free(), 1);
    expect_range(2, 1);
}

TEST(bootmem, empty_and_reversed_ranges_are_nothing)
{
    bootmem_add(0x4000, 0x4000);
    bootmem_add(0x8000, 0x4000);
    EXPECT_EQ(bootmem_nr_free(), 0);
    bootmem_add(0x1000, 0x9000);
    EXPECT_EQ(bootmem_reserve(0x4000, 0x4000, "empty"), 0);
    EXPECT_EQ(bootmem_reserve(0x4001, 0x4001, "empty"), 0);
    EXPECT_EQ(bootmem_reserve(0x5000, 0x4000, "reversed"), -EINVAL);
    EXPECT_EQ(bootmem_nr_free(), 8);
    EXPECT(bootmem_reservation(0) == NULL);
}

TEST(bootmem, frame_0_is_never_free)
{
    bootmem_add(0, 0x1000);
    EXPECT_EQ(bootmem_nr_free(), 0);
    bootmem_add(0, 0x3000);
    EXPECT_EQ(bootmem_nr_free(), 2);
    expect_range(1, 2);
}

TEST(bootmem, ranges_that_touch_or_overlap_become_one)
{
    bootmem_add(0x1000, 0x2000);
    bootmem_add(0x5000, 0x6000);
    bootmem_add(0x3000, 0x4000);
    EXPECT_EQ(bootmem_nr_free(), 3);
    bootmem_add(0x2000, 0x3000);
    bootmem_add(0x3000, 0x6000);
    bootmem_add(0x1000, 0x6000);
    EXPECT_EQ(bootmem_nr_free(), 5);
    EXPECT_EQ(bootmem_check(), 0);
    expect_range(1, 5);
    expect_range(0, 0);
}

TEST(bootmem, a_byte_keeps_its_frame_whichever_comes_first)
{
    EXPECT_EQ(bootmem_reserve(0x2fff, 0x3001, "before"), 0);
    bootmem_add(0x1000, 0xa000);
    EXPECT_EQ(bootmem_reserve(0x7800, 0x7801, "after"), 0);
    EXPECT_EQ(bootmem_nr_free(), 6);
    bootmem_add(0x1000, 0xa000); /* RAM may come twice */
    EXPECT_EQ(bootmem_nr_free(), 6);
    EXPECT_EQ(bootmem_check(), 0);
    expect_range(8, 2);
    expect_range(4, 3);
    expect_range(1, 1);
    expect_range(0, 0);
}

TEST(bootmem, a_reservation_spans_ranges_and_holes)
{
    for (unsigned long f = 1; f < 100; f += 2)
        bootmem_add(f * 0x1000, (f + 1) * 0x1000);
    EXPECT_EQ(bootmem_reserve(0x1800, 0x61800, "module"), 0);
    EXPECT_EQ(bootmem_nr_free(), 1);
    bootmem_add(0x1000, 0x64000);
    EXPECT_EQ(bootmem_nr_free(), 2);
    EXPECT_EQ(bootmem_check(), 0);
    expect_range(98, 2);
}

TEST(bootmem, nested_reservations_lose_nothing)
{
    for (unsigned long i = 0; i < 1000; i++)
        EXPECT_EQ(
            bootmem_reserve((1000 - i) * 0x1000, (1001 + i) * 0x1000, "nested"),
            0);
    bootmem_add(0x1000, 3000 * 0x1000);
    EXPECT_EQ(bootmem_check(), 0);
    expect_range(2000, 1000);
    expect_range(0, 0);
}

TEST(bootmem, the_end_of_the_address_space_is_an_address_too)
{
    bootmem_add(PADDR_MAX - 2 * PAGE_SIZE, PADDR_MAX);
    EXPECT_EQ(bootmem_reserve(UINT64_MAX - 1, UINT64_MAX, "last"), 0);
    EXPECT_EQ(bootmem_nr_free(), 2);
    EXPECT_EQ(bootmem_reserve(PADDR_MAX - 1, UINT64_MAX, "above"), 0);
    EXPECT_EQ(bootmem_nr_free(), 1);
}

TEST(bootmem, the_highest_frames_that_fit_come_first)
{
    bootmem_add(0x1000, 0x11000);
    bootmem_add(0x20000, 0x24000);
    EXPECT_EQ(mfn_x(alloc(1, 1)), 0x23);
    EXPECT_EQ(mfn_x(alloc(2, 2)), 0x20);
    EXPECT_EQ(mfn_x(alloc(2, 1)), 0xf);
    EXPECT_EQ(mfn_x(alloc(4, 4)), 0x8);
    EXPECT_EQ(bootmem_nr_allocated(), 9);
    EXPECT_EQ(bootmem_nr_free(), 11);
    EXPECT_EQ(bootmem_check(), 0);
}

TEST(bootmem, a_limit_is_kept_to_the_byte)
{
    bootmem_add(0x1000, 0x11000);
    EXPECT_EQ(mfn_x(bootmem_alloc(1, 1, 0x8000, "limit")), 7);
    EXPECT_EQ(mfn_x(bootmem_alloc(1, 1, 0x7fff, "limit")), 6);
    EXPECT_EQ(mfn_x(bootmem_alloc(1, 1, 0x2000, "limit")), 1);
    EXPECT(mfn_eq(bootmem_alloc(1, 1, 0x2000, "limit"), INVALID_MFN));
    EXPECT(mfn_eq(bootmem_alloc(1, 1, 0, "limit"), INVALID_MFN));
}

TEST(bootmem, what_cannot_be_had_is_refused)
{
    bootmem_add(0x1000, 0x8000);
    bootmem_add(0x9000, 0xc000);
    EXPECT(mfn_eq(alloc(0, 1), INVALID_MFN));
    EXPECT(mfn_eq(alloc(8, 1), INVALID_MFN));
    EXPECT(mfn_eq(alloc(8, 8), INVALID_MFN));
    EXPECT(mfn_eq(alloc(1, 512), INVALID_MFN));
    EXPECT(mfn_eq(alloc(1UL << 52, 1), INVALID_MFN));
    EXPECT(mfn_eq(alloc(~0UL, 1), INVALID_MFN));
    EXPECT_EQ(mfn_x(alloc(7, 1)), 1);
    EXPECT_EQ(bootmem_nr_free(), 3);
}

TEST(bootmem, what_was_allocated_does_not_become_free_by_adding_it)
{
    mfn_t mfn;

    bootmem_add(0x1000, 0x11000);
    mfn = alloc(3, 1);
    bootmem_add(0x1000, 0x11000);
    EXPECT_EQ(bootmem_nr_free(), 13);
    EXPECT_STR(bootmem_owner(mfn), "test");
    EXPECT(bootmem_owner(mfn_add(mfn, 3)) == NULL);
}

TEST(bootmem, reservations_are_listed_in_order_of_address)
{
    char owner[64];

    for (unsigned int i = 0; i < 100; i++) {
        unsigned long page = i * 37 % 100;

        snprintf(owner, sizeof(owner), "owner %lu", page);
        EXPECT_EQ(bootmem_reserve(page << 16, (page << 16) + 5, owner), 0);
    }
    for (unsigned int i = 0; i < 100; i++) {
        const struct bootmem_reservation *r = bootmem_reservation(i);

        snprintf(owner, sizeof(owner), "owner %u", i);
        REQUIRE(r != NULL);
        EXPECT_EQ(r->start, (paddr_t)i << 16);
        EXPECT_EQ(r->end, r->start + 5);
        EXPECT_STR(r->owner, owner);
        EXPECT_STR(bootmem_owner(_mfn((unsigned long)i << 4)), owner);
        EXPECT(bootmem_owner(_mfn((i << 4) + 1UL)) == NULL);
    }
    EXPECT(bootmem_reservation(100) == NULL);
}

TEST(bootmem, an_owner_is_copied_and_cut_where_it_is_too_long)
{
    char owner[] = "module 7: a name that is longer than there is room for";

    EXPECT_EQ(bootmem_reserve(0x1000, 0x2000, owner), 0);
    owner[0] = 'X';
    EXPECT_STR(bootmem_owner(_mfn(1)), "module 7: a name that is longer");
    EXPECT(bootmem_owner(_mfn(2)) == NULL);
}

TEST(bootmem, the_log_names_each_owner_and_what_was_lost)
{
    EXPECT_EQ(bootmem_reserve(0x1000, 0x2000, "first of all"), 0);
    EXPECT_EQ(bootmem_reserve(0x8000, 0x9000, "module 0: guest"), 0);
    bootmem_print_reservations();
    EXPECT(strstr(hosted_console(), "first of all") != NULL);
    EXPECT(strstr(hosted_console(), "module 0: guest") != NULL);
    EXPECT(strstr(hosted_console(), "lost") == NULL);
}

TEST(bootmem, allocations_of_one_owner_that_touch_are_one_entry)
{
    bootmem_add(MIB, 16 * MIB);
    for (unsigned int i = 0; i < 2000; i++)
        EXPECT(!mfn_eq(bootmem_alloc(1, 1, PADDR_MAX, "page tables"),
                       INVALID_MFN));
    EXPECT(bootmem_reservation(0) != NULL);
    EXPECT(bootmem_reservation(1) == NULL);
    EXPECT(!mfn_eq(bootmem_alloc(1, 1, PADDR_MAX, "other"), INVALID_MFN));
    EXPECT(bootmem_reservation(1) != NULL);
}

TEST(bootmem, an_allocation_joins_its_owner_only_if_the_order_stays)
{
    bootmem_add(0x1000, 0xb000);
    EXPECT_EQ(mfn_x(bootmem_alloc(1, 1, PADDR_MAX, "X")), 0xa);
    EXPECT_EQ(bootmem_reserve(0xa000, 0xc000, "Y"), 0);
    EXPECT_EQ(mfn_x(bootmem_alloc(1, 1, PADDR_MAX, "Y")), 9);
    EXPECT_EQ(bootmem_reservation(0)->start, 0x9000);
    bootmem_add(0x1000, 0xb000);
    EXPECT_EQ(bootmem_nr_free(), 8);
    EXPECT_EQ(bootmem_check(), 0);
}

/* Each entry of the largest map is a range of its own, and still fits. */
TEST(bootmem, the_largest_map_fits)
{
    for (unsigned long i = 0; i < E820_MAX_ENTRIES; i++)
        bootmem_add((2 * i + 1) * 0x10000, (2 * i + 2) * 0x10000);
    for (unsigned long i = 0; i < 1000; i++)
        EXPECT_EQ(bootmem_reserve((2 * i + 1) * 0x10000 + 0x5000,
                                  (2 * i + 1) * 0x10000 + 0x6000, "split"),
                  0);
    EXPECT_EQ(bootmem_nr_lost(), 0);
    EXPECT_EQ(bootmem_nr_free(), 16 * E820_MAX_ENTRIES - 1000);
    EXPECT_EQ(bootmem_check(), 0);
}

/* B3, where it is hard: every frame is accounted for, also when tables fill. */
TEST(bootmem, frames_that_do_not_fit_the_table_are_counted)
{
    unsigned long nr_added = 10000;

    for (unsigned long i = 0; i < nr_added; i++)
        bootmem_add((2 * i + 1) * 0x1000, (2 * i + 2) * 0x1000);
    EXPECT(bootmem_nr_lost() > 0);
    EXPECT_EQ(bootmem_nr_free() + bootmem_nr_lost(), nr_added);
    EXPECT_EQ(bootmem_check(), 0);

    bootmem_print_reservations();
    EXPECT(strstr(hosted_console(), "frames are lost") != NULL);
}

TEST(bootmem, a_split_without_room_loses_the_smaller_part)
{
    unsigned long nr_free, nr_lost;

    bootmem_add(0x1000, 0x21000); /* 32 frames, from 1 on */
    for (unsigned long i = 0; i < 10000; i++)
        bootmem_add((2 * i + 100) * 0x1000, (2 * i + 101) * 0x1000);
    nr_free = bootmem_nr_free();
    nr_lost = bootmem_nr_lost();

    /* 5 frames below it */
    EXPECT_EQ(bootmem_reserve(0x6000, 0x7000, "small below"), 0);
    EXPECT_EQ(bootmem_nr_lost(), nr_lost + 5);
    EXPECT_EQ(bootmem_nr_free(), nr_free - 6);
    /* 2 above it */
    EXPECT_EQ(bootmem_reserve(0x1e000, 0x1f000, "small above"), 0);
    EXPECT_EQ(bootmem_nr_lost(), nr_lost + 7);
    EXPECT_EQ(bootmem_nr_free(), nr_free - 9);
    EXPECT_EQ(bootmem_check(), 0);
}

TEST(bootmem, a_full_table_of_reservations_refuses_but_keeps_the_range)
{
    unsigned int nr = 0;

    bootmem_add(0x1000, 0x100000);
    while (bootmem_reserve((nr + 1000) * 0x2000UL, (nr + 1000) * 0x2000UL + 1,
                           "other") == 0)
        nr++;
    EXPECT(nr >= 1000);
    EXPECT_EQ(bootmem_reserve(0x4000, 0x5000, "too late"), -ENOSPC);
    EXPECT_EQ(bootmem_nr_free(), 0xff - 1);
    EXPECT(mfn_eq(alloc(1, 1), INVALID_MFN)); /* it could not be listed */
    EXPECT_EQ(bootmem_check(), 0);
}

TEST(bootmem, after_the_hand_over_there_is_nothing_to_be_had)
{
    bootmem_add(0x1000, 0x5000);
    bootmem_add(0x8000, 0x9000);
    expect_range(8, 1);
    EXPECT(mfn_eq(alloc(1, 1), INVALID_MFN));
    EXPECT_BUG(bootmem_add(0x10000, 0x20000));
    expect_range(1, 4);
    expect_range(0, 0);
    expect_range(0, 0);
    EXPECT_EQ(bootmem_nr_free(), 0);
}

/* Half of them are where something starts that is kept. */
static paddr_t random_address(void)
{
    paddr_t address = test_random() % (NAIVE_BOOTMEM_FRAMES * PAGE_SIZE);
    const struct bootmem_reservation *r = bootmem_reservation(address % 16);

    if (r && test_random() % 2)
        return r->start;

    return test_random() % 2 ? address & PAGE_MASK : address;
}

static void random_step(void)
{
    paddr_t a = random_address(), b = a + test_random() % (64 * PAGE_SIZE);
    unsigned long nr = 1 + test_random() % 40;
    unsigned long align = 1UL << test_random() % 7;
    const char *owner = test_random() % 2 ? "random" : "other";
    mfn_t mfn;

    if (b > NAIVE_BOOTMEM_FRAMES * PAGE_SIZE)
        b = NAIVE_BOOTMEM_FRAMES * PAGE_SIZE;
    switch (test_random() % 4) {
    case 0:
    case 1:
        bootmem_add(a, b);
        naive_bootmem_add(a, b);
        break;
    case 2:
        b = a + (b - a) / 8;
        EXPECT_EQ(bootmem_reserve(a, b, owner), 0);
        naive_bootmem_reserve(a, b);
        break;
    case 3:
        mfn = bootmem_alloc(nr, align, a, owner);
        EXPECT_EQ(mfn_eq(mfn, INVALID_MFN) ? 0 : mfn_x(mfn),
                  naive_bootmem_alloc(nr, align, a));
        break;
    }
}

/* Frame by frame, who has it; and last, what is handed over. */
static void expect_agreement(void)
{
    unsigned long start, nr;

    EXPECT_EQ(bootmem_check(), 0);
    EXPECT_EQ(bootmem_nr_free(), naive_bootmem_nr_free());
    EXPECT_EQ(bootmem_nr_lost(), 0);
    for (unsigned long f = 0; f < NAIVE_BOOTMEM_FRAMES; f++)
        EXPECT_EQ(bootmem_owner(_mfn(f)) != NULL, naive_bootmem_is_reserved(f));
    while ((nr = naive_bootmem_take(&start)) > 0)
        expect_range(start, nr);
    expect_range(0, 0);
}

static void random_sequence(void)
{
    for (unsigned int step = 0; step < 60; step++)
        random_step();
    expect_agreement();
}

TEST(bootmem, random_use_agrees_with_the_model)
{
    run_apart(random_sequence, 3000);
}
