/* SPDX-License-Identifier: MIT */
/* The heap: which blocks there must be, and which of them is handed out. */
#include "heap_of_one_block.h"

/* An allocator that never merges passes every test that looks at sums only. */
TEST(page_alloc, freeing_every_frame_rebuilds_the_one_block)
{
    heap_of_one_block(TOP);
    for (unsigned long i = 0; i < NR; i++)
        EXPECT(alloc(0, HEAP_NO_LIMIT) != 0);
    EXPECT_EQ(heap_nr_free(), 0);
    EXPECT_EQ(alloc(0, HEAP_NO_LIMIT), 0);

    for (unsigned long i = 0; i < NR; i += 2)
        free_heap_pages(mfn_to_page(_mfn(NR + i)), 0, TLB_NO_DEBT);
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(0), NR / 2); /* no two are buddies */
    EXPECT_EQ(heap_check(), 0);

    for (unsigned long i = 1; i < NR; i += 2)
        free_heap_pages(mfn_to_page(_mfn(NR + i)), 0, TLB_NO_DEBT);
    expect_one_each(BIT(TOP));
}

TEST(page_alloc, a_split_hands_out_the_lowest_part_of_each_order)
{
    heap_of_one_block(MAX_ORDER);
    for (unsigned int order = 0; order <= MAX_ORDER; order++) {
        struct page_info *pg =
            alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);

        REQUIRE(pg != NULL);
        EXPECT_EQ(mfn_x(page_to_mfn(pg)), BIT(MAX_ORDER));
        EXPECT(page_info_is_zero(pg));
        expect_one_each(BIT(MAX_ORDER) - BIT(order));
        free_heap_pages(pg, order, TLB_NO_DEBT);
        expect_one_each(BIT(MAX_ORDER));
    }
}

TEST(page_alloc, the_largest_blocks_do_not_merge)
{
    static const struct ram ram[] = { { 2 * BIT(MAX_ORDER),
                                        2 * BIT(MAX_ORDER) } };
    struct page_info *pg;

    small_machine_heap(ram, 1);
    pg = alloc_heap_pages(MAX_ORDER, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(pg != NULL);
    expect_one_each(BIT(MAX_ORDER));
    free_heap_pages(pg, MAX_ORDER, TLB_NO_DEBT);
    EXPECT_EQ(heap_nr_blocks(MAX_ORDER), 2);
    EXPECT_EQ(heap_check(), 0);
}

/* With it, [0, 2^n) and [2^n, 2^(n+1)) would merge across tiers. */
TEST(page_alloc, frame_0_is_left_out)
{
    static const struct ram ram[] = { { 0, 2 * BIT(MAX_ORDER) } };

    small_machine(ram, 1);
    heap_add(_mfn(0), 0);
    heap_add(_mfn(0), 1);
    expect_one_each(0);
    heap_add(_mfn(0), 2);
    expect_one_each(BIT(0));
    heap_add(_mfn(2), 2);
    expect_one_each(BIT(0) | BIT(1));
    heap_add(_mfn(4), 2 * BIT(MAX_ORDER) - 4);
    expect_one_each(2 * BIT(MAX_ORDER) - 1);

    while (heap_nr_free() > 0)
        EXPECT(alloc(0, 16UL << 20) != 0 ||
               alloc(12, HEAP_NO_LIMIT) >= BIT(12));
}

TEST(page_alloc, ranges_need_no_alignment)
{
    static const struct ram ram[] = { { 3, 10 }, { 4095, 2 } };

    small_machine_heap(ram, 1);
    EXPECT_EQ(heap_nr_blocks(0), 2); /* 3, 12 */
    EXPECT_EQ(heap_nr_blocks(2), 2); /* 4, 8: no buddies of one order */
    EXPECT_EQ(heap_nr_free(), 10);
    heap_add(_mfn(4095), 2);
    EXPECT_EQ(heap_nr_blocks(0), 4); /* not one block across 16 MiB */
    EXPECT_EQ(heap_check(), 0);
}

TEST(page_alloc, memory_below_the_first_may_come_late)
{
    static const struct ram ram[] = { { 512, 512 } };

    small_machine_heap(ram, 1);
    heap_add(_mfn(1024), 1024);
    heap_add(_mfn(256), 256);
    expect_one_each(BIT(8) | BIT(9) | BIT(10));
    EXPECT_EQ(alloc(8, 512 * PAGE_SIZE), 256);
}

/* RAM that ends just below an aligned boundary, with nothing behind. */
TEST(page_alloc, blocks_do_not_merge_with_what_is_in_a_hole)
{
    static const struct ram ram[] = { { 2 * GROUP, GROUP },
                                      { 5 * GROUP, GROUP } };
    unsigned int order = highest_bit(GROUP);
    struct page_info *pg;

    small_machine_heap(ram, 2);
    EXPECT_EQ(heap_nr_blocks(order), 2);
    for (unsigned int i = 0; i < 2; i++) {
        pg = alloc_heap_pages(order, (6 - 3 * i) * GROUP * PAGE_SIZE,
                              HEAP_NO_SCRUB, NULL);
        REQUIRE(pg != NULL);
        free_heap_pages(pg, order, TLB_NO_DEBT);
        pg = alloc_heap_pages(0, (6 - 3 * i) * GROUP * PAGE_SIZE, HEAP_NO_SCRUB,
                              NULL);
        REQUIRE(pg != NULL);
        free_heap_pages(pg, 0, TLB_NO_DEBT);
    }
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(order), 2);
    EXPECT_EQ(heap_check(), 0);
}

