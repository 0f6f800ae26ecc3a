/* SPDX-License-Identifier: MIT */
/* RAM that would cost more than it is: what is given up, and what is not. */
#include <string.h>

#include <hosted.h>

#include "frame_table_boot.h"

TEST(frame_table_islands, ram_that_is_less_than_its_entries_is_given_up)
{
    static const struct ram ram[] = { { 0, 2 * GROUP },
                                      { 3 * GROUP + 7, LITTLE },
                                      { 5 * GROUP + 7, LITTLE + 1 },
                                      { 7 * GROUP, 5 },
                                      { 7 * GROUP + 9, LITTLE - 5 } };

    EXPECT_EQ(boot(map_of(ram, 5)), 0);
    EXPECT_EQ(frame_table_size(), 3 * GROUP_TABLE_SIZE);
    EXPECT_EQ(given_up(), 2 * LITTLE);
    EXPECT(!mfn_has_place(_mfn(3 * GROUP + 7)));
    EXPECT(mfn_has_place(_mfn(5 * GROUP + 7)));
    EXPECT(!mfn_has_place(_mfn(7 * GROUP)));
    EXPECT(bootmem_owner(_mfn(3 * GROUP + 7)) != NULL);
    EXPECT(bootmem_owner(_mfn(7 * GROUP + 9)) != NULL);
    EXPECT_EQ(bootmem_nr_free() + bootmem_nr_allocated(), 2 * GROUP + LITTLE);
    EXPECT(strstr(hosted_console(), "KiB of RAM are not used") != NULL);
    EXPECT_EQ(frame_table_check(&map_copy), 0);
    EXPECT_EQ(bootmem_check(), 0);
}

TEST(frame_table_islands, a_range_loses_the_ends_that_are_not_worth_it)
{
    static const struct ram ram[] = { { 2 * GROUP - 3, 2 * GROUP + 8 } };

    EXPECT_EQ(boot(map_of(ram, 1)), 0);
    EXPECT_EQ(given_up(), 8);
    EXPECT_EQ(memory_map_ram_end(&map_copy), 4 * GROUP * PAGE_SIZE);
    EXPECT_EQ(frame_table_size(), 2 * GROUP_TABLE_SIZE);
    EXPECT_EQ(bootmem_nr_free() + bootmem_nr_allocated(), 2 * GROUP);
    EXPECT_EQ(frame_table_check(&map_copy), 0);
}

TEST(frame_table_islands, little_ram_with_a_reservation_stays)
{
    static const struct ram ram[] = { { 0, GROUP }, { 3 * GROUP, 9 } };
    paddr_t at = (3 * GROUP + 8) * PAGE_SIZE;

    EXPECT_EQ(bootmem_reserve(at, at + 1, "module"), 0);
    EXPECT_EQ(boot(map_of(ram, 2)), 0);
    EXPECT_EQ(given_up(), 0);
    EXPECT(mfn_has_place(_mfn(3 * GROUP)));
}

TEST(frame_table_islands, little_ram_stays_where_there_is_no_other)
{
    static const struct ram ram[] = { { 1, LITTLE }, { 3 * GROUP, LITTLE } };

    bootmem_add(TIB, TIB + GIB);
    EXPECT_EQ(boot(map_of(ram, 2)), 0);
    EXPECT_EQ(given_up(), 0);
    EXPECT_EQ(frame_table_size(), 2 * GROUP_TABLE_SIZE);
}

/* More than the boot allocator could list, or give memory for. */
TEST(frame_table_islands, thousands_of_islands_do_no_harm)
{
    static struct ram ram[3000];

    ram[0] = (struct ram){ 0, GROUP };
    for (unsigned int i = 1; i < ARRAY_SIZE(ram); i++)
        ram[i] = (struct ram){ (i + 1) * GROUP, 1 };
    EXPECT_EQ(boot(map_of(ram, ARRAY_SIZE(ram))), 0);
    EXPECT_EQ(given_up(), ARRAY_SIZE(ram) - 1);
    EXPECT_EQ(frame_table_size(), GROUP_TABLE_SIZE);
    EXPECT_EQ(bootmem_nr_free() + bootmem_nr_allocated(), GROUP - 1);
    EXPECT_EQ(bootmem_nr_lost(), 0);
}
