/* SPDX-License-Identifier: MIT */
/* What the tests of the frame table are written with: a machine that boots. */
#ifndef FRAME_TABLE_BOOT_H
#define FRAME_TABLE_BOOT_H

#include <test.h>
#include <xen/bootmem.h>
#include <xen/frame_table.h>

#include "../model/small_machine.h"

#define MIB       (1UL << 20)
#define GIB       (1UL << 30)
#define TIB       (1UL << 40)
#define GROUP     FRAMES_PER_GROUP
#define FRAMES(x) ((x) >> PAGE_SHIFT)

/* A machine as it boots: the table comes out of its own RAM. */
static inline int boot(struct memory_map *map)
{
    for (unsigned int i = 0; i < map->nr; i++)
        bootmem_add(map->range[i].start, map->range[i].end);

    return frame_table_init(map);
}

/* Let all that has a place have an entry. */
static inline void open_all(void)
{
    for (unsigned long pdx = 0; pdx < nr_pdxs; pdx += GROUP)
        frame_table_open(pdx_to_mfn(pdx));
}

static struct memory_map map_copy;

static inline struct memory_map *map_of(const struct ram *ram, unsigned int nr)
{
    map_copy = *small_machine_map(ram, nr);

    return &map_copy;
}

/* A group that has less RAM than its entries take. */
#define LITTLE (FRAMES(GROUP_TABLE_SIZE) - 1)

static inline uint64_t given_up(void)
{
    return memory_map_size(&map_copy, MEMORY_UNUSABLE) >> PAGE_SHIFT;
}

#endif /* FRAME_TABLE_BOOT_H */
