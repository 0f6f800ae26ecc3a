/* SPDX-License-Identifier: MIT */
/*
 * What bench_heap can do to a heap, and what all of that is made of.
 *
 * A workload is run once in a process. Its random numbers are the same each
 * time, and do not depend on what the heap does.
 */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

#include <xen/bug.h>

#include "heaps.h"
#include "measure.h"

/* The managed frames start here, above all tiers, unless a workload says. */
#define FIRST_FRAME BIT(20)

#define HUNDRED_PERCENT 100U

/* How much to do it; of how many frames; and which variant of it. */
struct run {
    unsigned long n, nr_frames;
    unsigned int variant;
};

/* Frames that are taken: room for all. */
extern struct page_info **taken;
extern unsigned long nr_taken;

void random_seed(uint64_t seed);
unsigned long random_below(unsigned long n);
uint64_t random_bits(void);

/* Have so many frames managed, from @first on, and room for them in taken[]. */
void begin(unsigned long first, unsigned long nr_frames);

/* Take until so many blocks of @order are taken. */
void take_until(unsigned long nr, unsigned int order);

/* Put taken[@i] and have the last one in its place. */
void put_taken(unsigned long i, unsigned int order);

void shuffle_taken(uint64_t seed);

/* Pairs: get a block, put it. The variant is the order. */
void pair_hold50(const struct run *run);
void pair_fragmented(const struct run *run);
void pair_below_4g(const struct run *run);
void pair_remote(const struct run *run);
void pair_threads(const struct run *run);

/* Many gets, then many puts. The variant of puts is the order they come in. */
enum sequence { SAME, REVERSE, RANDOM };
void bulk_get(const struct run *run);
void bulk_put(const struct run *run);
void bulk_get_superpages(const struct run *run);
void bulk_put_superpages(const struct run *run);

/* All orders at random; the variant is how many percent are in use. */
void mix(const struct run *run);

/* How well are superpages got back? The variant is how many percent are taken;
 * how many frames a domain takes at once. */
void heal(const struct run *run);
void streams_domains(const struct run *run);
void streams_long_lived(const struct run *run);

/* A guest gets frames, and they are put, DOMHEAP_BATCH at a time: of these,
 * which do the figures count? */
enum guest_part { GUEST_GET, GUEST_PUT };
void guest(const struct run *run);

/* Every second frame is free: no superpage is, or a single one. */
void get_that_fails(const struct run *run);
void get_the_only_one(const struct run *run);

/* Every second block is free, and no RANGE_FRAMES in a row; the variant is the
 * blocks' order. */
#define RANGE_FRAMES 1000UL
void range_that_fails(const struct run *run);

/* A heap of as many GiB as n. */
void heap_start(const struct run *run);

#endif /* BENCH_WORKLOADS_H */
