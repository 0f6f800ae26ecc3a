/* SPDX-License-Identifier: MIT */
/* The memory map done slowly: every cell is asked, for every entry. */
#include <string.h>

#include <xen/mm-frame.h>

#include "naive_memory_map.h"

/* One bit for each kind and reason that an entry has given the cell. */
static uint64_t given[NAIVE_MAX_CELLS];

#define NOTHING NR_MEMORY_KINDS

/* What an entry may be taken for, and why. */
#define NR_ENTRY_KINDS   (MEMORY_UNUSABLE + 1)
#define NR_ENTRY_REASONS (REASON_WRAPS + 1)
static struct cell {
    enum memory_kind kind; /* or NOTHING */
    enum memory_reason reason;
} cells[NAIVE_MAX_CELLS];

static struct naive_space space;

static paddr_t cell_address(unsigned int i)
{
    return space.base + (paddr_t)i * space.cell_size;
}

static uint64_t bit_of(enum memory_kind kind, enum memory_reason reason)
{
    return 1ULL << ((unsigned int)kind * NR_ENTRY_REASONS + reason);
}

static uint64_t bit_of_entry(const struct e820_entry *entry)
{
    static const enum memory_kind kind[] = {
        [E820_RAM] = MEMORY_RAM,           [E820_RESERVED] = MEMORY_RESERVED,
        [E820_ACPI] = MEMORY_ACPI,         [E820_NVS] = MEMORY_NVS,
        [E820_UNUSABLE] = MEMORY_UNUSABLE, [E820_PERSISTENT] = MEMORY_PERSISTENT
    };
    bool known = (entry->type >= 1 && entry->type <= 5) || entry->type == 7;

    /* It wraps if what is left up to 2^64 is less than its size. */
    if (entry->address && entry->size > -entry->address)
        return bit_of(known && kind[entry->type] == MEMORY_UNUSABLE
                          ? MEMORY_UNUSABLE
                          : MEMORY_RESERVED,
                      REASON_WRAPS);
    if (!known)
        return bit_of(MEMORY_RESERVED, REASON_UNKNOWN_TYPE);

    return bit_of(kind[entry->type], REASON_FIRMWARE);
}

static void paint(const struct e820_entry *entry)
{
    uint64_t bit = bit_of_entry(entry);

    for (unsigned int i = 0; i < space.nr_cells; i++) {
        paddr_t at = cell_address(i);

        if (at >= entry->address && at - entry->address < entry->size &&
            at < PADDR_MAX)
            given[i] |= bit;
    }
}

static struct cell decide(uint64_t bits)
{
    struct cell cell = { .kind = NOTHING };
    const uint64_t of_one_kind = (1ULL << NR_ENTRY_REASONS) - 1;

    for (int kind = NR_ENTRY_KINDS - 1; kind >= 0; kind--) {
        unsigned int shift = (unsigned int)kind * NR_ENTRY_REASONS;
        uint64_t reasons = bits >> shift & of_one_kind;

        if (!reasons)
            continue;
        cell.kind = (enum memory_kind)kind;
        if (bits & ~(of_one_kind << shift))
            cell.reason = REASON_OVERLAP;
        else
            while (!(reasons >> cell.reason & 1))
                cell.reason++;
        break;
    }

    return cell;
}

/* RAM in a frame that is not all RAM is none. */
static void strip_frame(struct cell *frame, unsigned int nr)
{
    unsigned int nr_ram = 0;

    for (unsigned int i = 0; i < nr; i++)
        nr_ram += frame[i].kind == MEMORY_RAM;
    if (nr_ram == nr)
        return;

    for (unsigned int i = 0; i < nr; i++)
        if (frame[i].kind == MEMORY_RAM)
            frame[i] = (struct cell){ MEMORY_RESERVED, REASON_PARTIAL_FRAME };
}

void naive_build(const struct naive_space *of, const struct e820_map *raw)
{
    unsigned int per_frame = (unsigned int)PAGE_SIZE / of->cell_size;

    space = *of;
    memset(given, 0, space.nr_cells * sizeof(given[0]));
    for (unsigned int i = 0; i < raw->nr; i++)
        paint(&raw->entry[i]);
    for (unsigned int i = 0; i < space.nr_cells; i++)
        cells[i] = decide(given[i]);
    for (unsigned int i = 0; i < space.nr_cells; i += per_frame)
        strip_frame(&cells[i], per_frame);
}

/* A frame is taken if a byte of it is. */
uint64_t naive_take(paddr_t start, paddr_t end, enum memory_reason reason)
{
    uint64_t gone = 0;

    for (unsigned int i = 0; i < space.nr_cells; i++) {
        paddr_t frame = cell_address(i) / PAGE_SIZE * PAGE_SIZE;

        if (cells[i].kind == MEMORY_RAM && frame < end &&
            frame + PAGE_SIZE > start) {
            cells[i] = (struct cell){ MEMORY_UNUSABLE, reason };
            gone += space.cell_size;
        }
    }

    return gone;
}

uint64_t naive_limit(paddr_t limit, enum memory_reason reason)
{
    return naive_take(limit, UINT64_MAX, reason);
}

bool naive_agrees(const struct memory_map *map, paddr_t *where)
{
    unsigned int r = 0;

    for (unsigned int i = 0; i < space.nr_cells; i++) {
        struct cell cell = { .kind = NOTHING };

        *where = cell_address(i);
        while (r < map->nr && map->range[r].end <= *where)
            r++;
        if (r < map->nr && map->range[r].start <= *where)
            cell = (struct cell){ map->range[r].kind, map->range[r].reason };
        if (cell.kind != cells[i].kind)
            return false;
        if (cell.kind != NOTHING && cell.reason != cells[i].reason)
            return false;
    }

    return true;
}

uint64_t naive_size(enum memory_kind kind)
{
    uint64_t size = 0;

    for (unsigned int i = 0; i < space.nr_cells; i++)
        size += cells[i].kind == kind ? space.cell_size : 0;

    return size;
}

bool naive_is_ram(paddr_t start, paddr_t end)
{
    bool all = start < end;

    for (paddr_t at = start; at < end; at += space.cell_size)
        all = all &&
              cells[(at - space.base) / space.cell_size].kind == MEMORY_RAM;

    return all;
}

static const char *broken_by(const struct memory_range *range,
                             const struct memory_range *before)
{
    if (range->start >= range->end)
        return "M1: a range is empty";
    if (range->end > PADDR_MAX)
        return "M1: a range ends above PADDR_MAX";
    if (before && before->end > range->start)
        return "M1: ranges overlap, or do not ascend";
    if (before && before->end == range->start && before->kind == range->kind &&
        before->reason == range->reason)
        return "M1: neighbours that touch do not differ";
    if (range->kind == MEMORY_RAM && (range->start | range->end) % PAGE_SIZE)
        return "M3: RAM is not whole frames";

    return NULL;
}

const char *memory_map_broken_rule(const struct memory_map *map)
{
    for (unsigned int i = 0; i < map->nr; i++) {
        const char *broken =
            broken_by(&map->range[i], i ? &map->range[i - 1] : NULL);

        if (broken)
            return broken;
    }

    return NULL;
}
