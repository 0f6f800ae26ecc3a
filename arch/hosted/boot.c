/* SPDX-License-Identifier: MIT */
/* From a memory map to a heap, in the steps in which a machine boots. */
#include <hosted.h>
#include <xen/bootmem.h>
#include <xen/bug.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>

static struct memory_map map;

const struct memory_map *hosted_boot(const struct e820_map *raw)
{
    memory_map_build(&map, raw);
    for (unsigned int i = 0; i < map.nr; i++) {
        if (map.range[i].kind == MEMORY_RAM)
            bootmem_add(map.range[i].start, map.range[i].end);
    }
    if (frame_table_init(&map) != 0)
        BUG("no frame table in a process");
    heap_init();

    return &map;
}
