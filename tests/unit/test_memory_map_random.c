/* SPDX-License-Identifier: MIT */
/* Random maps against painting. */
#include <xen/mm-frame.h>

#include "memory_map_rows.h"

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
    paddr_t where = 0;

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
        paddr_t start = space->base + random_below(length);
        paddr_t end = start + random_below(space->base + length - start);

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
        EXPECT_EQ(memory_map_take(&map, start, end, REASON_ISLAND),
                  naive_take(start, end, REASON_ISLAND));
        if (!agrees("taken"))
            return;
    }
}

TEST(memory_map_random, random_maps_agree_with_painting_by_the_byte)
{
    static const struct naive_space space = { 0x10000, 16384, 1 };

    compare(&space, 2500);
}

TEST(memory_map_random, random_maps_agree_with_painting_by_the_cell)
{
    static const struct naive_space space = { 0, 1024, 512 };

    compare(&space, 40000);
}

TEST(memory_map_random, random_maps_at_the_last_address_agree_with_painting)
{
    static const struct naive_space space = { PADDR_MAX - 0x20000, 512, 512 };

    compare(&space, 20000);
}

TEST(memory_map_random, random_maps_beyond_the_last_address_are_empty)
{
    static const struct naive_space space = { -0x40000ULL, 512, 512 };

    for (unsigned int i = 0; i < 1000; i++) {
        random_raw(&space);
        build(0);
    }
}
