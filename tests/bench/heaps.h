/* SPDX-License-Identifier: MIT */
/* The heaps that bench_heap compares, each behind the same few functions. */
#ifndef BENCH_HEAPS_H
#define BENCH_HEAPS_H

#include <xen/page_alloc.h>

#include "../model/small_machine.h"

#define NR_STREAMS 8U

struct bench_heap {
    const char *name;

    /* Have all of the RAM free; or leave it to take_over() to take from the
     * boot allocator, for @end frames at most. */
    void (*start)(const struct ram *ram);
    void (*prepare)(unsigned long end);
    void (*take_over)(void);

    /* @flags as of alloc_heap_pages(). Each frame that is put has its M2P entry
     * written, as who frees a guest's frame does. */
    struct page_info *(*get)(unsigned int order, paddr_t limit,
                             unsigned int flags);
    void (*put)(struct page_info *pg, unsigned int order);

    /* Single frames for one of NR_STREAMS streams; and its end. */
    unsigned int (*get_stream)(unsigned int stream, struct page_info **pg,
                               unsigned int nr);
    void (*end_stream)(unsigned int stream);

    /* Single frames with an owner, for one domain: up to DOMHEAP_BATCH at once.
     * Each gets a name. */
    void (*begin_guest)(void);
    unsigned int (*get_guest)(struct page_info **pg, unsigned int nr);
    void (*put_guest)(struct page_info **pg, unsigned int nr);

    void (*drain)(void);
    unsigned long (*frame_of)(const struct page_info *pg);
};

extern const struct bench_heap bench_ours, bench_textbook, bench_nop;

/* The one under test. */
extern const struct bench_heap *tested;

/* An entry for each of the frames below @end, for put() to write. */
uint64_t *bench_m2p(unsigned long end);

#endif /* BENCH_HEAPS_H */
