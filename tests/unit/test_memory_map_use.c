/* SPDX-License-Identifier: MIT */
/* A map that is there: limited, asked and printed. */
#include "memory_map_rows.h"

static void limit_setup(void)
{
    raw.nr = 0;
    add(0, 0x4000, E820_RAM);
    add(0x4000, 0x5000, E820_RESERVED);
    add(0x8000, 0x10000, E820_RAM);
    build(3);
}

TEST(memory_map_use, a_limit_inside_a_range_cuts_it)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0xa000, REASON_MEM_LIMIT), 0x6000);
    EXPECT(!memory_map_broken_rule(&map));
    EXPECT_EQ(map.nr, 4);
    EXPECT_ROW(2, 0x8000, 0xa000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT_ROW(3, 0xa000, 0x10000, MEMORY_UNUSABLE, REASON_MEM_LIMIT);
    EXPECT_EQ(memory_map_ram_end(&map), 0xa000);
}

TEST(memory_map_use, a_limit_at_a_start_takes_the_whole_range)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0x8000, REASON_TABLE_LIMIT), 0x8000);
    EXPECT_EQ(map.nr, 3);
    EXPECT_ROW(2, 0x8000, 0x10000, MEMORY_UNUSABLE, REASON_TABLE_LIMIT);
    EXPECT_EQ(memory_map_ram_end(&map), 0x4000);
}

TEST(memory_map_use, a_limit_at_the_end_takes_nothing)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0x10000, REASON_MEM_LIMIT), 0);
    EXPECT_EQ(memory_map_limit(&map, PADDR_MAX, REASON_MEM_LIMIT), 0);
    EXPECT_EQ(map.nr, 3);
    EXPECT_EQ(memory_map_size(&map, MEMORY_RAM), 0xc000);
}

TEST(memory_map_use, a_limit_in_a_hole_takes_what_is_above)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0x6000, REASON_MEM_LIMIT), 0x8000);
    EXPECT_EQ(map.nr, 3);
}

TEST(memory_map_use, a_limit_is_rounded_down_to_a_frame)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0x9fff, REASON_MEM_LIMIT), 0x7000);
    EXPECT_ROW(2, 0x8000, 0x9000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT(!memory_map_broken_rule(&map));
}

TEST(memory_map_use, a_limit_leaves_what_is_not_ram_as_it_is)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0, REASON_MEM_LIMIT), 0xc000);
    EXPECT_EQ(map.nr, 3);
    EXPECT_ROW(0, 0, 0x4000, MEMORY_UNUSABLE, REASON_MEM_LIMIT);
    EXPECT_ROW(1, 0x4000, 0x5000, MEMORY_RESERVED, REASON_FIRMWARE);
}

TEST(memory_map_use, a_second_lower_limit_merges_with_the_first)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0xc000, REASON_MEM_LIMIT), 0x4000);
    EXPECT_EQ(memory_map_limit(&map, 0xa000, REASON_MEM_LIMIT), 0x2000);
    EXPECT_EQ(map.nr, 4);
    EXPECT_ROW(3, 0xa000, 0x10000, MEMORY_UNUSABLE, REASON_MEM_LIMIT);

    EXPECT_EQ(memory_map_limit(&map, 0x9000, REASON_TABLE_LIMIT), 0x1000);
    EXPECT_EQ(map.nr, 5);
    EXPECT_ROW(3, 0x9000, 0xa000, MEMORY_UNUSABLE, REASON_TABLE_LIMIT);
    EXPECT(!memory_map_broken_rule(&map));
}

TEST(memory_map_use, without_room_for_the_cut_all_of_the_range_goes)
{
    map.nr = MEMORY_MAP_MAX_RANGES;
    for (unsigned int i = 0; i < map.nr; i++)
        map.range[i] =
            (struct memory_range){ 0x4000ULL * i, 0x4000ULL * i + 0x2000,
                                   MEMORY_RAM, REASON_FIRMWARE };

    EXPECT_EQ(
        memory_map_limit(&map, 0x4000ULL * 8190 + 0x1000, REASON_MEM_LIMIT),
        0x4000);
    EXPECT_EQ(map.nr, MEMORY_MAP_MAX_RANGES);
    EXPECT_EQ(memory_map_ram_end(&map), 0x4000ULL * 8189 + 0x2000);
}

