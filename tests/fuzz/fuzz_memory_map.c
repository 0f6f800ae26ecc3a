/* SPDX-License-Identifier: MIT */
/*
 * The memory map against painting. The input is one byte, which chooses the
 * piece of address space, two for a limit, and six for each entry: type, what
 * is odd about it, the cell where it starts, and its number of cells.
 */
#include <xen/memory_map.h>
#include <xen/mm-frame.h>

#include "../model/naive_memory_map.h"
#include "fuzz.h"

#define MAX_ENTRIES 64U

static const struct naive_space spaces[] = {
    { 0, 8192, 1 },
    { 0, 1024, 64 },
    { 0x100000, 512, 512 },
    { PADDR_MAX - 0x8000, 1024, 64 },
};

static struct e820_map raw;
static struct memory_map map;

static unsigned int number(const uint8_t bytes[2])
{
    return bytes[0] + 256U * bytes[1];
}

static void add_entry(const struct naive_space *space, const uint8_t bytes[6])
{
    static const uint32_t types[] = { 1, 1, 2, 3, 4, 5, 7, 0, 20, ~0U };
    unsigned int cell = number(&bytes[2]);
    unsigned int length = number(&bytes[4]);
    uint64_t address =
        space->base + (uint64_t)(cell % space->nr_cells) * space->cell_size;
    uint64_t size = (uint64_t)length * space->cell_size;

    switch (bytes[1] % 8) {
    case 0: size = UINT64_MAX - length; break;
    case 1: size = -address; break;
    case 2: size = address ? -address + 1 : 0; break;
    case 3: address = -(uint64_t)cell; break;
    }
    e820_add(&raw, address, size, types[bytes[0] % ARRAY_SIZE(types)]);
}

/* Each byte of the map is in a range that says the same of it. */
static void check_questions(void)
{
    EXPECT(!memory_map_broken_rule(&map));
    for (unsigned int i = 0; i < map.nr; i++) {
        const struct memory_range *range = &map.range[i];
        bool ram = range->kind == MEMORY_RAM;

        EXPECT(memory_map_find(&map, range->start) == range);
        EXPECT(memory_map_find(&map, range->end - 1) == range);
        EXPECT(memory_map_is_ram(&map, range->start, range->end) == ram);
        EXPECT(!memory_map_is_ram(&map, range->start, range->end + 1));
        EXPECT(!ram || memory_map_ram_end(&map) >= range->end);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct naive_space *space;
    uint8_t choice, bytes[6], low_high[2];
    uint64_t limit, before;
    paddr_t where;

    fuzz_take(&data, &size, &choice, 1);
    fuzz_take(&data, &size, low_high, 2);
    space = &spaces[choice % ARRAY_SIZE(spaces)];
    limit = space->base + number(low_high);

    raw.nr = raw.nr_dropped = 0;
    while (size > 0 && raw.nr < MAX_ENTRIES) {
        fuzz_take(&data, &size, bytes, sizeof(bytes));
        add_entry(space, bytes);
    }

    naive_build(space, &raw);
    memory_map_build(&map, &raw);
    check_questions();
    EXPECT(naive_agrees(&map, &where));

    before = memory_map_size(&map, MEMORY_RAM);
    EXPECT(memory_map_limit(&map, limit, REASON_MEM_LIMIT) ==
           before - memory_map_size(&map, MEMORY_RAM));
    EXPECT(memory_map_ram_end(&map) <= limit);
    (void)naive_limit(limit, REASON_MEM_LIMIT);
    check_questions();
    EXPECT(naive_agrees(&map, &where));
    memory_map_print_raw(&raw, 8);
    memory_map_print(&map, 8);

    return 0;
}
