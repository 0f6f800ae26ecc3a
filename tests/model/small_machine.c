/* SPDX-License-Identifier: MIT */
/* A frame table and a heap for as little RAM as a test likes. */
#include <xen/bootmem.h>
#include <xen/bug.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>

#include "small_machine.h"

/* Out of the way of all RAM that tests have: nobody accesses it here. */
#define TABLE_MEMORY_START (1UL << 50)
#define TABLE_MEMORY_SIZE  (1UL << 40)

static struct memory_map map;

const struct memory_map *small_machine_map(const struct ram *ram,
                                           unsigned int nr)
{
    map.nr = nr;
    for (unsigned int i = 0; i < nr; i++) {
        map.range[i].start = ram[i].start << PAGE_SHIFT;
        map.range[i].end = (ram[i].start + ram[i].nr) << PAGE_SHIFT;
        map.range[i].kind = MEMORY_RAM;
        map.range[i].reason = REASON_FIRMWARE;
    }

    return &map;
}

void small_machine(const struct ram *ram, unsigned int nr)
{
    small_machine_map(ram, nr);
    bootmem_add(TABLE_MEMORY_START, TABLE_MEMORY_START + TABLE_MEMORY_SIZE);
    for (unsigned int i = 0; i < nr; i++)
        BUG_ON(bootmem_reserve(map.range[i].start, map.range[i].end, "a test"));
    BUG_ON(frame_table_init(&map));
}

void small_machine_heap(const struct ram *ram, unsigned int nr)
{
    small_machine(ram, nr);
    for (unsigned int i = 0; i < nr; i++)
        heap_add(_mfn(ram[i].start), ram[i].nr);
}
