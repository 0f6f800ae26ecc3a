/* SPDX-License-Identifier: MIT */
/* Builds the frame table, and checks it. */
#include <public/xen.h>
#include <xen/arch.h>
#include <xen/bootmem.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/frame_table_add.h>
#include <xen/memory_room.h>
#include <xen/printk.h>

#include "frame_table_memory.h"
#include "once.h"

#define GROUP_SIZE ((paddr_t)FRAMES_PER_GROUP << PAGE_SHIFT)

/* With room for more RAM: as the heap has tables by the index, and pieces of
 * nodes are to remain fine (<xen/numa.h>). */
#define MAX_PDXS_PER_FRAME 64U
#define MAX_PDXS_WITH_ROOM BIT(29)

struct page_info *frame_table;
unsigned long nr_pdxs, room_first, room_end;
unsigned long ram_groups[BITMAP_LONGS(FRAME_TABLE_MAX_GROUPS)];
unsigned long valid_groups[BITMAP_LONGS(FRAME_TABLE_MAX_GROUPS)];

static unsigned long nr_ram_groups;

static mfn_t first_frame(const struct memory_range *range)
{
    return maddr_to_mfn(range->start);
}

static mfn_t last_frame(const struct memory_range *range)
{
    return maddr_to_mfn(range->end - 1);
}

static bool is_reserved(paddr_t start, paddr_t end)
{
    const struct bootmem_reservation *r;

    for (unsigned int i = 0;
         (r = bootmem_reservation(i)) != NULL && r->start < end; i++)
        if (r->end > start)
            return true;

    return false;
}

static uint64_t ram_between(const struct memory_map *map, paddr_t start,
                            paddr_t end)
{
    const struct memory_range *range = memory_map_next_ram(map, start);
    uint64_t size = 0;

    for (; range && range->start < end;
         range = memory_map_next_ram(map, range->end))
        size += (range->end < end ? range->end : end) -
                (range->start > start ? range->start : start);

    return size;
}

/*
 * The start of the next group, at @at or above, whose RAM is not worth its
 * entries, and holds nothing that is needed; PADDR_MAX if there is none.
 */
static paddr_t next_island(const struct memory_map *map, paddr_t at)
{
    const struct memory_range *range;

    while ((range = memory_map_next_ram(map, at)) != NULL) {
        paddr_t start = range->start > at ? range->start : at, end;

        start = ALIGN_DOWN(start, GROUP_SIZE);
        end = start + GROUP_SIZE;
        if (ram_between(map, start, end) < GROUP_TABLE_SIZE &&
            !is_reserved(start, end))
            return start;
        /* After its first group the range fills all but its last one. */
        at = ALIGN_DOWN(range->end, GROUP_SIZE);
        if (at < end)
            at = end;
    }

    return PADDR_MAX;
}

/* One reservation for all islands between two ranges of RAM, lest they fill
 * the boot allocator's table. */
static void reserve_islands(const struct memory_map *map)
{
    bool failed = false;

    for (unsigned int i = 0; i < map->nr; i++) {
        paddr_t start = map->range[i].start, end = start;

        for (; i < map->nr && map->range[i].kind != MEMORY_RAM; i++) {
            if (map->range[i].reason != REASON_ISLAND)
                continue;
            if (end == start)
                start = map->range[i].start;
            end = map->range[i].end;
        }
        if (end > start)
            failed |= bootmem_reserve(start, end, "islands of RAM") != 0;
    }
    if (failed)
        printk(LOG_WARNING, "frame table: not all islands can be reserved\n");
}

/*
 * Take RAM that would cost more than it is out of use, unless there is no
 * other. Cutting needs room for two ranges.
 */
static void give_up_islands(struct memory_map *map)
{
    uint64_t size = 0;
    paddr_t at;

    for (at = 0; (at = next_island(map, at)) < PADDR_MAX; at += GROUP_SIZE)
        size += ram_between(map, at, at + GROUP_SIZE);
    if (size == 0 || size == memory_map_size(map, MEMORY_RAM))
        return;

    size = 0;
    for (at = 0; (at = next_island(map, at)) < PADDR_MAX &&
                 map->nr + 2 <= MEMORY_MAP_MAX_RANGES;
         at += GROUP_SIZE)
        size += memory_map_take(map, at, at + GROUP_SIZE, REASON_ISLAND);
    reserve_islands(map);
    printk(LOG_INFO,
           "frame table: %lu KiB of RAM are not used: they lie where entries "
           "would take more\n",
           size >> 10);
}

