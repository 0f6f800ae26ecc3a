/* SPDX-License-Identifier: MIT */
/* The frames that a workload has taken, and its random numbers. */
#include <stdlib.h>

#include "workloads.h"

struct page_info **taken;
unsigned long nr_taken;

static uint64_t state = 1;

void random_seed(uint64_t seed)
{
    state = seed;
}

/* xorshift64*. */
uint64_t random_bits(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;

    return state * 0x2545f4914f6cdd1d;
}

unsigned long random_below(unsigned long n)
{
    return random_bits() % n;
}

void begin(unsigned long first, unsigned long nr_frames)
{
    struct ram ram = { first, nr_frames };

    taken = calloc(nr_frames, sizeof(*taken));
    BUG_ON(!taken);
    tested->start(&ram);
}

void take_until(unsigned long nr, unsigned int order)
{
    while (nr_taken < nr) {
        taken[nr_taken] = tested->get(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB);
        BUG_ON(!taken[nr_taken]);
        nr_taken++;
    }
}

void put_taken(unsigned long i, unsigned int order)
{
    tested->put(taken[i], order);
    taken[i] = taken[--nr_taken];
}

/* Fisher and Yates. */
void shuffle_taken(uint64_t seed)
{
    random_seed(seed);
    for (unsigned long i = nr_taken; i > 1; i--) {
        unsigned long j = random_below(i);
        struct page_info *pg = taken[j];

        taken[j] = taken[i - 1];
        taken[i - 1] = pg;
    }
}

uint64_t *bench_m2p(unsigned long end)
{
    uint64_t *m2p = calloc(end, sizeof(*m2p));

    BUG_ON(!m2p);

    return m2p;
}
