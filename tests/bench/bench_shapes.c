/* SPDX-License-Identifier: MIT */
/* What becomes of superpages: how many come together again, and which request
 * finds the last one, or none. */
#include <stdio.h>

#include <xen/heap_range.h>

#include "workloads.h"

#define HEAL_SEED     4711U
#define HEAL_CHURN    10U /* percent of what is taken, in each round */
#define FAILURES_TOLD 1024U
#define RANGES_TOLD   8U

/* Of the superpages that all free frames would be, how many can be taken? */
static void print_superpages(unsigned long nr_free)
{
    unsigned long nr = 0;

    tested->drain();
    while (nr < nr_free &&
           tested->get(SUPERPAGE_ORDER, HEAP_NO_LIMIT, HEAP_NO_SCRUB) != NULL)
        nr++;
    printf("percent: %.2f\n", (double)(nr * HUNDRED_PERCENT) /
                                  (double)(nr_free / SUPERPAGE_FRAMES));
}

/* After n rounds in each of which some frames change hands. */
void heal(const struct run *run)
{
    unsigned long nr = run->nr_frames * run->variant / HUNDRED_PERCENT;
    unsigned long churn = nr * HEAL_CHURN / HUNDRED_PERCENT;

    begin(FIRST_FRAME, run->nr_frames);
    take_until(run->nr_frames * 95 / HUNDRED_PERCENT, 0);
    shuffle_taken(HEAL_SEED);
    while (nr_taken > nr)
        put_taken(nr_taken - 1, 0);
    for (unsigned long i = 0; i < run->n; i++) {
        while (nr_taken > nr - churn)
            put_taken(random_below(nr_taken), 0);
        take_until(nr, 0);
    }
    print_superpages(run->nr_frames - nr);
}

/* n is how many frames a domain takes before it is the next one's turn. Then
 * those of odd number end. */
void streams_domains(const struct run *run)
{
    unsigned long nr = run->nr_frames * 90 / HUNDRED_PERCENT / run->n * run->n;
    unsigned long nr_freed = 0;

    begin(FIRST_FRAME, run->nr_frames);
    for (unsigned int i = 0; nr_taken < nr; i++) {
        BUG_ON(tested->get_stream(i % NR_STREAMS, taken + nr_taken,
                                  (unsigned int)run->n) != run->n);
        nr_taken += run->n;
    }
    for (unsigned int i = 1; i < NR_STREAMS; i += 2)
        tested->end_stream(i);
    for (unsigned long i = 0; i < nr; i++) {
        if (i / run->n % 2) {
            tested->put(taken[i], 0);
            nr_freed++;
        }
    }
    print_superpages(run->nr_frames - nr + nr_freed);
}

/* Every n-th frame stays. */
void streams_long_lived(const struct run *run)
{
    unsigned long nr = run->nr_frames * 90 / HUNDRED_PERCENT;
    unsigned long nr_freed = 0;

    begin(FIRST_FRAME, run->nr_frames);
    while (nr_taken < nr) {
        bool stays = nr_taken % run->n == 0;

        taken[nr_taken] = tested->get(
            0, HEAP_NO_LIMIT, HEAP_NO_SCRUB | (stays ? HEAP_LONG_LIVED : 0));
        BUG_ON(!taken[nr_taken]);
        nr_taken++;
    }
    for (unsigned long i = 0; i < nr; i++) {
        if (i % run->n) {
            tested->put(taken[i], 0);
            nr_freed++;
        }
    }
    print_superpages(run->nr_frames - nr + nr_freed);
}

static void failing_gets(unsigned long n)
{
    while (n-- > 0)
        (void)!tested->get(SUPERPAGE_ORDER, HEAP_NO_LIMIT, HEAP_NO_SCRUB);
}

static void superpage_pairs(unsigned long n)
{
    while (n-- > 0)
        tested->put(tested->get(SUPERPAGE_ORDER, HEAP_NO_LIMIT, HEAP_NO_SCRUB),
                    SUPERPAGE_ORDER);
}

/* Take all, and free every frame of even number; and the superpage at @whole,
 * if it is not 0. */
static void checkerboard(unsigned long nr_frames, unsigned long whole)
{
    begin(FIRST_FRAME, nr_frames);
    take_until(nr_frames, 0);
    for (unsigned long i = 0; i < nr_frames; i++) {
        unsigned long frame = tested->frame_of(taken[i]);

        if (frame % 2 == 0 || (whole && frame - whole < SUPERPAGE_FRAMES))
            tested->put(taken[i], 0);
    }
}

/* The log tells of every failure whose number is a power of two: of none that
 * is measured. */
void get_that_fails(const struct run *run)
{
    BUG_ON(run->n >= FAILURES_TOLD);
    checkerboard(run->nr_frames, 0);
    failing_gets(FAILURES_TOLD);
    measure(failing_gets, run->n, run->n);
}

void get_the_only_one(const struct run *run)
{
    checkerboard(run->nr_frames, FIRST_FRAME + run->nr_frames / 2);
    measure(superpage_pairs, run->n, run->n);
}

static void failing_ranges(unsigned long n)
{
    while (n-- > 0)
        BUG_ON(alloc_heap_range(RANGE_FRAMES, 1, HEAP_NO_LIMIT, HEAP_NO_SCRUB));
}

/* Free is every second block of that order: ours alone can be asked. */
void range_that_fails(const struct run *run)
{
    BUG_ON(tested != &bench_ours || run->n >= RANGES_TOLD);
    begin(FIRST_FRAME, run->nr_frames);
    take_until(run->nr_frames >> run->variant, run->variant);
    for (unsigned long i = 0; i < nr_taken; i++)
        if (tested->frame_of(taken[i]) >> run->variant & 1)
            tested->put(taken[i], run->variant);
    failing_ranges(RANGES_TOLD);
    measure(failing_ranges, run->n, run->n);
}