/*
 * Choose indices that leave room for what may be plugged in, unless that would
 * put RAM out of reach, or spread the table over far more than there is RAM.
 */
static void choose_indices(struct memory_map *map)
{
    unsigned long nr = memory_map_size(map, MEMORY_RAM) >> PAGE_SHIFT;
    bool has_room = memory_map_size(map, MEMORY_ROOM) > 0;

    pdx_init(map, FRAME_TABLE_REACH);
    if (!has_room || (pdx_compression.nr <= FRAME_TABLE_REACH &&
                      pdx_compression.nr <= MAX_PDXS_WITH_ROOM &&
                      pdx_compression.nr <= nr * MAX_PDXS_PER_FRAME))
        return;
    printk(LOG_WARNING,
           "frame table: no memory can be plugged in: with room for it there "
           "would be %lu indices for %lu frames of RAM\n",
           pdx_compression.nr, nr);
    memory_map_drop_room(map);
    pdx_init(map, FRAME_TABLE_REACH);
}

/* Take RAM that has no index out of use. A higher frame has a higher PDX. */
static void clip_to_reach(struct memory_map *map)
{
    paddr_t limit;
    uint64_t size;

    if (pdx_compression.nr <= FRAME_TABLE_REACH)
        return;
    limit = mfn_to_maddr(pdx_to_mfn(FRAME_TABLE_REACH));
    size = memory_map_limit(map, limit, REASON_TABLE_LIMIT);
    printk(LOG_WARNING,
           "frame table: %lu MiB of RAM from %#lx on are out of reach%s\n",
           size >> 20, limit,
           bootmem_reserve(limit, PADDR_MAX, "beyond the frame table")
               ? ", and cannot be reserved"
               : "");
}

void frame_table_mark_group(unsigned long group)
{
    nr_ram_groups += !once_set(ram_groups, group);
}

static void note_room(const struct memory_range *room)
{
    if (room_end == 0)
        room_first = mfn_to_pdx(first_frame(room));
    room_end = mfn_to_pdx(last_frame(room)) + 1;
}

static void mark_groups(const struct memory_map *map)
{
    for (unsigned int i = 0; i < map->nr; i++) {
        unsigned long group, last;

        if (map->range[i].kind != MEMORY_RAM &&
            map->range[i].kind != MEMORY_ROOM)
            continue;
        group = mfn_to_pdx(first_frame(&map->range[i])) / FRAMES_PER_GROUP;
        last = mfn_to_pdx(last_frame(&map->range[i])) / FRAMES_PER_GROUP;
        nr_pdxs = (last + 1) * FRAMES_PER_GROUP;
        if (map->range[i].kind == MEMORY_ROOM)
            note_room(&map->range[i]);
        else
            for (; group <= last; group++)
                frame_table_mark_group(group);
    }
}

/* The first group from @group on that has RAM, or has none. */
static unsigned long next_group(unsigned long group, bool has_ram)
{
    unsigned long nr = nr_pdxs / FRAMES_PER_GROUP;

    while (group < nr) {
        unsigned long word = ram_groups[group / BITS_PER_LONG];

        word = (has_ram ? word : ~word) >> group % BITS_PER_LONG;
        if (word) {
            group += lowest_bit(word);
            break;
        }
        group = ALIGN_DOWN(group, BITS_PER_LONG) + BITS_PER_LONG;
    }

    return group < nr ? group : nr;
}

/* From @group, which has RAM, on: the first that has none, or lives elsewhere.
 */
static unsigned long end_of_run(const struct memory_map *map,
                                unsigned long group, unsigned int home)
{
    unsigned long end = next_group(group, false);

    if (home == HOME_ANYWHERE && !frame_table_has_homes())
        return end;
    do
        group++;
    while (group < end && frame_table_home(map, group) == home);

    return group;
}

