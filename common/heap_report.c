/* SPDX-License-Identifier: MIT */
/* Tells why a request failed. */
#include <xen/printk.h>

#include "heap_node.h"
#include "heap_report.h"

/* How many requests have failed. A guest can have them fail as often as it
 * likes: so not all are explained. */
static unsigned long nr_failures;
#define EXPLAINED 16U

/* The largest block below a PDX, and how much there is, by looking at all. */
struct below {
    unsigned long nr;
    int order;
};

static void add_block(struct below *below, unsigned long pdx,
                      unsigned int order, unsigned long end)
{
    unsigned long nr = end - pdx < BIT(order) ? end - pdx : BIT(order);

    below->nr += nr;
    if ((int)highest_bit(nr) > below->order)
        below->order = (int)highest_bit(nr);
}

static void add_chunk(struct below *below, unsigned long number,
                      unsigned long end)
{
    const struct chunk *chunk = &chunk_table[number];
    struct chunk part = { .owner = NO_OWNER };
    int run;

    for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
        unsigned long pdx = number * CHUNK_FRAMES + w * BITS_PER_LONG;
        unsigned long bits = __atomic_load_n(&chunk->free[w], __ATOMIC_RELAXED);

        if (pdx + BITS_PER_LONG > end)
            bits &= pdx < end ? BIT(end - pdx) - 1 : 0;
        part.free[w] = bits;
        below->nr += count_bits(bits);
    }
    run = chunk_run(&part);
    if (run > below->order)
        below->order = run;
}

/* A moment's view: nothing is locked for longer than a look at a chunk. */
static struct below measure(unsigned long end)
{
    struct below below = { 0, -1 };
    unsigned long number = 0;

    while (number * CHUNK_FRAMES < end) {
        unsigned int order;
        unsigned long head =
            node_look_up(node_of_chunk(number), number, &order);

        if (head != BIT_TREE_NONE) {
            add_block(&below, number * CHUNK_FRAMES, order, end);
            number += BIT(order - CHUNK_ORDER);
            continue;
        }
        if (heap_is_open(number * CHUNK_FRAMES))
            add_chunk(&below, number, end);
        number++;
    }

    return below;
}

static __noinline void explain(unsigned int order, paddr_t limit,
                               unsigned long nr)
{
    unsigned long nr_frames = 0;
    char largest[48] = "none";
    struct below below;

    below = measure(pdx_of_limit(limit));
    if (below.order >= 0)
        snprintf(largest, sizeof(largest), "of order %d", below.order);
    for (unsigned int node = 0; node < nr_nodes; node++)
        nr_frames += heap_nodes[node].nr_frames;
    printk(LOG_WARNING,
           "heap: no block of order %u below %#lx, failure %lu; free: "
           "%lu of %lu frames, below the limit %lu, largest block there %s\n",
           order, limit, nr, heap_nr_free(), nr_frames, below.nr, largest);
}

void report_failure(unsigned int order, paddr_t limit)
{
    unsigned long nr = __atomic_add_fetch(&nr_failures, 1, __ATOMIC_RELAXED);

    if (nr <= EXPLAINED || is_power_of_2(nr))
        explain(order, limit, nr);
}

void report_range_failure(unsigned long nr, unsigned long align, paddr_t limit,
                          unsigned long longest)
{
    static unsigned long failures;
    unsigned long n = __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
    const char *why = "the longest row is there, but not so aligned";
    struct below below;

    if (!is_power_of_2(n))
        return;
    below = measure(pdx_of_limit(limit));
    if (longest > below.nr)
        longest = below.nr;
    if (below.nr < nr)
        why = "there are too few";
    else if (longest < nr)
        why = "they lie apart";
    printk(LOG_WARNING,
           "heap: no %lu frames in a row, aligned to %lu, below %#lx: %s; free "
           "there: %lu, in a row at most %lu\n",
           nr, align, limit, why, below.nr, longest);
}
