/* SPDX-License-Identifier: MIT */
/* What the tests of the memory map are written with: entries in, rows out. */
#ifndef MEMORY_MAP_ROWS_H
#define MEMORY_MAP_ROWS_H

#include <hosted.h>
#include <test.h>
#include <xen/memory_map.h>

#include "../model/naive_memory_map.h"

static struct e820_map raw;
static struct memory_map map;

static inline void add(uint64_t start, uint64_t end, uint32_t type)
{
    e820_add(&raw, start, end - start, type);
}

static inline void expect_row(int line, unsigned int i, paddr_t start,
                              paddr_t end, enum memory_kind kind,
                              enum memory_reason reason)
{
    const struct memory_range *range = &map.range[i];

    if (i >= map.nr || range->start != start || range->end != end ||
        range->kind != kind || range->reason != reason)
        test_fail(__FILE__, line, "range %u of %u: %#llx-%#llx %s, %s", i,
                  map.nr, (unsigned long long)range->start,
                  (unsigned long long)range->end, memory_kind_name(range->kind),
                  memory_reason_text(range->reason));
}

#define EXPECT_ROW(i, start, end, kind, reason)                                \
    expect_row(__LINE__, i, start, end, kind, reason)

/* Build, and expect @nr ranges that keep the rules. */
static inline void build(unsigned int nr)
{
    memory_map_build(&map, &raw);
    EXPECT_EQ(map.nr, nr);
    EXPECT(!memory_map_broken_rule(&map));
}

#endif /* MEMORY_MAP_ROWS_H */
