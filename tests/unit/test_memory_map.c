/* SPDX-License-Identifier: MIT */
/* The memory map: by exact cases, and against painting for random ones. */
#include <stdio.h>
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/memory_map.h>
#include <xen/mm-frame.h>

#include "../model/naive_memory_map.h"

static struct e820_map raw;
static struct memory_map map;

static void add(uint64_t start, uint64_t end, uint32_t type)
{
    e820_add(&raw, start, end - start, type);
}

static void expect_row(int line, unsigned int i, paddr_t start, paddr_t end,
                       enum memory_kind kind, enum memory_reason reason)
{
    const struct memory_range *range = &map.range[i];

    if (i >= map.nr || range->start != start || range->end != end ||
        range->kind != kind || range->reason != reason)
        test_fail(__FILE__, line, "range %u of %u: %#llx-%#llx %s, %s", i,
                  map.nr, (unsigned long long)range->start,
                  (unsigned long long)range->end,
                  memory_kind_name(range->kind),
                  memory_reason_text(range->reason));
}

#define EXPECT_ROW(i, start, end, kind, reason)                               \
    expect_row(__LINE__, i, start, end, kind, reason)

/* Build, and expect @nr ranges that keep the rules. */
static void build(unsigned int nr)
{
    memory_map_build(&map, &raw);
    EXPECT_EQ(map.nr, nr);
    EXPECT(!memory_map_broken_rule(&map));
}

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
        [MEMORY_RAM] = E820_RAM,           [MEMORY_NVS] = E820_NVS,
        [MEMORY_PERSISTENT] = E820_PERSISTENT, [MEMORY_ACPI] = E820_ACPI,
        [MEMORY_RESERVED] = E820_RESERVED, [MEMORY_UNUSABLE] = E820_UNUSABLE,
    };

    for (unsigned int a = 0; a < NR_MEMORY_KINDS; a++) {
        for (unsigned int b = 0; b < NR_MEMORY_KINDS; b++) {
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

static void limit_setup(void)
{
    raw.nr = 0;
    add(0, 0x4000, E820_RAM);
    add(0x4000, 0x5000, E820_RESERVED);
    add(0x8000, 0x10000, E820_RAM);
    build(3);
}

TEST(memory_map, a_limit_inside_a_range_cuts_it)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0xa000, REASON_MEM_LIMIT), 0x6000);
    EXPECT(!memory_map_broken_rule(&map));
    EXPECT_EQ(map.nr, 4);
    EXPECT_ROW(2, 0x8000, 0xa000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT_ROW(3, 0xa000, 0x10000, MEMORY_UNUSABLE, REASON_MEM_LIMIT);
    EXPECT_EQ(memory_map_ram_end(&map), 0xa000);
}

TEST(memory_map, a_limit_at_a_start_takes_the_whole_range)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0x8000, REASON_TABLE_LIMIT), 0x8000);
    EXPECT_EQ(map.nr, 3);
    EXPECT_ROW(2, 0x8000, 0x10000, MEMORY_UNUSABLE, REASON_TABLE_LIMIT);
    EXPECT_EQ(memory_map_ram_end(&map), 0x4000);
}

TEST(memory_map, a_limit_at_the_end_takes_nothing)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0x10000, REASON_MEM_LIMIT), 0);
    EXPECT_EQ(memory_map_limit(&map, PADDR_MAX, REASON_MEM_LIMIT), 0);
    EXPECT_EQ(map.nr, 3);
    EXPECT_EQ(memory_map_size(&map, MEMORY_RAM), 0xc000);
}

TEST(memory_map, a_limit_in_a_hole_takes_what_is_above)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0x6000, REASON_MEM_LIMIT), 0x8000);
    EXPECT_EQ(map.nr, 3);
}

TEST(memory_map, a_limit_is_rounded_down_to_a_frame)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0x9fff, REASON_MEM_LIMIT), 0x7000);
    EXPECT_ROW(2, 0x8000, 0x9000, MEMORY_RAM, REASON_FIRMWARE);
    EXPECT(!memory_map_broken_rule(&map));
}

TEST(memory_map, a_limit_leaves_what_is_not_ram_as_it_is)
{
    limit_setup();
    EXPECT_EQ(memory_map_limit(&map, 0, REASON_MEM_LIMIT), 0xc000);
    EXPECT_EQ(map.nr, 3);
    EXPECT_ROW(0, 0, 0x4000, MEMORY_UNUSABLE, REASON_MEM_LIMIT);
    EXPECT_ROW(1, 0x4000, 0x5000, MEMORY_RESERVED, REASON_FIRMWARE);
}

TEST(memory_map, a_second_lower_limit_merges_with_the_first)
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

