/* SPDX-License-Identifier: MIT */
/* A heap of few frames, and who has which. */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/arch.h>
#include <xen/bug.h>
#include <xen/frame_table.h>
#include <xen/heap_range.h>
#include <xen/offline.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"
#include "explore.h"
#include "few_frames.h"
#include "pieces.h"

#define FIRST 512UL

struct few_frames few;
static struct few_frames few_at_first;

static struct {
    unsigned int user, out_since; /* 0: nobody, not out */
} frames[MANY], frames_at_first[MANY];
static unsigned long nr_frames;

static unsigned long index_of(const struct page_info *pg)
{
    return mfn_x(page_to_mfn(pg)) - FIRST;
}

void few_frames_use(struct page_info *pg, unsigned long nr, unsigned int began)
{
    for (unsigned long i = index_of(pg); i < index_of(pg) + nr; i++) {
        EXPECT_EQ(frames[i].user, 0);
        EXPECT(frames[i].out_since == 0 || frames[i].out_since > began);
        frames[i].user = arch_cpu_id() + 1;
    }
}

void few_frames_end_use(const struct page_info *pg, unsigned long nr)
{
    for (unsigned long i = index_of(pg); i < index_of(pg) + nr; i++)
        frames[i].user = 0;
}

void few_frames_left(mfn_t mfn)
{
    frames[mfn_x(mfn) - FIRST].out_since = ++few.now;
}

void few_frames_give(unsigned int whose)
{
    struct page_info *pg = few.held[whose];

    if (!pg)
        return;
    few.held[whose] = NULL;
    few_frames_end_use(pg, BIT(few.order[whose]));
    free_heap_pages(pg, few.order[whose], TLB_NO_DEBT);
}

void few_frames_give_range(struct page_info *pg)
{
    few_frames_end_use(pg, NR_RANGE);
    heap_give_range(page_to_mfn(pg), NR_RANGE, TLB_NO_DEBT);
}

void few_frames_put_back(void)
{
    pieces_put_back(0);
    memcpy(frames, frames_at_first, sizeof(frames));
    few = few_at_first;
    hosted_console_clear();
}

static void expect_out_unless_used(mfn_t mfn)
{
    unsigned long n = mfn_x(mfn) - FIRST;

    EXPECT_EQ(query_page(mfn).place == PAGE_OFFLINE,
              frames[n].out_since && !frames[n].user);
}

void few_frames_check(void)
{
    unsigned long nr_used = 0;

    for (unsigned long i = 0; i < nr_frames; i++)
        nr_used += frames[i].user != 0;
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(heap_nr_free() + offline_nr() + nr_used, nr_frames);
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
        few_frames_give(cpu);
    if (few.holds_range)
        few_frames_give_range(mfn_to_page(few.range));
    heap_drain();
    EXPECT_EQ(heap_check(), 0);
    expect_out_unless_used(few.at_hand);
    expect_out_unless_used(few.in_pair);
    expect_out_unless_used(few.in_use);
    expect_out_unless_used(few.in_chunk);
}

/* Frames in a row, one of which is at hand, and none in use. */
static mfn_t find_range(void)
{
    for (unsigned long n = 0; n + NR_RANGE <= nr_frames; n++) {
        bool is_free = true, has_cached = false;

        for (unsigned long i = n; i < n + NR_RANGE; i++) {
            is_free &= !frames_at_first[i].user;
            has_cached |= query_page(_mfn(FIRST + i)).place == PAGE_CACHED;
        }
        if (is_free && has_cached)
            return _mfn(FIRST + n);
    }

    return INVALID_MFN;
}

static struct page_info *take(unsigned int order)
{
    return alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
}

static void look_where_frames_are(void)
{
    for (unsigned long i = 0; i < nr_frames; i++) {
        enum page_place place = query_page(_mfn(FIRST + i)).place;

        frames_at_first[i].user = place == PAGE_IN_USE;
        if (place == PAGE_FREE)
            few.in_chunk = _mfn(FIRST + i);
    }
    few.range = find_range();
    EXPECT(mfn_x(few.in_chunk) != 0 && !mfn_eq(few.range, INVALID_MFN));
    EXPECT_EQ(query_page(few.at_hand).place, PAGE_CACHED);
    EXPECT_EQ(query_page(few.in_pair).place,
              nr_frames == MANY ? PAGE_CACHED : PAGE_FREE);
}

void few_frames_build(unsigned long nr, unsigned int cpus)
{
    const struct ram ram[] = { { FIRST, nr } };

    nr_frames = nr;
    some_cpus(cpus);
    small_machine_heap(ram, 1);
    hosted_arena_init();
    BUG_ON(domains_init());
    BUG_ON(domain_create(1, 1, nr_frames, &few.d));
    for (unsigned int cpu = 0; cpu < cpus; cpu++) {
        hosted_set_cpu_id(cpu);
        few.held[cpu] = take(0);
        few.at_hand = page_to_mfn(take(0));
        few.in_pair = page_to_mfn(take(1));
        free_heap_pages(mfn_to_page(few.in_pair), 1, TLB_NO_DEBT);
        free_heap_pages(mfn_to_page(few.at_hand), 0, TLB_NO_DEBT);
    }
    few.in_use = page_to_mfn(few.held[cpus - 1]);
    hosted_set_cpu_id(0);
    look_where_frames_are();
    few_at_first = few;
    pieces_add_core();
    piece_add(mfn_to_page(_mfn(FIRST)), nr_frames * sizeof(struct page_info));
    piece_add(few.d, sizeof(*few.d) + sizeof(struct vcpu));
    pieces_keep(0);
    explore_heap();
}
