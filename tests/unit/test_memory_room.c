/* SPDX-License-Identifier: MIT */
/* Room in the memory map: where it is, how much, and what it costs. */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/bootmem.h>
#include <xen/frame_table.h>
#include <xen/frame_table_add.h>
#include <xen/memory_room.h>
#include <xen/page_alloc.h>

#include "../model/fake_nodes.h"
#include "../model/small_machine.h"

#define MIB (1UL << 20)
#define GIB (1UL << 30)
#define TIB (1UL << 40)

#define FRAMES(bytes) ((bytes) >> PAGE_SHIFT)

static struct memory_map map;

static void add_range(paddr_t start, paddr_t end, enum memory_kind kind)
{
    map.range[map.nr++] =
        (struct memory_range){ start, end, kind, REASON_FIRMWARE };
}

static void expect_range(unsigned int i, paddr_t start, paddr_t end,
                         enum memory_kind kind)
{
    EXPECT_EQ(map.range[i].start, start);
    EXPECT_EQ(map.range[i].end, end);
    EXPECT_EQ(map.range[i].kind, kind);
}

TEST(memory_room, it_is_where_nothing_is_spoken_of)
{
    add_range(0, 100 * MIB, MEMORY_RAM);
    add_range(201 * MIB, 300 * MIB, MEMORY_RESERVED);
    EXPECT_EQ(memory_map_add_room(&map, 0, GIB + MIB, UINT64_MAX),
              100 * MIB + 724 * MIB);
    EXPECT_EQ(map.nr, 4);
    expect_range(1, 100 * MIB, 200 * MIB, MEMORY_ROOM);
    expect_range(2, 201 * MIB, 300 * MIB, MEMORY_RESERVED);
    expect_range(3, 300 * MIB, GIB, MEMORY_ROOM);

    /* Once. And what touches is one. */
    EXPECT_EQ(memory_map_add_room(&map, 0, GIB, UINT64_MAX), 0);
    EXPECT_EQ(memory_map_add_room(&map, GIB, 2 * GIB, UINT64_MAX), GIB);
    EXPECT_EQ(map.nr, 4);
    EXPECT(memory_map_is_room(&map, 300 * MIB, 2 * GIB));
    EXPECT(!memory_map_is_room(&map, 300 * MIB, 2 * GIB + 1));
    EXPECT(!memory_map_is_room(&map, 99 * MIB, 101 * MIB));
    EXPECT(!memory_map_is_room(&map, GIB, GIB));

    memory_map_drop_room(&map);
    EXPECT_EQ(map.nr, 2);
    expect_range(1, 201 * MIB, 300 * MIB, MEMORY_RESERVED);
}

TEST(memory_room, it_is_whole_units_and_no_more_than_is_wanted)
{
    add_range(0, 3 * MIB, MEMORY_RAM);
    EXPECT_EQ(memory_map_add_room(&map, 3 * MIB, 5 * MIB, UINT64_MAX), 0);
    EXPECT_EQ(memory_map_add_room(&map, 3 * MIB, GIB, 7 * MIB), 6 * MIB);
    expect_range(1, 4 * MIB, 10 * MIB, MEMORY_ROOM);
    EXPECT_EQ(map.nr, 2);
}

TEST(memory_room, a_full_map_gets_none)
{
    while (map.nr < MEMORY_MAP_MAX_RANGES)
        add_range(map.nr * GIB, map.nr * GIB + MIB, MEMORY_RESERVED);
    EXPECT_EQ(memory_map_add_room(&map, 0, PADDR_MAX, UINT64_MAX), 0);
}

static struct srat *some_srat(void)
{
    struct srat *srat = fake_srat();

    srat_begin(srat);
    srat_add_memory(srat, 0, GIB, 0, false);
    srat_add_memory(srat, 4 * GIB, 100 * GIB, 0, true);
    srat_add_memory(srat, TIB, 2 * GIB, 1, true);
    add_range(0, GIB, MEMORY_RAM);

    return srat;
}