static int build(const struct memory_map *map)
{
    static const struct table_kind under_frame_table = { "frame table",
                                                         arch_map_frame_table };
    unsigned long first, end = 0, nr_groups = nr_pdxs / FRAMES_PER_GROUP;
    char *table = arch_reserve_frame_table(nr_groups * GROUP_TABLE_SIZE);

    if (!table) {
        printk(LOG_ERROR, "frame table: no address space\n");
        return -ENOMEM;
    }
    frame_table = (struct page_info *)table;

    while ((first = next_group(end, true)) < nr_groups) {
        unsigned int home = frame_table_home(map, first);
        int rc;

        end = end_of_run(map, first, home);
        rc = table_back(&under_frame_table, table + first * GROUP_TABLE_SIZE,
                        (end - first) * (GROUP_TABLE_SIZE / SUPERPAGE_SIZE),
                        home);
        if (rc)
            return rc;
    }

    return 0;
}

int frame_table_init(struct memory_map *map)
{
    give_up_islands(map);
    choose_indices(map);
    clip_to_reach(map);
    if (memory_map_ram_end(map) == 0) {
        printk(LOG_ERROR, "frame table: there is no RAM\n");
        return -EINVAL;
    }
    mark_groups(map);

    return build(map);
}

unsigned long frame_table_size(void)
{
    return nr_ram_groups * GROUP_TABLE_SIZE;
}

static int broken(int invariant, mfn_t mfn)
{
    printk(LOG_ERROR, "frame table: F%d is broken at frame %#lx\n", invariant,
           mfn_x(mfn));

    return invariant;
}

/* Is @mfn RAM, by the range *@i or a later one? For frames that ascend. */
static bool is_ram(const struct memory_map *map, unsigned int *i, mfn_t mfn)
{
    const struct memory_range *range = &map->range[*i];

    while (*i < map->nr &&
           (range->kind != MEMORY_RAM || range->end <= mfn_to_maddr(mfn))) {
        range++;
        ++*i;
    }

    return *i < map->nr && range->start <= mfn_to_maddr(mfn);
}

/* Does it say that its frame is a device's, and so DOMID_IO's? */
static bool is_io(const struct page_info *pg)
{
    return page_state(pg) == PGC_state_inuse &&
           pg->inuse_overlay.owner == DOMID_IO + 1;
}

/* Check F1, F4, F5 and F6 for each frame of @group, which is open. */
static int check_group(const struct memory_map *map, unsigned int *i,
                       unsigned long group)
{
    unsigned long pdx = group * FRAMES_PER_GROUP;
    mfn_t start = pdx_to_mfn(pdx);

    for (unsigned long n = 0; n < FRAMES_PER_GROUP; n++, pdx++) {
        mfn_t mfn = mfn_add(start, n);
        struct page_info *pg = pdx_to_page(pdx);

        if (!mfn_eq(page_to_mfn(pg), mfn))
            return broken(5, mfn);
        if (!mfn_valid(mfn))
            return broken(6, mfn);
        if (mfn_to_page(mfn) != pg)
            return broken(1, mfn);
        if (!is_ram(map, i, mfn) && !page_info_is_zero(pg) && !is_io(pg))
            return broken(4, mfn);
    }

    return 0;
}

/* Check that the frames of @range have places, and their groups are in order.
 */
static int check_ram(const struct memory_range *range)
{
    mfn_t mfn = first_frame(range), next;

    for (; mfn_x(mfn) <= mfn_x(last_frame(range)); mfn = next) {
        if (!mfn_has_place(mfn))
            return broken(2, mfn);
        next =
            _mfn(ALIGN_DOWN(mfn_x(mfn), FRAMES_PER_GROUP) + FRAMES_PER_GROUP);
        if (!IS_ALIGNED(mfn_x(next), BIT(PDX_BLOCK_ORDER)) &&
            mfn_to_pdx(next) - mfn_to_pdx(mfn) != mfn_x(next) - mfn_x(mfn))
            return broken(5, next);
    }

    return 0;
}

int frame_table_check(const struct memory_map *map)
{
    unsigned long group, nr = 0;
    unsigned int i = 0;
    int rc = 0;

    for (unsigned int r = 0; r < map->nr && !rc; r++)
        if (map->range[r].kind == MEMORY_RAM)
            rc = check_ram(&map->range[r]);

    for (group = next_group(0, true); group < nr_pdxs / FRAMES_PER_GROUP && !rc;
         group = next_group(group + 1, true)) {
        if (pdx_valid(group * FRAMES_PER_GROUP))
            rc = check_group(map, &i, group);
        nr++;
    }

    return rc || nr == nr_ram_groups ? rc : broken(3, pdx_to_mfn(nr_pdxs - 1));
}
