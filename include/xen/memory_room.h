/* SPDX-License-Identifier: MIT */
/*
 * Room in the memory map: where there is no RAM yet, but may be later.
 *
 * The frame table and the heap leave indices for it, so that memory that is
 * plugged in there can join (<xen/memory_add.h>). It costs address space, and
 * memory of which hardly any is touched. Where that would be too much
 * frame_table_init() drops all room from the map, and says so. What is no room
 * then can never become RAM.
 *
 * Invariant (docs/invariants.md):
 *
 *   M5  Room is whole chunks, in what no entry speaks of. It becomes RAM, and
 *       nothing else does.
 *
 * Addresses are in bytes. Boot only, but for what says otherwise.
 */
#ifndef XEN_MEMORY_ROOM_H
#define XEN_MEMORY_ROOM_H

#include <xen/compiler.h>
#include <xen/memory_map.h>
#include <xen/srat.h>

/* Room begins and ends at multiples of it, and so does what is plugged in. */
#define ROOM_UNIT (1UL << 21)

/**
 * memory_map_add_room - there may be RAM later in [@start, @end).
 *
 * Makes room of those parts that no range speaks of, from below, of up to @size
 * bytes in all, as far as the map has space for ranges. Returns how many.
 */
uint64_t memory_map_add_room(struct memory_map *map, paddr_t start, paddr_t end,
                             uint64_t size);

/**
 * memory_map_room_of_srat - make room where @srat says that memory may come.
 *
 * None if @srat was refused; none from @limit on, which is a multiple of
 * ROOM_UNIT. There is room for a few times the RAM that there is: what more the
 * SRAT has is left out, and the log says so.
 */
void memory_map_room_of_srat(struct memory_map *map, const struct srat *srat,
                             paddr_t limit);

/* Let there be no room. */
void memory_map_drop_room(struct memory_map *map);

/* Is all of [@start, @end) room? */
bool memory_map_is_room(const struct memory_map *map, paddr_t start,
                        paddr_t end);

/**
 * memory_map_plug - the room in [@start, @end), whole units, is RAM now.
 *
 * At any time; it takes the lock of LOCK_RANK_MAP. Nobody else reads @map
 * meanwhile but by memory_is_ram(). False: the map has no space for one more
 * range, and nothing has changed.
 */
__must_check bool memory_map_plug(struct memory_map *map, paddr_t start,
                                  paddr_t end);

/* As memory_map_is_ram(), at any time, by a CPU that may take that lock. */
bool memory_is_ram(const struct memory_map *map, paddr_t start, paddr_t end);

#endif /* XEN_MEMORY_ROOM_H */
