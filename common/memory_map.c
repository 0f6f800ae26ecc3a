/* SPDX-License-Identifier: MIT */
/*
 * The memory map: built from what firmware says, limited, and asked.
 *
 * Each entry is turned into two events, where it opens and where it closes.
 * Sweeping over them in order of address, we know at any time how many open
 * entries there are of each kind, and so the kind that wins. What they say of
 * RAM is rounded to frames only when all of a range is known, so that entries
 * that meet in mid-frame make whole frames.
 */
#include <xen/bits.h>
#include <xen/bug.h>
#include <xen/memory_map.h>
#include <xen/mm-frame.h>
#include <xen/warn_limit.h>

#define MAX_EVENTS (2 * E820_MAX_ENTRIES)

/* An entry opens or closes. */
struct event {
    paddr_t address;
    uint8_t kind, reason;
    bool opens;
};

struct sweep {
    struct memory_map *map;
    unsigned int nr_events_left;
    /* How many entries are open, by what they say and why we take it so. */
    unsigned int nr_open[NR_MEMORY_KINDS][NR_MEMORY_REASONS];
    /* The range that will end where another kind or reason wins. */
    bool in_range;
    struct memory_range range;
};

static struct event events[MAX_EVENTS];

static bool same_sort(const struct memory_range *a,
                      const struct memory_range *b)
{
    return a->kind == b->kind && a->reason == b->reason;
}

static enum memory_kind kind_of_type(uint32_t type, enum memory_reason *reason)
{
    *reason = REASON_FIRMWARE;

    switch (type) {
    case E820_RAM: return MEMORY_RAM;
    case E820_RESERVED: return MEMORY_RESERVED;
    case E820_ACPI: return MEMORY_ACPI;
    case E820_NVS: return MEMORY_NVS;
    case E820_UNUSABLE: return MEMORY_UNUSABLE;
    case E820_PERSISTENT: return MEMORY_PERSISTENT;
    default: *reason = REASON_UNKNOWN_TYPE; return MEMORY_RESERVED;
    }
}

/*
 * What we take @entry to say. Sets @range, and returns false if that is nothing
 * about any address that there is.
 */
static bool read_entry(const struct e820_entry *entry,
                       struct memory_range *range)
{
    uint64_t last = entry->address + entry->size - 1;

    if (entry->size == 0 || entry->address >= PADDR_MAX)
        return false;

    range->kind = kind_of_type(entry->type, &range->reason);
    if (last < entry->address) {
        range->reason = REASON_WRAPS;
        if (range->kind < MEMORY_RESERVED)
            range->kind = MEMORY_RESERVED;
        last = UINT64_MAX;
    }
    range->start = entry->address;
    range->end = last < PADDR_MAX ? last + 1 : PADDR_MAX;

    return true;
}

static void add_event(unsigned int *nr, paddr_t address,
                      const struct memory_range *range, bool opens)
{
    events[(*nr)++] = (struct event){
        .address = address,
        .kind = (uint8_t)range->kind,
        .reason = (uint8_t)range->reason,
        .opens = opens,
    };
}

/* Returns how many events there are. */
static unsigned int collect_events(const struct e820_map *raw)
{
    unsigned int nr = 0, nr_warnings = 0;
    struct memory_range range;

    for (unsigned int i = 0; i < raw->nr; i++) {
        if (!read_entry(&raw->entry[i], &range))
            continue;
        if (range.reason == REASON_WRAPS && may_warn(&nr_warnings, "memory"))
            printk(LOG_WARNING,
                   "memory: entry %u wraps past 2^64, so it is %s from %#llx "
                   "on\n",
                   i, memory_kind_name(range.kind),
                   (unsigned long long)range.start);
        add_event(&nr, range.start, &range, true);
        add_event(&nr, range.end, &range, false);
    }

    return nr;
}

/* Move the event at @i down the heap of @nr, until none below is greater. */
static void sift_down(unsigned int i, unsigned int nr)
{
    struct event event = events[i];

    for (unsigned int child; (child = 2 * i + 1) < nr; i = child) {
        if (child + 1 < nr && events[child + 1].address > events[child].address)
            child++;
        if (events[child].address <= event.address)
            break;
        events[i] = events[child];
    }
    events[i] = event;
}

