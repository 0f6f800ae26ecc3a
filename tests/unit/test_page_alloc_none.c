/* SPDX-License-Identifier: MIT */
/* Requests that the heap has nothing for. */
#include "heap_of_one_block.h"

TEST(page_alloc_none, an_order_that_there_is_not_is_refused)
{
    static const unsigned int order[] = { 21, 31, 32, 63, 64, 1000, ~0U };

    heap_of_one_block(MAX_ORDER);
    for (unsigned int i = 0; i < ARRAY_SIZE(order); i++) {
        EXPECT(alloc_heap_pages(order[i], HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL) ==
               NULL);
        EXPECT_EQ(heap_nr_blocks(order[i]), 0);
    }
    expect_one_each(BIT(MAX_ORDER));
}

TEST(page_alloc_none, a_request_for_more_than_there_is_changes_nothing)
{
    heap_of_one_block(TOP);
    EXPECT_EQ(alloc(TOP + 1, HEAP_NO_LIMIT), 0);
    EXPECT_EQ(alloc(MAX_ORDER, HEAP_NO_LIMIT), 0);
    expect_one_each(BIT(TOP));
    EXPECT_EQ(alloc(TOP, HEAP_NO_LIMIT), NR);
    EXPECT_EQ(alloc(0, HEAP_NO_LIMIT), 0);
    expect_one_each(0);
}

TEST(page_alloc_none, an_empty_heap_has_nothing)
{
    static const struct ram ram[] = { { 0, GROUP } };

    small_machine(ram, 1);
    heap_add(_mfn(100), 0);
    EXPECT_EQ(heap_nr_free(), 0);
    EXPECT_EQ(alloc(0, HEAP_NO_LIMIT), 0);
    expect_one_each(0);
}
