/* SPDX-License-Identifier: MIT */
/* A heap that is an array of yes and no. */
#include "naive_heap.h"

#define MAX_WINDOWS 8U

struct window {
    unsigned long start, nr;
    bool *is_free;
};

static struct window window[MAX_WINDOWS];
static unsigned int nr_windows, nr_used;
static bool all[NAIVE_HEAP_FRAMES];

void naive_heap_window(unsigned long start, unsigned long nr)
{
    window[nr_windows++] = (struct window){ start, nr, all + nr_used };
    nr_used += (unsigned int)nr;
}

/* The cell of a frame, or NULL if it is in no window. */
static bool *cell(unsigned long frame)
{
    for (unsigned int i = 0; i < nr_windows; i++)
        if (frame - window[i].start < window[i].nr)
            return &window[i].is_free[frame - window[i].start];

    return NULL;
}

static bool is_free(unsigned long frame)
{
    return cell(frame) && *cell(frame);
}

static bool set(unsigned long start, unsigned long nr, bool to)
{
    bool all_changed = true;

    for (unsigned long f = start; f < start + nr; f++) {
        if (!cell(f) || *cell(f) == to)
            all_changed = false;
        else
            *cell(f) = to;
    }

    return all_changed;
}

bool naive_heap_free(unsigned long start, unsigned long nr)
{
    return set(start, nr, true);
}

bool naive_heap_take(unsigned long start, unsigned long nr)
{
    return set(start, nr, false);
}

unsigned long naive_heap_nr_free(void)
{
    unsigned long sum = 0;

    for (unsigned int i = 0; i < nr_used; i++)
        sum += all[i];

    return sum;
}

static bool all_free(unsigned long start, unsigned long nr)
{
    for (unsigned long f = start; f < start + nr; f++)
        if (!is_free(f))
            return false;

    return true;
}

/*
 * The order of the largest block that starts with the free frame @start. If no
 * block from further down reaches it, that is the block that it is in.
 */
static unsigned int order_at(unsigned long start)
{
    unsigned int order = 0;

    while (order < MAX_ORDER && start % (2UL << order) == 0 &&
           all_free(start + (1UL << order), 1UL << order))
        order++;

    return order;
}

/* The first block from frame *@start on in window @w, or false. */
static bool next_block(const struct window *w, unsigned long *start,
                       unsigned int *order)
{
    while (*start < w->start + w->nr && !is_free(*start))
        ++*start;
    if (*start >= w->start + w->nr)
        return false;
    *order = order_at(*start);

    return true;
}

void naive_heap_blocks(unsigned long nr_blocks[NR_ORDERS])
{
    unsigned int order;

    for (order = 0; order < NR_ORDERS; order++)
        nr_blocks[order] = 0;
    for (unsigned int i = 0; i < nr_windows; i++)
        for (unsigned long f = window[i].start;
             next_block(&window[i], &f, &order); f += 1UL << order)
            nr_blocks[order]++;
}

unsigned int naive_heap_tier(unsigned long frame)
{
    if (frame < (16UL << 20) / 4096)
        return 0;

    return frame < (4UL << 30) / 4096 ? 1 : 2;
}

bool naive_heap_find(unsigned int order, paddr_t limit, unsigned int *tier)
{
    unsigned int o;
    bool found = false;

    for (unsigned int i = 0; i < nr_windows; i++)
        for (unsigned long f = window[i].start; next_block(&window[i], &f, &o);
             f += 1UL << o) {
            if (o < order || (f + (1UL << order)) * 4096 > limit)
                continue;
            if (!found || naive_heap_tier(f) > *tier)
                *tier = naive_heap_tier(f);
            found = true;
        }

    return found;
}

bool naive_heap_block_of(unsigned long frame, unsigned long *start,
                         unsigned int *order)
{
    if (!is_free(frame))
        return false;
    for (*order = MAX_ORDER;; --*order) {
        *start = frame - frame % (1UL << *order);
        if (all_free(*start, 1UL << *order))
            return true;
    }
}