/* Heapsort: no recursion, and no order of entries that makes it slow. */
static void sort_events(unsigned int nr)
{
    for (unsigned int i = nr / 2; i-- > 0;)
        sift_down(i, nr);

    for (unsigned int left = nr; left > 1;) {
        struct event greatest = events[0];

        left--;
        events[0] = events[left];
        events[left] = greatest;
        sift_down(0, left);
    }
}

/* Where two entries give one kind for two reasons, the plainer one stands. */
static bool kind_is_open(const struct sweep *sweep, unsigned int kind,
                         enum memory_reason *reason)
{
    for (unsigned int r = 0; r < NR_MEMORY_REASONS; r++) {
        if (sweep->nr_open[kind][r]) {
            *reason = (enum memory_reason)r;
            return true;
        }
    }

    return false;
}

/* Set the kind and reason that win; false if no entry is open. */
static bool find_winner(const struct sweep *sweep, struct memory_range *range)
{
    enum memory_reason reason;
    unsigned int nr_kinds = 0;

    for (unsigned int kind = 0; kind < NR_MEMORY_KINDS; kind++) {
        if (!kind_is_open(sweep, kind, &reason))
            continue;
        nr_kinds++;
        range->kind = (enum memory_kind)kind;
        range->reason = nr_kinds > 1 ? REASON_OVERLAP : reason;
    }

    return nr_kinds > 0;
}

static void append(struct memory_map *map, paddr_t start, paddr_t end,
                   enum memory_kind kind, enum memory_reason reason)
{
    ASSERT(map->nr < MEMORY_MAP_MAX_RANGES);
    map->range[map->nr++] = (struct memory_range){ start, end, kind, reason };
}

/*
 * Keep [@start, @end), left over of RAM, as reserved, if the map has room for
 * it, for the RAM beside it, and for the one range that each event may close.
 */
static void append_scrap(struct sweep *sweep, paddr_t start, paddr_t end)
{
    unsigned int needed = sweep->map->nr + sweep->nr_events_left + 2;

    if (start < end && needed <= MEMORY_MAP_MAX_RANGES)
        append(sweep->map, start, end, MEMORY_RESERVED, REASON_PARTIAL_FRAME);
}

static void append_ram(struct sweep *sweep, paddr_t start, paddr_t end)
{
    paddr_t first = ALIGN_UP(start, PAGE_SIZE);
    paddr_t last = ALIGN_DOWN(end, PAGE_SIZE);

    if (first >= last) {
        append_scrap(sweep, start, end);
        return;
    }

    append_scrap(sweep, start, first);
    append(sweep->map, first, last, MEMORY_RAM, REASON_FIRMWARE);
    append_scrap(sweep, last, end);
}

/* What wins from @address on? If that is new, a range ends and one begins. */
static void turn_over(struct sweep *sweep, paddr_t address)
{
    struct memory_range *range = &sweep->range;
    struct memory_range next = { .start = address };
    bool wins = find_winner(sweep, &next);

    if (sweep->in_range && wins && same_sort(range, &next))
        return;

    if (sweep->in_range && range->kind == MEMORY_RAM)
        append_ram(sweep, range->start, address);
    else if (sweep->in_range)
        append(sweep->map, range->start, address, range->kind, range->reason);

    *range = next;
    sweep->in_range = wins;
}

void memory_map_build(struct memory_map *map, const struct e820_map *raw)
{
    struct sweep sweep = { .map = map };
    unsigned int nr = collect_events(raw);

    sort_events(nr);
    map->nr = 0;
    for (unsigned int i = 0; i < nr; i++) {
        const struct event *event = &events[i];
        unsigned int *nr_open = &sweep.nr_open[event->kind][event->reason];

        if (event->opens)
            ++*nr_open;
        else
            --*nr_open;
        sweep.nr_events_left = nr - i - 1;
        /* All that happens at one address happens at once. */
        if (i + 1 == nr || events[i + 1].address != event->address)
            turn_over(&sweep, event->address);
    }
}

