/* SPDX-License-Identifier: MIT */
/*
 * A machine with the RAM that a test wants, and not a frame more.
 *
 * The frame table of a real machine takes from its RAM. Here it is given other
 * memory, so that a test knows each frame that may be in the heap. Its RAM is
 * reserved, and so in use however little of it a group has.
 */
#ifndef SMALL_MACHINE_H
#define SMALL_MACHINE_H

#include <xen/memory_map.h>

/* The frames [start, start + nr). */
struct ram {
    unsigned long start, nr;
};

/* The map of a machine whose RAM is @ram, which ascends. */
const struct memory_map *small_machine_map(const struct ram *ram,
                                           unsigned int nr);

/* Build the frame table for it; the heap is empty. */
void small_machine(const struct ram *ram, unsigned int nr);

/* The same with room for more RAM, which ascends too. The map lasts. */
struct memory_map *small_machine_with_room(const struct ram *ram,
                                           unsigned int nr,
                                           const struct ram *room,
                                           unsigned int nr_room);

/* The same, and give each range of it to the heap. */
void small_machine_heap(const struct ram *ram, unsigned int nr);

#endif /* SMALL_MACHINE_H */
