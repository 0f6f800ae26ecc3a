/* SPDX-License-Identifier: MIT */
/* The block that came back last: who gets it, and what is known of it. */
#include <test.h>
#include <xen/heap_statistics.h>
#include <xen/offline.h>

#include "../../common/heap_node.h"
#include "scrubbed.h"

#define LARGE (CHUNK_ORDER + 1)
#define FIRST 8192UL /* not below 16 MiB, where memory is scarce */

static void heap_of_two_large_blocks(void)
{
    static const struct ram ram[] = { { FIRST, NR } };

    hosted_arena_init();
    small_machine_heap(ram, 1);
    some_cpus(1);
}

static struct heap_node *node(void)
{
    return &heap_nodes[0];
}

/* Otherwise it would be merged, and halved again. */
TEST(heap_kept, it_goes_to_who_asks_for_such_a_block_next)
{
    struct page_info *pg, *other;

    heap_of_two_large_blocks();
    other = take(LARGE, HEAP_NO_SCRUB);
    pg = take(LARGE, HEAP_NO_SCRUB);
    REQUIRE(pg && other);
    free_heap_pages(other, LARGE, TLB_NO_DEBT);
    EXPECT_EQ(node()->kept_orders, BIT(LARGE - CHUNK_ORDER));
    free_heap_pages(pg, LARGE, TLB_NO_DEBT);
    EXPECT(take(LARGE, HEAP_NO_SCRUB) == pg);
    EXPECT_EQ(node()->kept_orders, 0);
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_kept, whoever_looks_for_something_else_merges_it)
{
    struct page_info *pg;

    heap_of_two_large_blocks();
    pg = take(LARGE, HEAP_NO_SCRUB);
    REQUIRE(pg != NULL);
    free_heap_pages(pg, LARGE, TLB_NO_DEBT);
    EXPECT_EQ(heap_nr_blocks(TOP), 1);
    EXPECT_EQ(node()->kept_orders, 0);

    pg = take(LARGE, HEAP_NO_SCRUB);
    REQUIRE(pg != NULL);
    free_heap_pages(pg, LARGE, TLB_NO_DEBT);
    EXPECT(take(TOP, HEAP_NO_SCRUB) != NULL);
}

/* Until it is merged it is not of the order that is wanted: but nobody has to
 * give up what he has at hand for that. */
TEST(heap_kept, what_it_merges_into_is_seen_to_be_there)
{
    static const struct ram ram[] = { { FIRST, NR },
                                      { FIRST + 2 * NR, CHUNK_FRAMES } };
    struct heap_cpu_statistics before, after;
    struct page_info *pg, *other;

    small_machine_heap(ram, 2);
    some_cpus(1);
    EXPECT(take(0, HEAP_NO_SCRUB) != NULL);
    pg = take(LARGE, HEAP_NO_SCRUB);
    other = take(LARGE, HEAP_NO_SCRUB);
    REQUIRE(pg && other && heap_cpu_statistics(0, &before));
    EXPECT(before.nr_dirty > 0);
    free_heap_pages(pg, LARGE, TLB_NO_DEBT);
    free_heap_pages(other, LARGE, TLB_NO_DEBT);
    EXPECT(take(LARGE + 1, HEAP_NO_SCRUB) != NULL);
    REQUIRE(heap_cpu_statistics(0, &after));
    EXPECT_EQ(after.nr_dirty, before.nr_dirty);
}

/* Merging lets the lock go every few levels: all of them are climbed. */
TEST(heap_kept, it_merges_up_to_the_largest_order)
{
    static const struct ram ram[] = { { BIT(MAX_ORDER), BIT(MAX_ORDER) } };
    struct page_info *pg;

    small_machine_heap(ram, 1);
    pg = take(CHUNK_ORDER, HEAP_NO_SCRUB);
    REQUIRE(pg != NULL);
    free_heap_pages(pg, CHUNK_ORDER, TLB_NO_DEBT);
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(MAX_ORDER), 1);
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_kept, it_is_not_preferred_to_less_scarce_memory)
{
    static const struct ram ram[] = { { BIT(LARGE), BIT(LARGE) },
                                      { 4 * BIT(12), BIT(LARGE) } };
    struct page_info *pg;

    small_machine_heap(ram, 2);
    pg = alloc_heap_pages(LARGE, 16UL << 20, HEAP_NO_SCRUB, NULL);
    REQUIRE(pg != NULL);
    free_heap_pages(pg, LARGE, TLB_NO_DEBT);
    pg = take(LARGE, HEAP_NO_SCRUB);
    REQUIRE(pg != NULL);
    EXPECT_EQ(mfn_x(page_to_mfn(pg)), 4 * BIT(12));
}

TEST(heap_kept, a_limit_below_it_is_kept)
{
    struct page_info *pg, *low;

    heap_of_two_large_blocks();
    low = take(LARGE, HEAP_NO_SCRUB);
    pg = take(LARGE, HEAP_NO_SCRUB);
    REQUIRE(low && pg);
    free_heap_pages(low, LARGE, TLB_NO_DEBT);
    free_heap_pages(pg, LARGE, TLB_NO_DEBT);
    EXPECT(alloc_heap_pages(LARGE, (FIRST + BIT(LARGE)) << PAGE_SHIFT,
                            HEAP_NO_SCRUB, NULL) == mfn_to_page(_mfn(FIRST)));
}

/* What it was before it was handed out says nothing about it any more. */
TEST(heap_kept, it_is_scrubbed_if_contents_are_wanted)
{
    struct page_info *pg;

    heap_of_two_large_blocks();
    scrub_all();
    pg = take(TOP, 0);
    REQUIRE(pg != NULL);
    soil(pg, TOP);
    free_heap_pages(pg, TOP, TLB_NO_DEBT);
    pg = take(TOP, 0);
    REQUIRE(pg != NULL);
    EXPECT(is_zero(pg, TOP));
}

TEST(heap_kept, who_wants_contents_takes_a_clean_one_instead)
{
    static const struct ram ram[] = {
        { FIRST, CHUNK_FRAMES }, { FIRST + 2 * CHUNK_FRAMES, CHUNK_FRAMES }
    };
    struct page_info *pg, *other;

    hosted_arena_init();
    small_machine_heap(ram, 2);
    some_cpus(1);
    scrub_all();
    pg = take(CHUNK_ORDER, 0);
    REQUIRE(pg != NULL);
    free_heap_pages(pg, CHUNK_ORDER, TLB_NO_DEBT);
    EXPECT(node()->kept.dirty);
    other = take(CHUNK_ORDER, 0);
    EXPECT(other != NULL && other != pg);
}

TEST(heap_kept, it_is_noticed_if_it_comes_back_twice)
{
    struct page_info *pg;

    heap_of_two_large_blocks();
    pg = take(LARGE, HEAP_NO_SCRUB);
    REQUIRE(pg != NULL);
    free_heap_pages(pg, LARGE, TLB_NO_DEBT);
    EXPECT_BUG(free_heap_pages(pg, LARGE, TLB_NO_DEBT));
}

TEST(heap_kept, a_frame_of_it_may_leave_the_machine)
{
    struct page_info *pg;

    heap_of_two_large_blocks();
    pg = take(LARGE, HEAP_NO_SCRUB);
    REQUIRE(pg != NULL);
    free_heap_pages(pg, LARGE, TLB_NO_DEBT);
    EXPECT_EQ(node()->kept_orders, BIT(LARGE - CHUNK_ORDER));
    EXPECT(offline_page(page_to_mfn(pg), false) >= 0);
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(heap_nr_free(), NR - 1);
}