TEST(memory_map_use, taking_from_the_middle_leaves_both_ends)
{
    limit_setup();
    EXPECT_EQ(memory_map_take(&map, 0x9001, 0xa001, REASON_ISLAND), 0x2000);
    EXPECT(!memory_map_broken_rule(&map));
    EXPECT_EQ(map.nr, 5);
    EXPECT_ROW(2, 0x8000, 0x9000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT_ROW(3, 0x9000, 0xb000, MEMORY_UNUSABLE, REASON_ISLAND);
    EXPECT_ROW(4, 0xb000, 0x10000, MEMORY_RAM, REASON_FIRMWARE);
}

TEST(memory_map_use, taking_across_ranges_takes_of_each)
{
    limit_setup();
    EXPECT_EQ(memory_map_take(&map, 0x3000, 0x9000, REASON_ISLAND), 0x2000);
    EXPECT_ROW(1, 0x3000, 0x4000, MEMORY_UNUSABLE, REASON_ISLAND);
    EXPECT_ROW(2, 0x4000, 0x5000, MEMORY_RESERVED, REASON_FIRMWARE);
    EXPECT_ROW(3, 0x8000, 0x9000, MEMORY_UNUSABLE, REASON_ISLAND);
    EXPECT_EQ(map.nr, 5);
}

TEST(memory_map_use, the_next_ram_is_the_first_that_ends_above)
{
    limit_setup();
    EXPECT(memory_map_next_ram(&map, 0) == &map.range[0]);
    EXPECT(memory_map_next_ram(&map, 0x3fff) == &map.range[0]);
    EXPECT(memory_map_next_ram(&map, 0x4000) == &map.range[2]);
    EXPECT(memory_map_next_ram(&map, 0xffff) == &map.range[2]);
    EXPECT(!memory_map_next_ram(&map, 0x10000));
}

TEST(memory_map_use, find_knows_first_and_last_bytes)
{
    limit_setup();
    EXPECT(memory_map_find(&map, 0) == &map.range[0]);
    EXPECT(memory_map_find(&map, 0x3fff) == &map.range[0]);
    EXPECT(memory_map_find(&map, 0x4000) == &map.range[1]);
    EXPECT(!memory_map_find(&map, 0x5000));
    EXPECT(!memory_map_find(&map, 0x7fff));
    EXPECT(memory_map_find(&map, 0x8000) == &map.range[2]);
    EXPECT(!memory_map_find(&map, 0x10000));
    EXPECT(!memory_map_find(&map, UINT64_MAX));
}

TEST(memory_map_use, is_ram_wants_every_byte_and_at_least_one)
{
    limit_setup();
    EXPECT(memory_map_is_ram(&map, 0, 0x4000));
    EXPECT(memory_map_is_ram(&map, 0x3fff, 0x4000));
    EXPECT(!memory_map_is_ram(&map, 0x3fff, 0x4001));
    EXPECT(!memory_map_is_ram(&map, 0x4000, 0x4001));
    EXPECT(!memory_map_is_ram(&map, 0x7fff, 0x9000));
    EXPECT(!memory_map_is_ram(&map, 0x1000, 0x1000));
    EXPECT(!memory_map_is_ram(&map, 0x2000, 0x1000));
}

TEST(memory_map_use, what_touches_ram_has_a_byte_of_it)
{
    limit_setup();
    EXPECT(memory_map_touches_ram(&map, 0, 1));
    EXPECT(memory_map_touches_ram(&map, 0x3fff, 0x5000));
    EXPECT(!memory_map_touches_ram(&map, 0x4000, 0x4001));
    EXPECT(memory_map_touches_ram(&map, 0x4000, 0x8001));
    EXPECT(!memory_map_touches_ram(&map, 0x4000, 0x8000));
    EXPECT(!memory_map_touches_ram(&map, PADDR_MAX - 1, PADDR_MAX));
}

#define HEAD                                                                   \
    "     #  first byte        last byte               size  kind         "

TEST(memory_map_use, printing_shows_the_rows_and_counts_the_others)
{
    limit_setup();
    hosted_console_clear();
    memory_map_print(&map, 2);
    EXPECT_STR(
        hosted_console(),
        "memory map as used: 3 rows\n" HEAD "why\n"
        "     0  0000000000000000  0000000000003fff      16 KiB  RAM          "
        "firmware says so\n"
        "     1  0000000000004000  0000000000004fff       4 KiB  reserved     "
        "firmware says so\n"
        "        and 1 more\n");
}

TEST(memory_map_use, printing_what_was_found_names_what_is_odd)
{
    add(0x9fc00, 0xa0000, E820_NVS);
    e820_add(&raw, 0x1000, 0, 0);
    e820_add(&raw, 0x2000, UINT64_MAX, 20);
    raw.nr_dropped = 5;
    memory_map_print_raw(&raw, 9);
    EXPECT_STR(
        hosted_console(),
        "memory map as found: 3 rows\n" HEAD "note\n"
        "     0  000000000009fc00  000000000009ffff       1 KiB  ACPI NVS     "
        "\n"
        "     1  0000000000001000                 -         0 B  type 0       "
        "\n"
        "     2  0000000000002000                 -    15.9 EiB  type 20      "
        "wraps past 2^64\n"
        "        and 5 that found no room in the table\n");
}

TEST(memory_map_use, sizes_are_written_for_people)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } row[] = {
        { 0, "0 B" },
        { 1023, "1023 B" },
        { 1024, "1 KiB" },
        { 1536, "1.5 KiB" },
        { 654336, "639 KiB" },
        { 0xffe0000 - 0x100000, "254 MiB" },
        { 2ULL << 30, "2 GiB" },
        { 3200ULL << 20, "3.1 GiB" },
        { 1ULL << 40, "1 TiB" },
        { PADDR_MAX, "4 PiB" },
        { UINT64_MAX, "15.9 EiB" },
    };
    char text[SIZE_TEXT];

    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
        format_size(text, row[i].bytes);
        EXPECT_STR(text, row[i].text);
    }
}
