/* SPDX-License-Identifier: MIT */
/* The heap with several CPUs: what each has at hand is found, and given up. */
#include <test.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define TOP 10U
#define NR  BIT(TOP)

/* A heap that is one free block, of order @order, at its own size. */
static void heap_of_one_block(unsigned int order)
{
    const struct ram ram[] = { { BIT(order), BIT(order) } };

    small_machine_heap(ram, 1);
}

static unsigned long alloc(unsigned int order, paddr_t limit)
{
    struct page_info *pg = alloc_heap_pages(order, limit, HEAP_NO_SCRUB, NULL);

    return pg ? mfn_x(page_to_mfn(pg)) : 0;
}

/* Frames that stay are of chunks that those that go do not touch. */
TEST(heap_cpus, what_stays_is_kept_apart_from_what_goes)
{
    unsigned long stays[4], goes[4];

    heap_of_one_block(TOP);
    for (unsigned int i = 0; i < 4; i++) {
        struct page_info *pg = alloc_heap_pages(
            i % 3, HEAP_NO_LIMIT, HEAP_NO_SCRUB | HEAP_LONG_LIVED, NULL);

        REQUIRE(pg != NULL);
        stays[i] = mfn_x(page_to_mfn(pg));
        goes[i] = alloc(i % 3, HEAP_NO_LIMIT);
    }
    for (unsigned int i = 0; i < 4; i++) {
        EXPECT_EQ(stays[i] / CHUNK_FRAMES, stays[0] / CHUNK_FRAMES);
        EXPECT_EQ(goes[i] / CHUNK_FRAMES, goes[0] / CHUNK_FRAMES);
    }
    EXPECT(stays[0] / CHUNK_FRAMES != goes[0] / CHUNK_FRAMES);
}

/* But where there is nothing else, it is no reason to fail. */
TEST(heap_cpus, the_last_frame_goes_to_whoever_asks)
{
    heap_of_one_block(CHUNK_ORDER);
    for (unsigned long i = 0; i < CHUNK_FRAMES / 2; i++) {
        EXPECT(alloc(0, HEAP_NO_LIMIT) != 0);
        EXPECT(alloc_heap_pages(0, HEAP_NO_LIMIT,
                                HEAP_NO_SCRUB | HEAP_LONG_LIVED, NULL) != NULL);
    }
    EXPECT_EQ(heap_nr_free(), 0);
    EXPECT_EQ(alloc(0, HEAP_NO_LIMIT), 0);
    EXPECT_EQ(heap_check(), 0);
}

/* What others have at hand, or in their chunk, is found before it fails. */
TEST(heap_cpus, a_request_fails_only_if_no_cpu_has_anything)
{
    struct page_info *pg[2];

    heap_of_one_block(CHUNK_ORDER);
    some_cpus(3);
    for (unsigned int cpu = 1; cpu < 3; cpu++)
        AS_CPU(cpu, pg[cpu - 1] = alloc_heap_pages(0, HEAP_NO_LIMIT,
                                                   HEAP_NO_SCRUB, NULL));
    REQUIRE(pg[0] != NULL && pg[1] != NULL);
    for (unsigned long i = 2; i < CHUNK_FRAMES; i++)
        EXPECT(alloc(0, HEAP_NO_LIMIT) != 0);
    EXPECT_EQ(alloc(0, HEAP_NO_LIMIT), 0);
    AS_CPU(1, free_heap_pages(pg[0], 0, TLB_NO_DEBT));
    EXPECT_EQ(heap_nr_free(), 1);
    EXPECT_EQ(alloc(0, (mfn_x(page_to_mfn(pg[0])) + 1) * PAGE_SIZE),
              mfn_x(page_to_mfn(pg[0])));
    AS_CPU(2, free_heap_pages(pg[1], 0, TLB_NO_DEBT));
    EXPECT_EQ(alloc(0, HEAP_NO_LIMIT), mfn_x(page_to_mfn(pg[1])));
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_cpus, a_whole_block_is_gathered_from_what_cpus_have)
{
    struct page_info *pg;

    heap_of_one_block(TOP);
    some_cpus(3);
    for (unsigned int cpu = 0; cpu < 3; cpu++) {
        AS_CPU(cpu,
               pg = alloc_heap_pages(cpu, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
               if (pg) free_heap_pages(pg, cpu, TLB_NO_DEBT));
    }
    EXPECT(heap_nr_blocks(TOP) == 0);
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(alloc(TOP, HEAP_NO_LIMIT), NR);
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_cpus, who_leaves_keeps_nothing)
{
    struct heap_statistics s;

    heap_of_one_block(TOP);
    some_cpus(2);
    AS_CPU(1, free_heap_pages(
                  alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL), 0,
                  TLB_NO_DEBT));
    heap_statistics(&s);
    EXPECT(s.nr_cached > 0);
    EXPECT_EQ(s.nr_free, NR);
    AS_CPU(1, heap_leave(); smp_leave());
    heap_statistics(&s);
    EXPECT_EQ(s.nr_cached, 0);
    EXPECT_EQ(s.nr_blocks[TOP], 1);
    EXPECT_EQ(heap_check(), 0);
}

/* Row 2fece35303. */
TEST(heap_cpus, a_node_that_there_is_not_has_nothing)
{
    static const unsigned int more[] = { 1U << 23, 0xfffffeU, 0xffffffU,
                                         1U << 24, ~0U - 1,   ~0U };

    heap_of_one_block(TOP);
    for (unsigned int i = 0; i < 256 + ARRAY_SIZE(more); i++) {
        unsigned int node = i < 256 ? i : more[i - 256];

        EXPECT_EQ(alloc_heap_pages(0, HEAP_NO_LIMIT,
                                   HEAP_NO_SCRUB | HEAP_NODE(node),
                                   NULL) != NULL,
                  node == 0);
        EXPECT_EQ(
            alloc_heap_pages(9, HEAP_NO_LIMIT,
                             HEAP_NO_SCRUB | HEAP_NODE(node) | HEAP_EXACT_NODE,
                             NULL) != NULL,
            node == 0);
    }
    EXPECT_EQ(heap_check(), 0);
}
