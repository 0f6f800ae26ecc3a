/* SPDX-License-Identifier: MIT */
/* Claims where there are several nodes, or CPUs that have frames cached. */
#include <xen/heap_range.h>

#include "claiming_domains.h"

TEST(claim_nodes, of_two_nodes_the_nearer_is_redeemed_first)
{
    const struct claim both[] = { { 0, 4 }, { 1, 8 } };
    struct page_info *pg;

    machine(2, 1);
    EXPECT_EQ(claim_pages(d, both, 2), 0);
    for (unsigned int i = 0; i < 4; i++) {
        pg = get(d, 0);
        REQUIRE(pg != NULL);
        EXPECT_EQ(node_of_pdx(page_to_pdx(pg)), 0);
    }
    EXPECT_EQ(d->claimed[0], 0);
    pg = get(d, 0);
    REQUIRE(pg != NULL);
    EXPECT_EQ(node_of_pdx(page_to_pdx(pg)), 1);
    EXPECT_EQ(d->claimed[1], 7);
    EXPECT_SOUND();
}

TEST(claim_nodes, what_does_not_fit_a_node_is_of_none)
{
    unsigned long nr[2];

    machine(2, 1);
    nr[0] = available(0);
    nr[1] = available(1);
    for (unsigned int i = 0; i < 2; i++) {
        const struct claim both[] = { { i, nr[i] }, { i ^ 1, nr[i ^ 1] + 1 } };
        const struct claim more[] = { { 1, nr[1] },
                                      { CLAIM_ANY_NODE, nr[0] + 1 } };

        EXPECT_EQ(claim_pages(d, both, 2), -ENOMEM);
        EXPECT_EQ(claim_pages(d, more, 2), -ENOMEM);
        EXPECT_EQ(available(0), nr[0]);
        EXPECT_EQ(available(1), nr[1]);
        EXPECT_SOUND();
    }
    EXPECT_EQ(claim(CLAIM_ANY_NODE, nr[0] + nr[1]), 0);
    EXPECT_EQ(d->claimed[0], nr[0]);
    EXPECT_EQ(d->claimed[1], nr[1]);
    EXPECT_SOUND();
    /* From anywhere to a node: what it has there is kept. */
    EXPECT_EQ(claim(1, nr[1]), 0);
    EXPECT_EQ(available(0), nr[0]);
    EXPECT_EQ(claim(CLAIM_ANY_NODE, nr[1] + 1), 0);
    EXPECT_EQ(d->claimed[1], nr[1]);
    EXPECT_EQ(d->claimed[0], 1);
    EXPECT_SOUND();
}

TEST(claim_nodes, what_cpus_have_cached_is_called_in)
{
    unsigned long all;

    machine(1, 3);
    all = available(0);
    for (unsigned int cpu = 0; cpu < 3; cpu++)
        AS_CPU(cpu, free_heap_pages(
                        alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL),
                        0, TLB_NO_DEBT));
    EXPECT(available(0) < all);
    EXPECT_EQ(claim(0, all), 0);
    EXPECT_EQ(available(0), 0);
    AS_CPU(1, EXPECT(alloc_heap_pages(0, HEAP_NO_LIMIT, 0, NULL) == NULL));
    AS_CPU(2, EXPECT(get(d, 0) != NULL));
    EXPECT_EQ(d->nr_claimed, all - 1);
    EXPECT_SOUND();
}

/* Others own the chunks that its frames are of. */
TEST(claim_nodes, it_is_found_whoever_takes_from_the_chunk)
{
    unsigned long all;

    machine(1, 2);
    AS_CPU(1, EXPECT(get(other, 0) != NULL));
    all = heap_nr_free();
    EXPECT_EQ(claim(0, all), 0);
    AS_CPU(1, EXPECT(get(other, 0) == NULL));
    EXPECT_EQ(take_all(d), all);
    EXPECT_SOUND();
}

TEST(claim_nodes, what_was_redeemed_in_vain_is_claimed_again)
{
    unsigned long all;

    machine(1, 1);
    while (get(other, CHUNK_ORDER))
        ;
    all = available(0);
    EXPECT(all >= 100);
    EXPECT_EQ(claim(0, all), 0);
    EXPECT(get(d, CHUNK_ORDER) == NULL);
    EXPECT_EQ(d->nr_claimed, all);
    EXPECT_EQ(available(0), 0);
    EXPECT_SOUND();
    EXPECT(alloc_domheap_pages(d, 0, PAGE_SIZE, 0) == NULL);
    EXPECT_EQ(d->nr_claimed, all);
    EXPECT_SOUND();
}

/* Row b068cafc73. Three frames are left to others, by whichever way. */
TEST(claim_nodes, no_way_to_take_memory_passes_by_a_claim)
{
    struct heap_stream stream = { 0 };
    struct tlb_debt debt = TLB_NO_DEBT;
    struct page_info *pg[10];
    unsigned long all;
    mfn_t culprit;

    machine(1, 1);
    all = available(0);
    EXPECT_EQ(claim(0, all - 3), 0);
    EXPECT_EQ(alloc_heap_stream(&stream, HEAP_NO_LIMIT, 0, pg, 10, &debt), 3);
    free_heap_frames(pg, 3, TLB_NO_DEBT);
    heap_stream_end(&stream);
    heap_drain();
    EXPECT(alloc_heap_pages(2, HEAP_NO_LIMIT, 0, NULL) == NULL);
    EXPECT(alloc_heap_pages(0, PAGE_SIZE * FIRST, 0, NULL) != NULL);
    EXPECT(alloc_heap_pages(1, HEAP_NO_LIMIT, HEAP_LONG_LIVED, NULL) != NULL);
    EXPECT(alloc_heap_pages(0, HEAP_NO_LIMIT, 0, NULL) == NULL);
    EXPECT(alloc_heap_pages(CHUNK_ORDER, HEAP_NO_LIMIT, 0, NULL) == NULL);
    EXPECT(alloc_heap_range(1, 1, HEAP_NO_LIMIT, 0) == NULL);
    EXPECT_EQ(heap_take_range(_mfn(FIRST + 600), 1, 0, &culprit), -ENOMEM);
    EXPECT_EQ(alloc_domheap_stream(other, HEAP_NO_LIMIT, 0, NULL, pg, 10), 0);
    EXPECT(alloc_domheap_pages(other, 0, HEAP_NO_LIMIT, ASSIGN_EXTRA) == NULL);
    EXPECT_SOUND();
    EXPECT_EQ(take_all(d), all - 3);
}

/* A claim and what it lacks are enough for a block, wherever that is. */
TEST(claim_nodes, what_a_claim_lacks_is_called_in_from_cpus)
{
    machine(1, 2);
    EXPECT_EQ(claim_pages(other, &(struct claim){ 0, available(0) - 4 }, 1), 0);
    EXPECT_EQ(claim(0, 3), 0);
    AS_CPU(1, free_heap_pages(
                  alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL), 0,
                  TLB_NO_DEBT));
    EXPECT_EQ(available(0), 0);
    EXPECT(get(d, 2) != NULL);
    EXPECT_EQ(d->nr_claimed, 0);
    EXPECT_SOUND();
}
