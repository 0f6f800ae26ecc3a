/* SPDX-License-Identifier: MIT */
/* The boot allocator: two sorted tables, of what is free and what is not. */
#include <xen/bits.h>
#include <xen/bootmem.h>
#include <xen/bug.h>
#include <xen/e820.h>
#include <xen/errno.h>
#include <xen/memory_map.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/text.h>

/* Each entry of the map begins one range at most, each reservation another. */
#define MAX_RESERVATIONS 1024U
#define MAX_FREE_RANGES  (E820_MAX_ENTRIES + MAX_RESERVATIONS)

struct frame_range {
    unsigned long start, end; /* [start, end) */
};

static struct frame_range free_range[MAX_FREE_RANGES];
static unsigned int nr_free_ranges;

static struct bootmem_reservation reservation[MAX_RESERVATIONS];
static unsigned int nr_reservations;

static unsigned long nr_free, nr_allocated, nr_lost;

static bool handed_over; /* to the heap: nothing is to be had any more */

static unsigned long range_size(struct frame_range range)
{
    return range.end - range.start;
}

/* The number of frames that are needed to hold @size bytes. */
static unsigned long frames_up(paddr_t size)
{
    return (size >> PAGE_SHIFT) + ((size & (PAGE_SIZE - 1)) != 0);
}

/* The first free range that ends after @frame. */
static unsigned int first_ending_after(unsigned long frame)
{
    unsigned int low = 0, high = nr_free_ranges;

    while (low < high) {
        unsigned int middle = (low + high) / 2;

        if (free_range[middle].end > frame)
            high = middle;
        else
            low = middle + 1;
    }

    return low;
}

/* Of the @nr pieces give up the smallest; there are one or two. */
static unsigned int lose_one(struct frame_range *piece, unsigned int nr)
{
    if (nr == 2 && range_size(piece[0]) < range_size(piece[1])) {
        nr_lost += range_size(piece[0]);
        piece[0] = piece[1];
    } else {
        nr_lost += range_size(piece[nr - 1]);
    }

    return nr - 1;
}

/* Put @nr ascending pieces in the place of the free ranges from @i to @j. */
static void replace(unsigned int i, unsigned int j, struct frame_range *piece,
                    unsigned int nr)
{
    if (nr_free_ranges - (j - i) + nr > MAX_FREE_RANGES)
        nr = lose_one(piece, nr);

    for (unsigned int k = i; k < j; k++)
        nr_free -= range_size(free_range[k]);
    memmove(&free_range[i + nr], &free_range[j],
            (nr_free_ranges - j) * sizeof(free_range[0]));
    nr_free_ranges = nr_free_ranges - (j - i) + nr;

    for (unsigned int k = 0; k < nr; k++) {
        free_range[i + k] = piece[k];
        nr_free += range_size(piece[k]);
    }
}

/* Make [@start, @end) free, and one with what it overlaps or touches. */
static void add_free(unsigned long start, unsigned long end)
{
    struct frame_range sum = { start, end };
    unsigned int i, j;

    if (start >= end)
        return;
    i = first_ending_after(start - 1); /* frame 0 is never free */
    for (j = i; j < nr_free_ranges && free_range[j].start <= end; j++) {
        if (free_range[j].start < sum.start)
            sum.start = free_range[j].start;
        if (free_range[j].end > sum.end)
            sum.end = free_range[j].end;
    }
    replace(i, j, &sum, 1);
}

/* Let nothing of [@start, @end) be free. */
static void remove_free(unsigned long start, unsigned long end)
{
    unsigned int i = first_ending_after(start), j = i, nr = 0;
    struct frame_range rest[2];

    while (j < nr_free_ranges && free_range[j].start < end)
        j++;
    if (i == j)
        return;

    if (free_range[i].start < start)
        rest[nr++] = (struct frame_range){ free_range[i].start, start };
    if (free_range[j - 1].end > end)
        rest[nr++] = (struct frame_range){ end, free_range[j - 1].end };
    replace(i, j, rest, nr);
}

/* The reservations are sorted by start, so one pass leaves out all of them. */
void bootmem_add(paddr_t start, paddr_t end)
{
    unsigned long from = frames_up(start), to = end >> PAGE_SHIFT;

    BUG_ON(handed_over);
    if (from == 0)
        from = 1;
    for (unsigned int i = 0; i < nr_reservations; i++) {
        unsigned long reserved = reservation[i].start >> PAGE_SHIFT;

        add_free(from, reserved < to ? reserved : to);
        if (frames_up(reservation[i].end) > from)
            from = frames_up(reservation[i].end);
    }
    add_free(from, to);
}

/* Note the range: in its place, or once there is a heap, when other CPUs read
 * them, behind the others. False if there is no room. */
static bool add_reservation(paddr_t start, paddr_t end, const char *owner)
{
    unsigned int i = nr_reservations;

    if (nr_reservations == MAX_RESERVATIONS)
        return false;
    while (!handed_over && i > 0 && reservation[i - 1].start > start)
        i--;
    memmove(&reservation[i + 1], &reservation[i],
            (nr_reservations - i) * sizeof(reservation[0]));

    reservation[i].start = start;
    reservation[i].end = end;
    copy_text(reservation[i].owner, sizeof(reservation[i].owner), owner,
              strlen(owner));
    /* Release: pairs with bootmem_owner(). */
    __atomic_store_n(&nr_reservations, nr_reservations + 1, __ATOMIC_RELEASE);

    return true;
}