TEST(page_alloc, blocks_do_not_merge_with_what_the_heap_was_not_given)
{
    static const struct ram ram[] = { { 1024, 1024 } };

    small_machine(ram, 1);
    heap_add(_mfn(1024), 1023);
    expect_one_each(BIT(10) - 1);
    heap_add(_mfn(2047), 1);
    expect_one_each(BIT(10));
}

/* For each size of a block: a frame too few below the limit, and enough. */
TEST(page_alloc, a_limit_is_kept_to_the_byte)
{
    heap_of_one_block(TOP);
    for (unsigned int order = 0; order <= TOP; order++) {
        paddr_t enough = (NR + BIT(order)) * PAGE_SIZE;

        EXPECT_EQ(alloc(order, enough - PAGE_SIZE), 0);
        EXPECT_EQ(alloc(order, enough - 1), 0);
        for (paddr_t more = 0; more <= PAGE_SIZE; more += PAGE_SIZE) {
            struct page_info *pg =
                alloc_heap_pages(order, enough + more, HEAP_NO_SCRUB, NULL);

            REQUIRE(pg != NULL);
            EXPECT_EQ(mfn_x(page_to_mfn(pg)), NR);
            free_heap_pages(pg, order, TLB_NO_DEBT);
        }
    }
    EXPECT_EQ(alloc(0, 0), 0);
    EXPECT_EQ(alloc(0, 1), 0);
    expect_one_each(BIT(TOP));
}

/* Two in one chunk, and the same two chunks further up, twice. */
TEST(page_alloc, a_limit_finds_blocks_whatever_there_is_above_it)
{
    static const struct ram ram[] = { { 0x10, 2 },    { 0x20, 2 },
                                      { 0x410, 2 },   { 0x420, 2 },
                                      { 0x810, 509 }, { 0xc00, 512 } };
    static const unsigned long limit[] = { 0x12, 0x22, 0x412, 0x422 };

    small_machine_heap(ram, 6);
    for (unsigned int i = 0; i < 4; i++) {
        EXPECT_EQ(alloc(1, (limit[i] - 1) * PAGE_SIZE), 0);
        EXPECT_EQ(alloc(1, limit[i] * PAGE_SIZE), limit[i] - 2);
    }
    EXPECT_EQ(alloc(0, 0x422 * PAGE_SIZE), 0);
    EXPECT_EQ(heap_nr_free(), 1021);
}

/* The only frame left is in the middle of a chunk that is anybody's, and in
 * the middle of one that a CPU has. */