TEST(memory_room, it_is_a_few_times_the_ram)
{
    memory_map_room_of_srat(&map, some_srat(), PADDR_MAX);
    EXPECT_EQ(map.nr, 3);
    expect_range(1, 4 * GIB, 20 * GIB, MEMORY_ROOM);
    expect_range(2, TIB, TIB + 2 * GIB, MEMORY_ROOM);
    EXPECT(strstr(hosted_console(), "room for 18432 MiB that may be plugged "
                                    "in; the SRAT has 104448 MiB of it"));
}

TEST(memory_room, none_is_above_the_limit)
{
    memory_map_room_of_srat(&map, some_srat(), 5 * GIB);
    EXPECT_EQ(map.nr, 2);
    expect_range(1, 4 * GIB, 5 * GIB, MEMORY_ROOM);
}

TEST(memory_room, an_srat_that_is_refused_has_none)
{
    struct srat *srat = some_srat();

    srat->refused = "it lies";
    memory_map_room_of_srat(&map, srat, PADDR_MAX);
    EXPECT_EQ(map.nr, 1);
}

static const struct ram half_a_gib[] = { { 0, FRAMES(512 * MIB) } };

/* Indices, and no memory but for the heap's tables. */
TEST(memory_room, the_tables_have_places_for_it_and_no_memory)
{
    static const struct ram room[] = { { FRAMES(4 * GIB), FRAMES(6 * GIB) } };
    struct memory_map *built = small_machine_with_room(half_a_gib, 1, room, 1);

    EXPECT_EQ(nr_pdxs, FRAMES(10 * GIB));
    EXPECT_EQ(room_first, FRAMES(4 * GIB));
    EXPECT_EQ(room_end, FRAMES(10 * GIB));
    EXPECT_EQ(frame_table_size(),
              2 * GROUP_TABLE_SIZE * 65536 / FRAMES_PER_GROUP);
    EXPECT(!mfn_has_place(_mfn(FRAMES(4 * GIB))));
    EXPECT(memory_map_is_room(built, 4 * GIB, 10 * GIB));
    EXPECT_EQ(frame_table_check(built), 0);
}

TEST(memory_room, without_room_nothing_is_different)
{
    (void)small_machine_with_room(half_a_gib, 1, NULL, 0);
    EXPECT_EQ(nr_pdxs, FRAMES(512 * MIB));
    EXPECT_EQ(room_first, 0);
    EXPECT_EQ(room_end, 0);
}

TEST(memory_room, what_would_spread_the_table_too_far_is_dropped)
{
    static const struct ram room[] = { { FRAMES(32 * GIB), FRAMES(GIB) } };
    struct memory_map *built;

    pdx_enable(false);
    built = small_machine_with_room(half_a_gib, 1, room, 1);
    EXPECT_EQ(nr_pdxs, FRAMES(512 * MIB));
    EXPECT_EQ(room_end, 0);
    EXPECT_EQ(built->nr, 1);
    EXPECT(strstr(hosted_console(), "no memory can be plugged in"));
}

/* RAM that moved to 1 TiB, and room above it: the hole takes no indices. */
TEST(memory_room, room_above_a_hole_is_reached_by_compression)
{
    static const struct ram ram[] = { { 0, FRAMES(GIB) },
                                      { FRAMES(TIB), FRAMES(GIB) } };
    static const struct ram room[] = { { FRAMES(TIB + GIB),
                                         FRAMES(20 * GIB) } };

    (void)small_machine_with_room(ram, 2, room, 1);
    EXPECT(pdx_compression.form != PDX_IDENTITY);
    EXPECT_EQ(room_end - room_first, FRAMES(20 * GIB));
    EXPECT(mfn_has_place(_mfn(FRAMES(TIB))));
    for (unsigned long i = 0; i < FRAMES(20 * GIB); i += FRAMES(GIB))
        EXPECT_EQ(mfn_to_pdx(_mfn(FRAMES(TIB + GIB) + i)), room_first + i);
}
