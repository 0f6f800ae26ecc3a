/* SPDX-License-Identifier: MIT */
/* What is made of entries, case by case. */
#include <string.h>

#include "memory_map_rows.h"

TEST(memory_map, no_entry_makes_no_range)
{
    build(0);
    EXPECT_EQ(memory_map_ram_end(&map), 0);
    EXPECT(!memory_map_find(&map, 0));
    EXPECT_EQ(memory_map_limit(&map, 0, REASON_MEM_LIMIT), 0);
}

TEST(memory_map, one_entry_is_a_map)
{
    add(0, 0x8000000, E820_RAM);
    build(1);
    EXPECT_ROW(0, 0, 0x8000000, MEMORY_RAM, REASON_FIRMWARE);
}

/* As GRUB reports a PC of 256 MiB. */
TEST(memory_map, what_a_pc_reports_comes_out_sorted_and_whole)
{
    add(0x100000, 0xffe0000, E820_RAM);
    add(0xfffc0000, 0x100000000, E820_RESERVED);
    add(0, 0x9fc00, E820_RAM);
    add(0x9fc00, 0xa0000, E820_RESERVED);
    add(0xf0000, 0x100000, E820_RESERVED);
    add(0xffe0000, 0x10000000, E820_RESERVED);
    build(7);
    EXPECT_ROW(0, 0, 0x9f000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT_ROW(1, 0x9f000, 0x9fc00, MEMORY_RESERVED, REASON_PARTIAL_FRAME);
    EXPECT_ROW(2, 0x9fc00, 0xa0000, MEMORY_RESERVED, REASON_FIRMWARE);
    EXPECT_ROW(3, 0xf0000, 0x100000, MEMORY_RESERVED, REASON_FIRMWARE);
    EXPECT_ROW(4, 0x100000, 0xffe0000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT_ROW(5, 0xffe0000, 0x10000000, MEMORY_RESERVED, REASON_FIRMWARE);
    EXPECT_ROW(6, 0xfffc0000, 0x100000000, MEMORY_RESERVED, REASON_FIRMWARE);
}

TEST(memory_map, each_kind_wins_over_those_before_it)
{
    static const uint32_t type[NR_MEMORY_KINDS] = {
        [MEMORY_RAM] = E820_RAM,
        [MEMORY_NVS] = E820_NVS,
        [MEMORY_PERSISTENT] = E820_PERSISTENT,
        [MEMORY_ACPI] = E820_ACPI,
        [MEMORY_RESERVED] = E820_RESERVED,
        [MEMORY_UNUSABLE] = E820_UNUSABLE,
    };

    for (unsigned int a = 0; a <= MEMORY_UNUSABLE; a++) {
        for (unsigned int b = 0; b <= MEMORY_UNUSABLE; b++) {
            enum memory_kind winner = a > b ? a : b;

            raw.nr = 0;
            add(0x1000, 0x3000, type[a]);
            add(0x1000, 0x3000, type[b]);
            build(1);
            EXPECT_ROW(0, 0x1000, 0x3000, winner,
                       a == b ? REASON_FIRMWARE : REASON_OVERLAP);
        }
    }
}

TEST(memory_map, an_overlap_splits_what_it_lies_in)
{
    add(0, 0x10000, E820_RAM);
    add(0x4000, 0x6000, E820_RESERVED);
    build(3);
    EXPECT_ROW(0, 0, 0x4000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT_ROW(1, 0x4000, 0x6000, MEMORY_RESERVED, REASON_OVERLAP);
    EXPECT_ROW(2, 0x6000, 0x10000, MEMORY_RAM, REASON_FIRMWARE);
}

TEST(memory_map, duplicates_do_not_disagree)
{
    add(0, 0x4000, E820_RAM);
    add(0, 0x4000, E820_RAM);
    add(0x8000, 0x9000, E820_NVS);
    add(0x8000, 0x9000, E820_NVS);
    build(2);
    EXPECT_ROW(0, 0, 0x4000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT_ROW(1, 0x8000, 0x9000, MEMORY_NVS, REASON_FIRMWARE);
}

TEST(memory_map, what_nobody_speaks_of_is_in_no_range)
{
    add(0, 0x1000, E820_RAM);
    add(0x2000, 0x3000, E820_RAM);
    build(2);
    EXPECT(!memory_map_find(&map, 0x1000));
    EXPECT(!memory_map_is_ram(&map, 0, 0x3000));
}

/* GRUB lets EFI's runtime code through as type 20; microvm ends with type 0. */
TEST(memory_map, unknown_types_are_reserved_and_say_so)
{
    add(0, 0x1000, 20);
    add(0x1000, 0x2000, 0);
    add(0x2000, 0x3000, 6);
    add(0x3000, 0x4000, E820_UNKNOWN);
    add(0x4000, 0x5000, E820_RESERVED);
    add(0, 0x8000, E820_RAM);
    e820_add(&raw, 0, 0, 0);
    build(2);
    EXPECT_ROW(0, 0, 0x5000, MEMORY_RESERVED, REASON_OVERLAP);

    raw.nr = 5;
    build(2);
    EXPECT_ROW(0, 0, 0x4000, MEMORY_RESERVED, REASON_UNKNOWN_TYPE);
    EXPECT_ROW(1, 0x4000, 0x5000, MEMORY_RESERVED, REASON_FIRMWARE);
}

TEST(memory_map, an_empty_entry_says_nothing)
{
    add(0, 0x4000, E820_RAM);
    add(0x2000, 0x2000, E820_UNUSABLE);
    add(0x9000, 0x9000, E820_RAM);
    build(1);
    EXPECT_ROW(0, 0, 0x4000, MEMORY_RAM, REASON_FIRMWARE);
}

TEST(memory_map, ram_that_wraps_is_reserved_from_its_start)
{
    add(0, 0x10000, E820_RAM);
    e820_add(&raw, 0x8000, UINT64_MAX, E820_RAM);
    build(3);
    EXPECT_ROW(0, 0, 0x8000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT_ROW(1, 0x8000, 0x10000, MEMORY_RESERVED, REASON_OVERLAP);
    EXPECT_ROW(2, 0x10000, PADDR_MAX, MEMORY_RESERVED, REASON_WRAPS);
    EXPECT(strstr(hosted_console(), "entry 1 wraps"));
}

TEST(memory_map, an_entry_that_ends_at_2_to_the_64_does_not_wrap)
{
    e820_add(&raw, 0x8000, -0x8000ULL, E820_RAM);
    build(1);
    EXPECT_ROW(0, 0x8000, PADDR_MAX, MEMORY_RAM, REASON_FIRMWARE);

    raw.nr = 0;
    e820_add(&raw, 0x8000, -0x8000ULL + 1, E820_RAM);
    build(1);
    EXPECT_ROW(0, 0x8000, PADDR_MAX, MEMORY_RESERVED, REASON_WRAPS);
}

TEST(memory_map, what_wraps_does_not_become_less_reserved)
{
    e820_add(&raw, 0x8000, UINT64_MAX, E820_UNUSABLE);
    build(1);
    EXPECT_ROW(0, 0x8000, PADDR_MAX, MEMORY_UNUSABLE, REASON_WRAPS);

    raw.nr = 0;
    e820_add(&raw, 0x8000, UINT64_MAX, E820_ACPI);
    build(1);
    EXPECT_ROW(0, 0x8000, PADDR_MAX, MEMORY_RESERVED, REASON_WRAPS);
}

TEST(memory_map, no_range_passes_the_last_address)
{
    add(PADDR_MAX - 0x2000, PADDR_MAX + 0x2000, E820_RAM);
    add(PADDR_MAX, PADDR_MAX + 0x1000, E820_RESERVED);
    e820_add(&raw, UINT64_MAX, 1, E820_RESERVED);
    e820_add(&raw, UINT64_MAX, UINT64_MAX, E820_RESERVED);
    build(1);
    EXPECT_ROW(0, PADDR_MAX - 0x2000, PADDR_MAX, MEMORY_RAM, REASON_FIRMWARE);

    raw.nr = 0;
    e820_add(&raw, 0, UINT64_MAX, E820_RAM);
    build(1);
    EXPECT_ROW(0, 0, PADDR_MAX, MEMORY_RAM, REASON_FIRMWARE);
}

TEST(memory_map, ram_is_rounded_inwards_and_the_rest_is_reserved)
{
    add(0x1001, 0x4fff, E820_RAM);
    build(3);
    EXPECT_ROW(0, 0x1001, 0x2000, MEMORY_RESERVED, REASON_PARTIAL_FRAME);
    EXPECT_ROW(1, 0x2000, 0x4000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT_ROW(2, 0x4000, 0x4fff, MEMORY_RESERVED, REASON_PARTIAL_FRAME);
}

TEST(memory_map, ram_without_a_whole_frame_is_reserved)
{
    add(0x1001, 0x2fff, E820_RAM);
    add(0x5000, 0x5fff, E820_RAM);
    build(2);
    EXPECT_ROW(0, 0x1001, 0x2fff, MEMORY_RESERVED, REASON_PARTIAL_FRAME);
    EXPECT_ROW(1, 0x5000, 0x5fff, MEMORY_RESERVED, REASON_PARTIAL_FRAME);
}

TEST(memory_map, one_reserved_byte_takes_its_frame)
{
    add(0, 0x4000, E820_RAM);
    add(0x1234, 0x1235, E820_RESERVED);
    build(5);
    EXPECT_ROW(0, 0, 0x1000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT_ROW(1, 0x1000, 0x1234, MEMORY_RESERVED, REASON_PARTIAL_FRAME);
    EXPECT_ROW(2, 0x1234, 0x1235, MEMORY_RESERVED, REASON_OVERLAP);
    EXPECT_ROW(3, 0x1235, 0x2000, MEMORY_RESERVED, REASON_PARTIAL_FRAME);
    EXPECT_ROW(4, 0x2000, 0x4000, MEMORY_RAM, REASON_FIRMWARE);
}

TEST(memory_map, entries_that_meet_in_mid_frame_make_whole_frames)
{
    add(0x1800, 0x3000, E820_RAM);
    add(0, 0x1800, E820_RAM);
    build(1);
    EXPECT_ROW(0, 0, 0x3000, MEMORY_RAM, REASON_FIRMWARE);

    raw.nr = 0;
    add(0x1801, 0x3000, E820_RAM);
    add(0, 0x1800, E820_RAM);
    build(4);
    EXPECT_ROW(0, 0, 0x1000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT_ROW(3, 0x2000, 0x3000, MEMORY_RAM, REASON_FIRMWARE);
}

/* 4096 entries, of RAM and reserved in turns, backwards. */
TEST(memory_map, a_full_table_of_entries_is_sorted)
{
    for (unsigned int i = E820_MAX_ENTRIES; i-- > 0;)
        add(0x1000 * i, 0x1000 * (i + 1), i % 2 ? E820_RESERVED : E820_RAM);
    build(E820_MAX_ENTRIES);
    EXPECT_ROW(0, 0, 0x1000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT_ROW(4095, 0xfff000, 0x1000000, MEMORY_RESERVED, REASON_FIRMWARE);
    EXPECT_EQ(memory_map_size(&map, MEMORY_RAM), 0x800000);
}

/* n entries, each inside the one before: 2n - 1 ranges, the most there are. */
TEST(memory_map, a_full_table_may_make_nearly_twice_as_many_ranges)
{
    const uint64_t top = 0x1000ULL * 3 * E820_MAX_ENTRIES;

    for (unsigned int i = 0; i < E820_MAX_ENTRIES; i++)
        add(0x1000 * i, top - 0x1000 * i, i % 2 ? E820_ACPI : E820_PERSISTENT);
    build(3);
    raw.nr = 0;
    for (unsigned int i = 0; i < E820_MAX_ENTRIES; i++)
        add(0x2000 * i, i ? 0x2000 * i + 0x1000 : top,
            i ? E820_RESERVED : E820_RAM);
    build(2 * E820_MAX_ENTRIES - 1);
}

/* Scraps of RAM are worth less than what is left to come. */
TEST(memory_map, a_map_without_room_loses_scraps_and_nothing_else)
{
    unsigned int nr_scraps = 0, nr_ram = 0;

    for (unsigned int i = 0; i < E820_MAX_ENTRIES; i++)
        add(0x10800 * i, 0x10800 * i + 0x8700, E820_RAM);
    memory_map_build(&map, &raw);
    EXPECT(!memory_map_broken_rule(&map));
    EXPECT(map.nr > MEMORY_MAP_MAX_RANGES - 4);
    for (unsigned int i = 0; i < map.nr; i++) {
        nr_ram += map.range[i].kind == MEMORY_RAM;
        nr_scraps += map.range[i].reason == REASON_PARTIAL_FRAME;
    }
    EXPECT_EQ(nr_ram, E820_MAX_ENTRIES);
    EXPECT_EQ(nr_ram + nr_scraps, map.nr);
}
