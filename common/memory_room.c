/* SPDX-License-Identifier: MIT */
/* Keeps room in the memory map, and makes RAM of it. */
#include <xen/bits.h>
#include <xen/memory_room.h>
#include <xen/mm-frame.h>
#include <xen/printk.h>
#include <xen/spinlock.h>
#include <xen/string.h>

/* Room for so many times the RAM: the heap's tables for it take some 160 bytes
 * for 2 MiB, so less than three thousandths of the RAM. */
#define MAX_ROOM_PER_RAM 32U

static spinlock_t map_lock = SPINLOCK_INIT(LOCK_RANK_MAP);

/* The first range that ends above @address. */
static unsigned int first_above(const struct memory_map *map, paddr_t address)
{
    unsigned int i = 0;

    while (i < map->nr && map->range[i].end <= address)
        i++;

    return i;
}

/* Put @nr new ranges before the one at @i; they are the caller's to fill. */
static void make_space(struct memory_map *map, unsigned int i, unsigned int nr)
{
    memmove(&map->range[i + nr], &map->range[i],
            (map->nr - i) * sizeof(map->range[0]));
    map->nr += nr;
}

static void add_room(struct memory_map *map, unsigned int i, paddr_t start,
                     paddr_t end)
{
    struct memory_range *before = i > 0 ? &map->range[i - 1] : NULL;

    if (before && before->kind == MEMORY_ROOM && before->end == start) {
        before->end = end;
        return;
    }
    make_space(map, i, 1);
    map->range[i] =
        (struct memory_range){ start, end, MEMORY_ROOM, REASON_PLUGGABLE };
}

uint64_t memory_map_add_room(struct memory_map *map, paddr_t start, paddr_t end,
                             uint64_t size)
{
    uint64_t sum = 0;
    paddr_t at, next;

    size = ALIGN_DOWN(size, ROOM_UNIT);
    for (at = start; at < end && map->nr < MEMORY_MAP_MAX_RANGES; at = next) {
        unsigned int i = first_above(map, at);
        paddr_t gap = i < map->nr && map->range[i].start < end
                          ? map->range[i].start
                          : end;

        next = gap < end ? map->range[i].end : end;
        at = ALIGN_UP(at, ROOM_UNIT);
        gap = ALIGN_DOWN(gap, ROOM_UNIT);
        if (at >= gap || sum == size)
            continue;
        if (gap - at > size - sum)
            gap = at + (size - sum);
        add_room(map, i, at, gap);
        sum += gap - at;
    }

    return sum;
}

void memory_map_room_of_srat(struct memory_map *map, const struct srat *srat,
                             paddr_t limit)
{
    uint64_t wanted = 0, sum = 0, max;
    unsigned int nr = 0;

    if (srat->refused)
        return;
    for (unsigned int i = 0; i < srat->nr_ranges; i++)
        nr += srat->range[i].hotplug;
    if (nr == 0)
        return;

    max = memory_map_size(map, MEMORY_RAM) * MAX_ROOM_PER_RAM / nr;
    for (unsigned int i = 0; i < srat->nr_ranges; i++) {
        const struct srat_range *range = &srat->range[i];
        paddr_t end = range->end < limit ? range->end : limit;

        if (!range->hotplug || range->start >= end)
            continue;
        wanted += end - range->start;
        sum += memory_map_add_room(map, range->start, end, max);
    }
    if (wanted > 0)
        printk(LOG_INFO,
               "memory: room for %lu MiB that may be plugged in; "
               "the SRAT has %lu MiB of it\n",
               (unsigned long)(sum >> 20), (unsigned long)(wanted >> 20));
}

void memory_map_drop_room(struct memory_map *map)
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < map->nr; i++)
        if (map->range[i].kind != MEMORY_ROOM)
            map->range[nr++] = map->range[i];
    map->nr = nr;
}

/* Room that touches is one range, but for what the reach of tables cut. */
bool memory_map_is_room(const struct memory_map *map, paddr_t start,
                        paddr_t end)
{
    const struct memory_range *range = memory_map_find(map, start);

    return start < end && range && range->kind == MEMORY_ROOM &&
           end <= range->end;
}

/* Make RAM of a part of the range of room at @i; what is left of it remains. */
static void plug(struct memory_map *map, unsigned int i, paddr_t start,
                 paddr_t end)
{
    struct memory_range room = map->range[i];
    unsigned int nr_left =
        (room.start < start ? 1U : 0) + (end < room.end ? 1U : 0);

    make_space(map, i, nr_left);
    if (room.start < start)
        map->range[i++] =
            (struct memory_range){ room.start, start, room.kind, room.reason };
    map->range[i] =
        (struct memory_range){ start, end, MEMORY_RAM, REASON_PLUGGED };
    if (end < room.end)
        map->range[i + 1] =
            (struct memory_range){ end, room.end, room.kind, room.reason };
}

/* Make one of the range at @i and the one before it, if they do not differ. */
static void merge_with_last(struct memory_map *map, unsigned int i)
{
    struct memory_range *range = &map->range[i];

    if (i == 0 || i >= map->nr || range[-1].end != range->start ||
        range[-1].kind != range->kind || range[-1].reason != range->reason)
        return;
    range[-1].end = range->end;
    map->nr--;
    memmove(range, range + 1, (map->nr - i) * sizeof(*range));
}

bool memory_map_plug(struct memory_map *map, paddr_t start, paddr_t end)
{
    bool has_space;

    spin_lock(&map_lock);
    has_space = map->nr + 2 <= MEMORY_MAP_MAX_RANGES;
    if (has_space) {
        plug(map, first_above(map, start), start, end);
        merge_with_last(map, first_above(map, start) + 1);
        merge_with_last(map, first_above(map, start));
    }
    spin_unlock(&map_lock);

    return has_space;
}

bool memory_is_ram(const struct memory_map *map, paddr_t start, paddr_t end)
{
    bool is_ram;

    spin_lock(&map_lock);
    is_ram = memory_map_is_ram(map, start, end);
    spin_unlock(&map_lock);

    return is_ram;
}
