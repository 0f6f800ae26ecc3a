/* SPDX-License-Identifier: MIT */
/* A small machine whose free memory is scrubbed, and by hand. */
#ifndef SCRUBBED_H
#define SCRUBBED_H

#include <string.h>

#include <test.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/scrub.h>

#include <asm/contents.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define TOP   11U
#define NR    BIT(TOP)
#define PARTS (NR / CHUNK_FRAMES)

static inline void start(unsigned int cpus)
{
    static const struct ram ram[] = { { NR, NR } };

    hosted_arena_init();
    memset(frame_contents(_mfn(NR)), 0xa5, NR * PAGE_SIZE);
    small_machine_heap(ram, 1);
    some_cpus(cpus);
}

static inline struct page_info *frame(unsigned long i)
{
    return mfn_to_page(_mfn(NR + i));
}

static inline bool is_zero(const struct page_info *pg, unsigned int order)
{
    const uint64_t *word = frame_contents(page_to_mfn(pg));

    for (unsigned long i = 0; i < (PAGE_SIZE << order) / sizeof(*word); i++)
        if (word[i])
            return false;

    return true;
}

static inline void soil(const struct page_info *pg, unsigned int order)
{
    memset(frame_contents(page_to_mfn(pg)), 0x5a, PAGE_SIZE << order);
}

static inline struct page_info *take(unsigned int order, unsigned int flags)
{
    return alloc_heap_pages(order, HEAP_NO_LIMIT, flags, NULL);
}

static inline unsigned long nr_dirty(void)
{
    struct heap_statistics s;

    heap_statistics(&s);

    return s.nr_dirty;
}

/* As CPUs do that idle; returns how many steps it took. */
static inline unsigned int scrub_all(void)
{
    unsigned int nr = 0;

    while (scrub_step() && nr < 100000)
        nr++;
    EXPECT_EQ(heap_check(), 0);

    return nr;
}

/* A CPU asks for the mode when it begins. */
static inline void change_mode(enum scrub_mode mode)
{
    if (mode == scrub_mode)
        return;
    scrub_mode = mode;
    heap_leave();
}

/* Give it back soiled, or clean, as if it had been scrubbed meanwhile. */
static inline void give(struct page_info *pg, unsigned int order, bool dirty)
{
    soil(pg, order);
    change_mode(dirty ? SCRUB_IDLE : SCRUB_EAGER);
    free_heap_pages(pg, order, TLB_NO_DEBT);
    change_mode(SCRUB_IDLE);
}

#endif /* SCRUBBED_H */