int bootmem_reserve(paddr_t start, paddr_t end, const char *owner)
{
    if (end < start)
        return -EINVAL;
    if (end == start)
        return 0;
    remove_free(start >> PAGE_SHIFT, frames_up(end));

    return add_reservation(start, end, owner) ? 0 : -ENOSPC;
}

/*
 * Note an allocation: as part of the one right above it, if that has the same
 * owner. So a page table at a time does not fill the table. Of several that
 * begin there it can only be the first: they stay sorted.
 */
static bool add_allocation(paddr_t start, paddr_t end, const char *owner)
{
    unsigned int i = 0;

    while (i < nr_reservations && reservation[i].start < end)
        i++;
    if (i < nr_reservations && reservation[i].start == end &&
        strncmp(reservation[i].owner, owner,
                sizeof(reservation[i].owner) - 1) == 0) {
        reservation[i].start = start;
        return true;
    }

    return add_reservation(start, end, owner);
}

/* The highest run of @nr frames in @range, aligned and below @limit, or 0. */
static unsigned long highest_fit(struct frame_range range, unsigned long nr,
                                 unsigned long align, unsigned long limit)
{
    unsigned long end = range.end < limit ? range.end : limit, start;

    if (end < nr)
        return 0;
    start = ALIGN_DOWN(end - nr, align);

    return start >= range.start ? start : 0;
}

mfn_t bootmem_alloc(unsigned long nr, unsigned long align, paddr_t limit,
                    const char *owner)
{
    return bootmem_alloc_in(nr, align, 0, limit, owner);
}

mfn_t bootmem_alloc_in(unsigned long nr, unsigned long align, paddr_t from,
                       paddr_t limit, const char *owner)
{
    BUG_ON(!is_power_of_2(align));
    if (nr == 0 || handed_over)
        return INVALID_MFN;

    for (unsigned int i = nr_free_ranges; i-- > 0;) {
        unsigned long start =
            highest_fit(free_range[i], nr, align, limit >> PAGE_SHIFT);

        if (start < frames_up(from) || start == 0)
            continue;
        if (!add_allocation(start << PAGE_SHIFT, (start + nr) << PAGE_SHIFT,
                            owner))
            break;
        remove_free(start, start + nr);
        nr_allocated += nr;
        printk(LOG_DEBUG, "bootmem: %lu frames at %#lx: %s\n", nr,
               start << PAGE_SHIFT, owner);
        return _mfn(start);
    }

    return INVALID_MFN;
}

unsigned long bootmem_take_all(mfn_t *start)
{
    struct frame_range last;

    handed_over = true;
    if (nr_free_ranges == 0)
        return 0;
    last = free_range[nr_free_ranges - 1];
    replace(nr_free_ranges - 1, nr_free_ranges, NULL, 0);
    *start = _mfn(last.start);

    return range_size(last);
}

unsigned long bootmem_nr_free(void)
{
    return nr_free;
}

unsigned long bootmem_nr_allocated(void)
{
    return nr_allocated;
}

unsigned long bootmem_nr_lost(void)
{
    return nr_lost;
}

const struct bootmem_reservation *bootmem_reservation(unsigned int i)
{
    return i < nr_reservations ? &reservation[i] : NULL;
}

const char *bootmem_owner(mfn_t mfn)
{
    unsigned int i = __atomic_load_n(&nr_reservations, __ATOMIC_ACQUIRE);

    while (i-- > 0)
        if (reservation[i].start >> PAGE_SHIFT <= mfn_x(mfn) &&
            mfn_x(mfn) < frames_up(reservation[i].end))
            return reservation[i].owner;

    return NULL;
}

void bootmem_print_reservations(void)
{
    for (unsigned int i = 0; i < nr_reservations; i++) {
        const struct bootmem_reservation *r = &reservation[i];
        char size[SIZE_TEXT];

        format_size(size, r->end - r->start);
        console_printf("reserved: %016lx  %016lx  %10s  %s\n", r->start,
                       r->end - 1, size, r->owner);
    }
    if (nr_lost > 0)
        console_printf("too fragmented: %lu frames are lost\n", nr_lost);
}

static int broken(int invariant, struct frame_range range)
{
    printk(LOG_ERROR, "bootmem: B%d is broken at frames [%#lx, %#lx)\n",
           invariant, range.start, range.end);

    return invariant;
}

static bool holds_reservation(struct frame_range range)
{
    for (unsigned int i = 0; i < nr_reservations; i++)
        if (reservation[i].start >> PAGE_SHIFT < range.end &&
            range.start < frames_up(reservation[i].end))
            return true;

    return false;
}

int bootmem_check(void)
{
    unsigned long sum = 0;

    for (unsigned int i = 0; i < nr_free_ranges; i++) {
        struct frame_range range = free_range[i];

        if (range.start >= range.end ||
            (i > 0 && free_range[i - 1].end >= range.start))
            return broken(1, range);
        if (holds_reservation(range))
            return broken(2, range);
        if (range.start == 0)
            return broken(4, range);
        sum += range_size(range);
    }

    return sum == nr_free ? 0 : broken(3, (struct frame_range){ sum, nr_free });
}
