/* SPDX-License-Identifier: MIT */
/* A frame table and a heap for as little RAM as a test likes. */
#include <xen/bootmem.h>
#include <xen/bug.h>
#include <xen/frame_table.h>
#include <xen/memory_room.h>
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

struct memory_map *small_machine_with_room(const struct ram *ram,
                                           unsigned int nr,
                                           const struct ram *room,
                                           unsigned int nr_room)
{
    small_machine_map(ram, nr);
    for (unsigned int i = 0; i < nr_room; i++)
        BUG_ON(memory_map_add_room(&map, room[i].start << PAGE_SHIFT,
                                   (room[i].start + room[i].nr) << PAGE_SHIFT,
                                   UINT64_MAX) != room[i].nr << PAGE_SHIFT);
    bootmem_add(TABLE_MEMORY_START, TABLE_MEMORY_START + TABLE_MEMORY_SIZE);
    for (unsigned int i = 0; i < nr; i++)
        BUG_ON(bootmem_reserve(ram[i].start << PAGE_SHIFT,
                               (ram[i].start + ram[i].nr) << PAGE_SHIFT,
                               "a test"));
    BUG_ON(frame_table_init(&map));

    return &map;
}

void small_machine(const struct ram *ram, unsigned int nr)
{
    (void)small_machine_with_room(ram, nr, NULL, 0);
}

void small_machine_heap(const struct ram *ram, unsigned int nr)
{
    small_machine(ram, nr);
    for (unsigned int i = 0; i < nr; i++)
        heap_add(_mfn(ram[i].start), ram[i].nr);
}
