/* SPDX-License-Identifier: MIT */
/* One get and one put, time and again. */
#define _GNU_SOURCE /* pthread_setaffinity_np() */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "../model/some_cpus.h"
#include "workloads.h"

#define FRAGMENTED_SEED 4711U
#define FOUR_GIB        (4UL << 30)

static unsigned int pair_order;
static paddr_t pair_limit = HEAP_NO_LIMIT;

static void pairs(unsigned long n)
{
    while (n-- > 0)
        tested->put(tested->get(pair_order, pair_limit, HEAP_NO_SCRUB),
                    pair_order);
}

/* The first ones, which find caches of the heap empty, do not count. */
static void measure_pairs(unsigned long n)
{
    pairs(n / 16 + 1);
    measure(pairs, n, n);
}

/* The half that is not taken is in blocks as large as can be. */
static void hold_half(unsigned long nr_frames, unsigned int order)
{
    begin(FIRST_FRAME, nr_frames);
    take_until(nr_frames / 2 >> order, order);
    pair_order = order;
}

void pair_hold50(const struct run *run)
{
    hold_half(run->nr_frames, run->variant);
    measure_pairs(run->n);
}

/* The half that is not taken is single frames, here and there. */
void pair_fragmented(const struct run *run)
{
    begin(FIRST_FRAME, run->nr_frames);
    take_until(run->nr_frames * 95 / HUNDRED_PERCENT, 0);
    shuffle_taken(FRAGMENTED_SEED);
    while (nr_taken > run->nr_frames / 2)
        put_taken(nr_taken - 1, 0);
    measure_pairs(run->n);
}

void pair_below_4g(const struct run *run)
{
    begin(0, run->nr_frames);
    take_until(run->nr_frames / 2, 0);
    pair_limit = FOUR_GIB;
    measure_pairs(run->n);
}

/* From CPU 0, which takes, to CPU 1, which gives back. */
#define RING_SLOTS 4096U
#define RING_BATCH 64U

static struct page_info *ring[RING_SLOTS];

static void remote_pairs(unsigned long n)
{
    for (unsigned long i = 0; i < n; i += RING_BATCH) {
        struct page_info **batch = &ring[i % RING_SLOTS];

        hosted_set_cpu_id(0);
        for (unsigned int j = 0; j < RING_BATCH; j++)
            batch[j] = tested->get(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB);
        hosted_set_cpu_id(1);
        for (unsigned int j = 0; j < RING_BATCH; j++)
            tested->put(batch[j], 0);
    }
    hosted_set_cpu_id(0);
}

void pair_remote(const struct run *run)
{
    unsigned long n = ALIGN_UP(run->n, RING_BATCH);

    some_cpus(2);
    hold_half(run->nr_frames, 0);
    remote_pairs(ALIGN_UP(n / 16, RING_BATCH));
    measure(remote_pairs, n, n);
}

/* One thread, or two, each the CPU of its number and on one of the machine. */
static unsigned long pairs_each;
static unsigned int nr_awaited;

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct pair_cpu {
    pthread_t thread;
    unsigned int number;
    double start, end;
};

static void *be_cpu(void *argument)
{
    struct pair_cpu *cpu = argument;
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu->number, &set);
    BUG_ON(pthread_setaffinity_np(pthread_self(), sizeof(set), &set));
    hosted_set_cpu_id(cpu->number);
    pairs(pairs_each / 16);
    __atomic_fetch_sub(&nr_awaited, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&nr_awaited, __ATOMIC_RELAXED) > 0)
        ; /* so that all run when the first one starts */
    cpu->start = seconds();
    pairs(pairs_each);
    cpu->end = seconds();

    return NULL;
}

/* From when the first one starts until the last one is done. */
static double time_of(unsigned int nr_threads)
{
    struct pair_cpu cpu[2] = { { .number = 0 }, { .number = 1 } };
    double start = 1e300, end = 0;

    nr_awaited = nr_threads;
    for (unsigned int i = 0; i < nr_threads; i++)
        BUG_ON(pthread_create(&cpu[i].thread, NULL, be_cpu, &cpu[i]));
    for (unsigned int i = 0; i < nr_threads; i++) {
        BUG_ON(pthread_join(cpu[i].thread, NULL));
        start = cpu[i].start < start ? cpu[i].start : start;
        end = cpu[i].end > end ? cpu[i].end : end;
    }

    return end - start;
}

/* Of a few rounds the best of each, as others use the machine too. */
void pair_threads(const struct run *run)
{
    double best[2] = { 1e9, 1e9 };

    some_cpus(2);
    hosted_answer_at_once(false);
    hold_half(run->nr_frames, 0);
    pairs_each = run->n;
    for (unsigned int i = 0; i < 2 * 25; i++) {
        double took = time_of(i % 2 + 1);

        if (took < best[i % 2])
            best[i % 2] = took;
    }
    printf("ratio: %.3f\n", best[1] / best[0]);
}
