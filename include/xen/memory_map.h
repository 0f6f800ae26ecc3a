/* SPDX-License-Identifier: MIT */
/*
 * The memory map as we use it: sorted, without overlaps, whole frames of RAM.
 *
 * Invariants, true after each function here (docs/invariants.md):
 *
 *   M1  Ranges ascend, do not overlap, are not empty, and end at or below
 *       PADDR_MAX. Neighbours that touch differ in kind or in reason.
 *   M2  A byte is of the most reserved kind that any entry gives it. What no
 *       entry speaks of is in no range, until room is made of it (M5).
 *   M3  A range of RAM is whole frames: a frame with one other byte is not RAM.
 *       What is left over of RAM is reserved, or, in a map that has no room for
 *       it, in no range.
 *   M4  Limiting and taking take RAM away and never add any; what they take
 *       stays in the map, as unusable.
 *
 * Addresses and sizes are in bytes. Nothing here locks: boot only.
 */
#ifndef XEN_MEMORY_MAP_H
#define XEN_MEMORY_MAP_H

#include <xen/e820.h>
#include <xen/types.h>

/* In the order of precedence: where entries overlap, the later kind wins. */
enum memory_kind {
    MEMORY_RAM,
    MEMORY_PERSISTENT,
    MEMORY_ACPI,
    MEMORY_NVS,
    MEMORY_RESERVED,
    MEMORY_UNUSABLE,
    MEMORY_ROOM, /* nothing yet; no entry says so: <xen/memory_room.h> */
    NR_MEMORY_KINDS
};

/* Why a range is what it is; the boot log shows it. */
enum memory_reason {
    REASON_FIRMWARE,      /* an entry says so, and none speaks against it */
    REASON_OVERLAP,       /* entries disagree, the most reserved one won */
    REASON_UNKNOWN_TYPE,  /* nobody knows the type, so reserved */
    REASON_WRAPS,         /* the entry runs past 2^64, so at least reserved */
    REASON_PARTIAL_FRAME, /* RAM that does not fill a frame */
    REASON_MEM_LIMIT,     /* above mem= */
    REASON_CPU_LIMIT,     /* above what the CPU can address */
    REASON_TABLE_LIMIT,   /* beyond the reach of the frame table */
    REASON_ISLAND,        /* less RAM than the frame table needs for it */
    REASON_PLUGGABLE,     /* memory may be plugged in there */
    REASON_PLUGGED,       /* and has been */
    NR_MEMORY_REASONS
};

struct memory_range {
    paddr_t start, end; /* [start, end) */
    enum memory_kind kind;
    enum memory_reason reason;
};

/* Each entry has two ends, and each end may begin a new range. */
#define MEMORY_MAP_MAX_RANGES (2 * E820_MAX_ENTRIES)

struct memory_map {
    unsigned int nr;
    struct memory_range range[MEMORY_MAP_MAX_RANGES];
};

/**
 * memory_map_build - make @map out of what firmware says in @raw.
 *
 * Needs no order and no honesty of @raw; an empty one gives an empty map. A
 * range of RAM that runs past 2^64 is reserved, one past PADDR_MAX is cut.
 * Sorts, so the time is that of n log n, whatever the entries are.
 * Works in static memory of its own: one call at a time.
 */
void memory_map_build(struct memory_map *map, const struct e820_map *raw);

/**
 * memory_map_limit - make RAM at or above @limit unusable, for @reason.
 *
 * As memory_map_take() of all from @limit on; @limit may be any number.
 */
uint64_t memory_map_limit(struct memory_map *map, paddr_t limit,
                          enum memory_reason reason);

/**
 * memory_map_take - make the RAM in [@start, @end) unusable, for @reason.
 *
 * Both are rounded so that whole frames go; @end is at most PADDR_MAX. If one
 * is inside a range and the map has no room for one more, all of that range
 * goes. Returns how many bytes of RAM went.
 */
uint64_t memory_map_take(struct memory_map *map, paddr_t start, paddr_t end,
                         enum memory_reason reason);

/* The bytes of @kind; where the last RAM ends, 0 if there is none. */
uint64_t memory_map_size(const struct memory_map *map, enum memory_kind kind);
paddr_t memory_map_ram_end(const struct memory_map *map);

/* The first range of RAM that ends above @address, or NULL. */
const struct memory_range *memory_map_next_ram(const struct memory_map *map,
                                               paddr_t address);

/* Is all of [@start, @end) RAM, also across ranges? An empty one is not. */
bool memory_map_is_ram(const struct memory_map *map, paddr_t start,
                       paddr_t end);

/* Is any of it? */
bool memory_map_touches_ram(const struct memory_map *map, paddr_t start,
                            paddr_t end);

/* The range that holds the byte at @address, or NULL. */
const struct memory_range *memory_map_find(const struct memory_map *map,
                                           paddr_t address);

/* "639 KiB", "2.9 GiB": @bytes for people, cut off behind the digit shown. */
#define SIZE_TEXT 16U
void format_size(char text[SIZE_TEXT], uint64_t bytes);

const char *memory_kind_name(enum memory_kind kind);
const char *memory_reason_text(enum memory_reason reason);

/**
 * memory_map_print_raw, memory_map_print - show the map as found, entry by
 * entry, and as used, with the reason for each range.
 *
 * Long maps are shown to the @max-th row, with a count of the others. They are
 * shown whatever the console's level is.
 */
#define MEMORY_MAP_ALL_ROWS (~0U)
void memory_map_print_raw(const struct e820_map *raw, unsigned int max);
void memory_map_print(const struct memory_map *map, unsigned int max);

#endif /* XEN_MEMORY_MAP_H */
