/* SPDX-License-Identifier: MIT */
/*
 * usage: bench_heap [steps] HEAP WORKLOAD [N [LOG2_FRAMES]]
 *
 * HEAP is ours, textbook, or nop, which is what the program itself costs.
 * Prints what has been measured, a name and a value a line. To be counted by
 * callgrind: measure.h. With 'steps' it is stepped through.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads.h"

static const struct workload {
    const char *name;
    void (*function)(const struct run *run);
    unsigned int variant;
    unsigned long n;
    unsigned int log2_frames;
} workloads[] = {
    { "pair.o0", pair_hold50, 0, 1000000, 20 },
    { "pair.o0.frag", pair_fragmented, 0, 1000000, 20 },
    { "pair.o3", pair_hold50, 3, 1000000, 20 },
    { "pair.o9", pair_hold50, 9, 100000, 20 },
    { "pair.o18", pair_hold50, 18, 1000, 20 },
    { "bulk.get", bulk_get, 0, BIT(18), 20 },
    { "bulk.put.same", bulk_put, SAME, BIT(18), 20 },
    { "bulk.put.reverse", bulk_put, REVERSE, BIT(18), 20 },
    { "bulk.put.random", bulk_put, RANDOM, BIT(18), 20 },
    { "bulk.get.o9", bulk_get_superpages, 0, 1024, 20 },
    { "bulk.put.o9", bulk_put_superpages, 0, 1024, 20 },
    { "mix.50", mix, 50, 400000, 20 },
    { "mix.75", mix, 75, 400000, 20 },
    { "mix.95", mix, 95, 400000, 20 },
    { "remote", pair_remote, 0, 1000000, 20 },
    { "threads.w1", pair_threads, 0, 500000, 20 },
    { "heal.30", heal, 30, 100, 19 },
    { "heal.50", heal, 50, 100, 19 },
    { "heal.70", heal, 70, 100, 19 },
    { "heal.85", heal, 85, 100, 19 },
    { "streams.domains", streams_domains, 0, 1, 19 },
    { "streams.longlived", streams_long_lived, 0, 64, 19 },
    { "init", heap_start, 0, 1024, 0 },
    { "fail", get_that_fails, 0, 1000, 24 },
    { "one", get_the_only_one, 0, 1000, 24 },
    { "range.o0", range_that_fails, 0, 7, 24 },
    { "range.o8", range_that_fails, 8, 7, 24 },
    { "range.o9", range_that_fails, 9, 7, 24 },
    { "below4g", pair_below_4g, 0, 1000000, 23 },
    { "guest.get", guest, GUEST_GET, BIT(17), 20 },
    { "guest.put", guest, GUEST_PUT, BIT(17), 20 },
};

static const struct bench_heap *const heaps[] = {
    &bench_ours,
    &bench_textbook,
    &bench_nop,
};

const struct bench_heap *tested;
static const struct workload *workload;
static struct run run;

static int usage(void)
{
    fputs("usage: bench_heap [steps] ours|textbook|nop WORKLOAD [N "
          "[LOG2_FRAMES]]\nworkloads:",
          stderr);
    for (unsigned int i = 0; i < ARRAY_SIZE(workloads); i++)
        fprintf(stderr, " %s", workloads[i].name);
    fputs("\n", stderr);

    return 2;
}

/* False: there is no such heap or workload. */
static bool choose(char **argv)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(heaps); i++)
        if (argv[0] && strcmp(argv[0], heaps[i]->name) == 0)
            tested = heaps[i];
    for (unsigned int i = 0; tested && i < ARRAY_SIZE(workloads); i++)
        if (argv[1] && strcmp(argv[1], workloads[i].name) == 0)
            workload = &workloads[i];
    if (!workload)
        return false;
    run.variant = workload->variant;
    run.n = argv[2] ? strtoul(argv[2], NULL, 0) : workload->n;
    run.nr_frames = BIT(argv[2] && argv[3] ? strtoul(argv[3], NULL, 0)
                                           : workload->log2_frames);

    return run.n > 0;
}

static int work(void)
{
    workload->function(&run);
    measure_print();

    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    bool steps = argc > 1 && strcmp(argv[1], "steps") == 0;

    if (!choose(argv + 1 + steps))
        return usage();

    return steps ? measure_steps(work) : work();
}
