/* SPDX-License-Identifier: MIT */
/* A heap of one block, and what is true of it with a frame taken out. */
#ifndef HEAP_WITH_A_HOLE_H
#define HEAP_WITH_A_HOLE_H

#include <test.h>
#include <xen/audit.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/offline.h>
#include <xen/page_alloc.h>
#include <xen/string.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define EXHAUSTIVE 10U /* up to this order each index is tried */

/* A heap that is one free block, at its own size. */
static inline void heap_of_one_block(unsigned int order)
{
    const struct ram ram[] = { { BIT(order), BIT(order) } };

    small_machine_heap(ram, 1);
}

static inline struct page_info *alloc(unsigned int order)
{
    return alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
}

/* The auditor goes through all frames, where these are not too many. */
#define MAX_AUDITED BIT(11)

static inline bool is_sound(unsigned long nr_free, unsigned long nr_offline)
{
    static char memory[MAX_AUDITED * 16] __aligned(16);
    struct heap_statistics s;

    heap_statistics(&s);
    EXPECT_EQ(s.nr_free, nr_free);
    EXPECT_EQ(heap_nr_free(), nr_free);
    EXPECT_EQ(offline_nr(), nr_offline);
    EXPECT_EQ(heap_check(), 0);
    if (s.end - s.first <= MAX_AUDITED) {
        audit_lend(memory, sizeof(memory));
        EXPECT_EQ(audit_heap(), 0);
    }

    return s.nr_free == nr_free;
}

static inline bool is_at(mfn_t mfn, enum page_place place)
{
    EXPECT_STR(page_place_name(query_page(mfn).place), page_place_name(place));

    return query_page(mfn).place == place;
}

/* All around it is free, in the largest blocks that there can be. */
static inline void expect_hole(unsigned int order)
{
    for (unsigned int o = 0; o < order; o++)
        EXPECT_EQ(heap_nr_blocks(o), 1);
    EXPECT_EQ(heap_nr_blocks(order), 0);
}

/* There and back, of a block that is all there is. */
static inline void try_index(unsigned int order, unsigned long i)
{
    mfn_t mfn = _mfn(BIT(order) + i);

    EXPECT(is_at(mfn, PAGE_FREE));
    EXPECT_EQ(offline_page(mfn, false), OFFLINE_DONE);
    EXPECT(is_at(mfn, PAGE_OFFLINE));
    expect_hole(order);
    is_sound(BIT(order) - 1, 1);
    EXPECT_EQ(online_page(mfn), 0);
    EXPECT_EQ(heap_nr_blocks(order), 1);
    is_sound(BIT(order), 0);
}

/* A frame of a block that is in use leaves when the block comes back. */
static inline void try_in_use(unsigned int order, unsigned long i,
                              bool in_parts)
{
    struct page_info *pg = alloc(order);
    mfn_t mfn;

    REQUIRE(pg != NULL);
    mfn = mfn_add(page_to_mfn(pg), i);
    EXPECT_EQ(offline_page(mfn, false), OFFLINE_PENDING);
    EXPECT(is_at(mfn, PAGE_PENDING));
    EXPECT_EQ(offline_nr_pending(), 1);
    is_sound(BIT(EXHAUSTIVE) - BIT(order), 0);
    if (in_parts) {
        if (order >= CHUNK_ORDER)
            heap_clear_entries(pg, order);
        for (unsigned long n = 0; n < BIT(order); n++)
            free_heap_pages(pg + n, 0, TLB_NO_DEBT);
    } else {
        free_heap_pages(pg, order, TLB_NO_DEBT);
    }
    EXPECT(is_at(mfn, PAGE_OFFLINE));
    EXPECT_EQ(offline_nr_pending(), 0);
    is_sound(BIT(EXHAUSTIVE) - 1, 1);
    heap_drain();
    expect_hole(EXHAUSTIVE);
    EXPECT_EQ(online_page(mfn), 0);
    EXPECT_EQ(heap_nr_blocks(EXHAUSTIVE), 1);
    is_sound(BIT(EXHAUSTIVE), 0);
}

#endif /* HEAP_WITH_A_HOLE_H */
