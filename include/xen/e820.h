/* SPDX-License-Identifier: MIT */
/*
 * The memory map as firmware tells it: entries in any order, that may overlap,
 * wrap, repeat, or be of a type that nobody knows. <xen/memory_map.h> makes
 * sense of it.
 */
#ifndef XEN_E820_H
#define XEN_E820_H

#include <xen/types.h>

/* Types (ACPI Specification, "Address Range Types"). Others are reserved. */
#define E820_RAM        1U
#define E820_RESERVED   2U
#define E820_ACPI       3U /* tables; RAM once they have been read */
#define E820_NVS        4U /* the firmware's, to be left alone */
#define E820_UNUSABLE   5U /* RAM with errors */
#define E820_PERSISTENT 7U
/* What a map of another format calls by a name that nobody knows. */
#define E820_UNKNOWN 0xffffffffU

/* Real boards show up to a few hundred entries. */
#define E820_MAX_ENTRIES 4096U

struct e820_entry {
    uint64_t address; /* of its first byte */
    uint64_t size;    /* in bytes */
    uint32_t type;
};

struct e820_map {
    unsigned int nr;
    unsigned int nr_dropped; /* entries for which there was no room */
    unsigned int nr_settled; /* if full: none of the first so many is RAM */
    struct e820_entry entry[E820_MAX_ENTRIES];
};

/**
 * e820_add - append what firmware says of [@address, @address + @size).
 *
 * Takes anything, and judges nothing. A full map prefers to lose RAM: there,
 * an entry of RAM is dropped, and any other takes the place of one of RAM.
 * A map full of other entries drops the new one; each loss is counted.
 */
void e820_add(struct e820_map *map, uint64_t address, uint64_t size,
              uint32_t type);

/*
 * The bytes of RAM that the entries claim, overlaps counted twice; the largest
 * number there is if they claim more.
 */
uint64_t e820_ram_size(const struct e820_map *map);

#endif /* XEN_E820_H */