TEST(page_alloc, a_limit_inside_a_chunk_finds_the_last_frame_below_it)
{
    struct page_info *pg[2];

    heap_of_one_block(TOP);
    for (unsigned int i = 0; i < 2; i++) {
        pg[i] = alloc_heap_pages(8, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
        REQUIRE(pg[i] != NULL);
    }
    free_heap_pages(pg[0] + 77, 0, TLB_NO_DEBT);
    free_heap_pages(pg[0] + 200, 3, TLB_NO_DEBT);
    EXPECT_EQ(alloc(0, (NR + 77) * PAGE_SIZE), 0);
    EXPECT_EQ(alloc(0, (NR + 78) * PAGE_SIZE), NR + 77);
    EXPECT_EQ(alloc(3, (NR + 207) * PAGE_SIZE), 0);
    EXPECT_EQ(alloc(3, (NR + 208) * PAGE_SIZE), NR + 200);
    EXPECT_EQ(heap_check(), 0);
}

TEST(page_alloc, scarce_memory_is_used_last)
{
    static const struct ram ram[] = { { 16, 16 },
                                      { 8192, 16 },
                                      { BIT(20), 64 } };

    small_machine_heap(ram, 3);
    EXPECT_EQ(alloc(4, HEAP_NO_LIMIT), BIT(20)); /* though it means a split */
    EXPECT_EQ(alloc(5, HEAP_NO_LIMIT), BIT(20) + 32);
    EXPECT_EQ(alloc(4, 4UL << 30), 8192);
    EXPECT_EQ(alloc(4, HEAP_NO_LIMIT), BIT(20) + 16);
    EXPECT_EQ(alloc(4, (4UL << 30) + 1), 16);
    EXPECT_EQ(alloc(0, HEAP_NO_LIMIT), 0);
}

/* One at a time, though a CPU takes many to have them at hand. */
TEST(page_alloc, the_last_frames_of_a_tier_go_before_those_of_the_next)
{
    static const struct ram ram[] = { { 16, 16 },
                                      { 8192, 16 },
                                      { BIT(20), 3 } };

    small_machine_heap(ram, 3);
    for (unsigned int i = 0; i < 3; i++)
        EXPECT(alloc(0, HEAP_NO_LIMIT) >= BIT(20));
    for (unsigned int i = 0; i < 16; i++)
        EXPECT(alloc(0, HEAP_NO_LIMIT) >= 8192);
    EXPECT_EQ(alloc(0, HEAP_NO_LIMIT), 16);
}

TEST(page_alloc, an_empty_lowest_tier_is_no_trouble)
{
    heap_of_one_block(13);
    EXPECT_EQ(alloc(0, 16UL << 20), 0);
    EXPECT_EQ(alloc(14, HEAP_NO_LIMIT), 0);
    EXPECT_EQ(alloc(0, (32UL << 20) + PAGE_SIZE), 8192);
}

TEST(page_alloc, what_became_free_last_goes_first)
{
    struct page_info *pg[4];

    heap_of_one_block(TOP);
    for (unsigned int i = 0; i < 4; i++) {
        pg[i] = alloc_heap_pages(1, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
        EXPECT(alloc_heap_pages(1, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL) !=
               NULL); /* its buddy */
    }
    for (unsigned int i = 0; i < 4; i++)
        free_heap_pages(pg[i], 1, TLB_NO_DEBT);
    for (unsigned int i = 4; i-- > 0;)
        EXPECT(alloc_heap_pages(1, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL) ==
               pg[i]);
}

TEST(page_alloc, a_block_may_come_back_in_parts)
{
    struct page_info *pg;

    heap_of_one_block(TOP);
    pg = alloc_heap_pages(TOP, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(pg != NULL);
    heap_clear_entries(pg, TOP);
    free_heap_pages(pg + 1, 0, TLB_NO_DEBT);
    free_heap_pages(pg + 512, 9, TLB_NO_DEBT);
    free_heap_pages(pg + 2, 1, TLB_NO_DEBT);
    expect_one_each(BIT(0) | BIT(1) | BIT(9));
    for (unsigned int order = 2; order < 9; order++)
        free_heap_pages(pg + BIT(order), order, TLB_NO_DEBT);
    free_heap_pages(pg, 0, TLB_NO_DEBT);
    expect_one_each(BIT(TOP));
}

/* As whoever has had it before them has left them; of a large one the first. */
TEST(page_alloc, what_is_handed_out_has_entries_of_zeroes)
{
    heap_of_one_block(TOP + 1);
    for (unsigned int order = 0; order <= TOP; order++) {
        unsigned long nr = order < CHUNK_ORDER ? BIT(order) : 1;
        struct page_info *pg =
            alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);

        REQUIRE(pg != NULL);
        for (unsigned long i = 0; i < nr; i++)
            EXPECT(page_info_is_zero(pg + i));
        heap_clear_entries(pg, order);
        for (unsigned long i = 0; i < BIT(order); i++)
            EXPECT(page_info_is_zero(pg + i));
        free_heap_pages(pg, order, TLB_NO_DEBT);
        EXPECT_EQ(heap_check(), 0);
    }
    expect_one_each(BIT(TOP + 1));
}

TEST(page_alloc, the_block_of_a_frame_is_found_from_any_frame)
{
    unsigned int order = 99;
    unsigned long used;

    heap_of_one_block(TOP);
    used = alloc(3, HEAP_NO_LIMIT);
    for (unsigned long f = NR; f < 2 * NR; f++) {
        mfn_t head = heap_block_of(_mfn(f), &order);

        if (f < used + 8) {
            EXPECT(mfn_eq(head, INVALID_MFN));
            continue;
        }
        EXPECT_EQ(order, highest_bit(f - NR));
        EXPECT_EQ(mfn_x(head), NR + BIT(order));
    }
    EXPECT(mfn_eq(heap_block_of(_mfn(0), &order), INVALID_MFN));
    EXPECT(mfn_eq(heap_block_of(_mfn(2 * NR), &order), INVALID_MFN));
    EXPECT(mfn_eq(heap_block_of(_mfn(8 * GROUP), &order), INVALID_MFN));
    EXPECT(mfn_eq(heap_block_of(INVALID_MFN, &order), INVALID_MFN));
}

/* Start-up writes no entry of a whole chunk, however many there are. */
TEST(page_alloc, all_that_boot_left_is_taken_over_in_the_largest_blocks)
{
    static const struct ram ram[] = { { 0, 4 * GROUP } };
    static struct memory_map map;
    struct heap_statistics s;
    unsigned long nr_written = 0, nr_left, nr_in_parts = 0;

    map = *small_machine_map(ram, 1);
    REQUIRE(bootmem_reserve(5 * PAGE_SIZE, 5 * PAGE_SIZE + 1, "in the way") ==
            0);
    bootmem_add(0, 4 * GROUP * PAGE_SIZE);
    REQUIRE(frame_table_init(&map) == 0);
    nr_left = bootmem_nr_free();
    heap_init();

    heap_statistics(&s);
    EXPECT_EQ(s.nr_frames, nr_left);
    EXPECT_EQ(s.nr_free, nr_left);
    EXPECT_EQ(nr_left, 4 * GROUP - 2 - 4 * GROUP_TABLE_SIZE / PAGE_SIZE);
    EXPECT_EQ(s.nr_blocks[0], 2); /* 1, 4 */
    EXPECT_EQ(s.nr_blocks[1], 2); /* 2, 6 */
    EXPECT_EQ(s.nr_blocks[2], 0);
    EXPECT_EQ(s.nr_blocks[3], 1); /* 8 */
    for (unsigned int o = 0; o < CHUNK_ORDER; o++)
        nr_in_parts += s.nr_blocks[o] << o;
    for (unsigned long f = 0; f < 4 * GROUP; f++)
        nr_written +=
            mfn_valid(_mfn(f)) && !page_info_is_zero(mfn_to_page(_mfn(f)));
    EXPECT(nr_in_parts < 2 * CHUNK_FRAMES);
    EXPECT_EQ(nr_written, nr_in_parts);
    EXPECT_EQ(heap_check(), 0);
    EXPECT(mfn_eq(bootmem_alloc(1, 1, PADDR_MAX, "late"), INVALID_MFN));
}