TEST(memory_map, without_room_for_the_cut_all_of_the_range_goes)
{
    map.nr = MEMORY_MAP_MAX_RANGES;
    for (unsigned int i = 0; i < map.nr; i++)
        map.range[i] = (struct memory_range){ 0x4000ULL * i,
                                              0x4000ULL * i + 0x2000,
                                              MEMORY_RAM, REASON_FIRMWARE };

    EXPECT_EQ(memory_map_limit(&map, 0x4000ULL * 8190 + 0x1000,
                               REASON_MEM_LIMIT),
              0x4000);
    EXPECT_EQ(map.nr, MEMORY_MAP_MAX_RANGES);
    EXPECT_EQ(memory_map_ram_end(&map), 0x4000ULL * 8189 + 0x2000);
}

TEST(memory_map, find_knows_first_and_last_bytes)
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

TEST(memory_map, is_ram_wants_every_byte_and_at_least_one)
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

#define HEAD                                                                  \
    "     #  first byte        last byte               size  kind         "

TEST(memory_map, printing_shows_the_rows_and_counts_the_others)
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

TEST(memory_map, printing_what_was_found_names_what_is_odd)
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
        "warning: memory: 5 entries found no room in the table\n");
}

TEST(memory_map, sizes_are_written_for_people)
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

static uint64_t random_below(uint64_t n)
{
    return test_random() % n;
}

/* Entries that lie somewhere near @space; some of them go out of bounds. */
static void random_raw(const struct naive_space *space)
{
    static const uint32_t type[] = { 1, 1, 1, 1, 2, 3, 4, 5, 7, 0, 20, ~0U };
    uint64_t nr = random_below(12);

    raw.nr = 0;
    for (uint64_t i = 0; i < nr; i++) {
        uint64_t cell = random_below(space->nr_cells);
        uint64_t length = random_below(space->nr_cells - cell + 1);
        uint64_t size = length * space->cell_size;

        switch (random_below(16)) {
        case 0: size = UINT64_MAX - random_below(4); break;
        case 1: size = -(space->base + cell * space->cell_size); break;
        case 2: size = 0; break;
        case 3: size = PAGE_SIZE; break;
        }
        e820_add(&raw, space->base + cell * space->cell_size, size,
                 type[random_below(ARRAY_SIZE(type))]);
    }
}

/* Returns false, and says which map it is, if the painting differs. */
static bool agrees(const char *what)
{
    const char *broken = memory_map_broken_rule(&map);
    paddr_t where;

    if (!broken && naive_agrees(&map, &where))
        return true;

    test_fail(__FILE__, __LINE__, "%s: %s, first at %#llx", what,
              broken ? broken : "not as painted", (unsigned long long)where);
    for (unsigned int i = 0; i < raw.nr; i++)
        test_fail(__FILE__, __LINE__, "  entry %#llx + %#llx, type %u",
                  (unsigned long long)raw.entry[i].address,
                  (unsigned long long)raw.entry[i].size, raw.entry[i].type);
    return false;
}

/* Ask for what is in @space alone: other questions count what lies outside. */
static void ask(const struct naive_space *space)
{
    for (unsigned int i = 0; i < 4; i++) {
        uint64_t a = random_below(space->nr_cells);
        uint64_t b = random_below(space->nr_cells);
        paddr_t start = space->base + a * space->cell_size;
        paddr_t end = space->base + b * space->cell_size;

        EXPECT_EQ(memory_map_is_ram(&map, start, end),
                  naive_is_ram(start, end));
    }
}

static void compare(const struct naive_space *space, unsigned int nr_maps)
{
    uint64_t length = (uint64_t)space->nr_cells * space->cell_size;

    while (nr_maps-- > 0) {
        paddr_t limit = space->base + random_below(length);

        random_raw(space);
        naive_build(space, &raw);
        memory_map_build(&map, &raw);
        if (!agrees("built"))
            return;
        ask(space);

        /* RAM above the space is gone first, so that the amounts agree. */
        memory_map_limit(&map, space->base + length, REASON_TABLE_LIMIT);
        EXPECT_EQ(memory_map_size(&map, MEMORY_RAM), naive_size(MEMORY_RAM));
        EXPECT_EQ(memory_map_limit(&map, limit, REASON_MEM_LIMIT),
                  naive_limit(limit, REASON_MEM_LIMIT));
        if (!agrees("limited"))
            return;
    }
}

TEST(memory_map, random_maps_agree_with_painting_by_the_byte)
{
    static const struct naive_space space = { 0x10000, 16384, 1 };

    compare(&space, 2500);
}

TEST(memory_map, random_maps_agree_with_painting_by_the_cell)
{
    static const struct naive_space space = { 0, 1024, 512 };

    compare(&space, 40000);
}

TEST(memory_map, random_maps_at_the_last_address_agree_with_painting)
{
    static const struct naive_space space = { PADDR_MAX - 0x20000, 512, 512 };

    compare(&space, 20000);
}

TEST(memory_map, random_maps_beyond_the_last_address_are_empty)
{
    static const struct naive_space space = { -0x40000ULL, 512, 512 };

    for (unsigned int i = 0; i < 1000; i++) {
        random_raw(&space);
        build(0);
    }
}