/* Make one range of neighbours that touch and do not differ (M1). */
static void merge_neighbours(struct memory_map *map)
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < map->nr; i++) {
        const struct memory_range *range = &map->range[i];
        struct memory_range *last = nr ? &map->range[nr - 1] : NULL;

        if (last && last->end == range->start && same_sort(last, range))
            last->end = range->end;
        else
            map->range[nr++] = *range;
    }
    map->nr = nr;
}

/* The first range that ends above @address, or the map's number of ranges. */
static unsigned int find_from(const struct memory_map *map, paddr_t address)
{
    unsigned int low = 0, high = map->nr;

    while (low < high) {
        unsigned int middle = low + (high - low) / 2;

        if (map->range[middle].end > address)
            high = middle;
        else
            low = middle + 1;
    }

    return low;
}

/*
 * Make a range of RAM that holds @address in its middle two, that meet there.
 * Returns the first range at or above the cut.
 */
static unsigned int cut_ram(struct memory_map *map, paddr_t address)
{
    unsigned int i = find_from(map, address);
    struct memory_range *range = &map->range[i];

    if (i == map->nr || range->kind != MEMORY_RAM || range->start >= address ||
        map->nr == MEMORY_MAP_MAX_RANGES)
        return i;

    for (unsigned int j = map->nr++; j > i; j--)
        map->range[j] = map->range[j - 1];
    range[0].end = address;
    range[1].start = address;

    return i + 1;
}

uint64_t memory_map_take(struct memory_map *map, paddr_t start, paddr_t end,
                         enum memory_reason reason)
{
    unsigned int first = cut_ram(map, ALIGN_DOWN(start, PAGE_SIZE));
    uint64_t gone = 0;

    end = ALIGN_UP(end, PAGE_SIZE);
    (void)cut_ram(map, end);
    for (unsigned int i = first; i < map->nr && map->range[i].start < end;
         i++) {
        struct memory_range *range = &map->range[i];

        if (range->kind != MEMORY_RAM)
            continue;
        gone += range->end - range->start;
        range->kind = MEMORY_UNUSABLE;
        range->reason = reason;
    }
    merge_neighbours(map);

    return gone;
}

uint64_t memory_map_limit(struct memory_map *map, paddr_t limit,
                          enum memory_reason reason)
{
    return memory_map_take(map, limit, PADDR_MAX, reason);
}

uint64_t memory_map_size(const struct memory_map *map, enum memory_kind kind)
{
    uint64_t size = 0;

    for (unsigned int i = 0; i < map->nr; i++)
        if (map->range[i].kind == kind)
            size += map->range[i].end - map->range[i].start;

    return size;
}

paddr_t memory_map_ram_end(const struct memory_map *map)
{
    for (unsigned int i = map->nr; i-- > 0;)
        if (map->range[i].kind == MEMORY_RAM)
            return map->range[i].end;

    return 0;
}

const struct memory_range *memory_map_next_ram(const struct memory_map *map,
                                               paddr_t address)
{
    for (unsigned int i = find_from(map, address); i < map->nr; i++)
        if (map->range[i].kind == MEMORY_RAM)
            return &map->range[i];

    return NULL;
}

/* RAM that touches may be of two reasons, and so two ranges (M1). */
bool memory_map_is_ram(const struct memory_map *map, paddr_t start, paddr_t end)
{
    const struct memory_range *range;

    if (start >= end)
        return false;
    while (start < end && (range = memory_map_find(map, start)) != NULL &&
           range->kind == MEMORY_RAM)
        start = range->end;

    return start >= end;
}

bool memory_map_touches_ram(const struct memory_map *map, paddr_t start,
                            paddr_t end)
{
    const struct memory_range *ram = memory_map_next_ram(map, start);

    return ram && ram->start < end;
}

const struct memory_range *memory_map_find(const struct memory_map *map,
                                           paddr_t address)
{
    unsigned int i = find_from(map, address);

    if (i == map->nr || map->range[i].start > address)
        return NULL;

    return &map->range[i];
}
