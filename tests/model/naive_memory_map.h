/* SPDX-License-Identifier: MIT */
/*
 * The oracle of the memory map: a small piece of address space, painted cell by
 * cell with what each entry says of it. A cell is a byte, or a few of them for
 * a piece whose entries all start and end between cells.
 */
#ifndef NAIVE_MEMORY_MAP_H
#define NAIVE_MEMORY_MAP_H

#include <xen/memory_map.h>

#define NAIVE_MAX_CELLS 65536U

struct naive_space {
    paddr_t base;           /* a multiple of a frame */
    unsigned int nr_cells;  /* whole frames */
    unsigned int cell_size; /* in bytes, a divisor of a frame */
};

/* Paint @space with what is to be made of @raw. */
void naive_build(const struct naive_space *space, const struct e820_map *raw);

/* Repaint [@start, @end), or from @limit on. Returns how much RAM went. */
uint64_t naive_take(paddr_t start, paddr_t end, enum memory_reason reason);
uint64_t naive_limit(paddr_t limit, enum memory_reason reason);

/* Does @map say of each byte what is painted? If not, *@where is the first. */
bool naive_agrees(const struct memory_map *map, paddr_t *where);

/* Bytes painted as @kind; are all of [@start, @end) RAM? */
uint64_t naive_size(enum memory_kind kind);
bool naive_is_ram(paddr_t start, paddr_t end);

/* The first of M1 and M3 that @map breaks by itself, in words, or NULL. */
const char *memory_map_broken_rule(const struct memory_map *map);

#endif /* NAIVE_MEMORY_MAP_H */
