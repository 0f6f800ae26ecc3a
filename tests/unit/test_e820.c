/* SPDX-License-Identifier: MIT */
/* The list of what firmware says: it takes anything, and loses RAM first. */
#include <test.h>
#include <xen/e820.h>

static struct e820_map map;

static void fill(uint32_t type)
{
    while (map.nr < E820_MAX_ENTRIES)
        e820_add(&map, (uint64_t)map.nr << 20, 4096, type);
    EXPECT_EQ(map.nr_dropped, 0);
}

static unsigned int nr_of_type(uint32_t type)
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < map.nr; i++)
        nr += map.entry[i].type == type;

    return nr;
}

TEST(e820, entries_are_kept_in_order_as_they_are)
{
    e820_add(&map, 0x1000, 0, 0);
    e820_add(&map, UINT64_MAX, UINT64_MAX, 20);

    EXPECT_EQ(map.nr, 2);
    EXPECT_EQ(map.entry[0].address, 0x1000);
    EXPECT_EQ(map.entry[0].size, 0);
    EXPECT_EQ(map.entry[0].type, 0);
    EXPECT_EQ(map.entry[1].address, UINT64_MAX);
    EXPECT_EQ(map.entry[1].size, UINT64_MAX);
    EXPECT_EQ(map.entry[1].type, 20);
}

TEST(e820, a_full_map_drops_ram_that_comes_and_counts_it)
{
    fill(E820_RAM);
    e820_add(&map, 0, 1, E820_RAM);

    EXPECT_EQ(map.nr, E820_MAX_ENTRIES);
    EXPECT_EQ(map.nr_dropped, 1);
    EXPECT_EQ(map.entry[0].size, 4096);
}

TEST(e820, a_full_map_gives_up_ram_for_what_is_reserved)
{
    fill(E820_RAM);
    e820_add(&map, 7, 8, E820_RESERVED);
    e820_add(&map, 9, 10, E820_NVS);

    EXPECT_EQ(map.nr, E820_MAX_ENTRIES);
    EXPECT_EQ(map.nr_dropped, 2);
    EXPECT_EQ(nr_of_type(E820_RAM), E820_MAX_ENTRIES - 2);
    EXPECT_EQ(nr_of_type(E820_RESERVED), 1);
    EXPECT_EQ(nr_of_type(E820_NVS), 1);
}

TEST(e820, a_map_full_of_others_drops_what_comes)
{
    fill(E820_RESERVED);
    e820_add(&map, 0, 1, E820_NVS);
    e820_add(&map, 0, 1, E820_RAM);

    EXPECT_EQ(map.nr_dropped, 2);
    EXPECT_EQ(nr_of_type(E820_RESERVED), E820_MAX_ENTRIES);
}

TEST(e820, each_entry_of_ram_can_be_given_up)
{
    fill(E820_RAM);
    for (unsigned int i = 0; i < E820_MAX_ENTRIES; i++)
        e820_add(&map, 0, 1, E820_UNUSABLE);
    EXPECT_EQ(nr_of_type(E820_UNUSABLE), E820_MAX_ENTRIES);

    e820_add(&map, 0, 1, E820_NVS);
    EXPECT_EQ(nr_of_type(E820_UNUSABLE), E820_MAX_ENTRIES);
    EXPECT_EQ(map.nr_dropped, E820_MAX_ENTRIES + 1);
}

TEST(e820, a_map_emptied_and_filled_again_gives_up_its_first_ram_too)
{
    fill(E820_RESERVED);
    e820_add(&map, 0, 1, E820_NVS);
    map.nr = map.nr_dropped = 0;

    fill(E820_RAM);
    e820_add(&map, 0, 1, E820_NVS);
    EXPECT_EQ(nr_of_type(E820_NVS), 1);
}

TEST(e820, a_flood_of_entries_does_not_take_for_ever)
{
    fill(E820_RAM);
    for (unsigned int i = 0; i < 50000000; i++)
        e820_add(&map, i, 1, E820_RESERVED);
    EXPECT_EQ(map.nr_dropped, 50000000);
}

TEST(e820, ram_size_adds_up_ram_alone)
{
    e820_add(&map, 0, 0x1000, E820_RAM);
    e820_add(&map, 0, 0x2000, E820_RAM);
    e820_add(&map, 0, 0x8000, E820_RESERVED);
    EXPECT_EQ(e820_ram_size(&map), 0x3000);
}

TEST(e820, ram_size_stops_at_the_largest_number)
{
    e820_add(&map, 0, UINT64_MAX - 1, E820_RAM);
    EXPECT_EQ(e820_ram_size(&map), UINT64_MAX - 1);
    e820_add(&map, 0, 3, E820_RAM);
    e820_add(&map, 0, 3, E820_RAM);
    EXPECT_EQ(e820_ram_size(&map), UINT64_MAX);
}
