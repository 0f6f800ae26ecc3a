/* SPDX-License-Identifier: MIT */
/* What cannot be taken out of the machine, or back. */
#include <hosted.h>
#include <xen/scrub.h>

#include <asm/contents.h>

#include "heap_with_a_hole.h"

TEST(offline_refused, whoever_asks_for_what_cannot_be_is_told_so)
{
    mfn_t mfn = _mfn(BIT(EXHAUSTIVE) + 1);
    struct page_info *pg;

    heap_of_one_block(EXHAUSTIVE);
    EXPECT_EQ(online_page(mfn), -ENOENT);
    EXPECT_EQ(offline_page(mfn, false), OFFLINE_DONE);
    EXPECT_EQ(offline_page(mfn, false), -EEXIST);
    EXPECT(!query_page(mfn).broken);
    EXPECT_EQ(offline_page(mfn, true), -EEXIST);
    EXPECT(query_page(mfn).broken);
    EXPECT_EQ(online_page(mfn), -EACCES);
    is_sound(BIT(EXHAUSTIVE) - 1, 1);

    REQUIRE((pg = alloc(0)) != NULL);
    EXPECT_EQ(offline_page(page_to_mfn(pg), false), OFFLINE_PENDING);
    EXPECT_EQ(offline_page(page_to_mfn(pg), true), -EEXIST);
    EXPECT_EQ(online_page(page_to_mfn(pg)), -EACCES);
    free_heap_pages(pg, 0, TLB_NO_DEBT);
    EXPECT(query_page(page_to_mfn(pg)).broken);
    EXPECT_EQ(online_page(page_to_mfn(pg)), -EACCES);
    is_sound(BIT(EXHAUSTIVE) - 2, 2);
}

static const char *keeper(mfn_t mfn)
{
    return mfn_x(mfn) == 4100   ? "image"
           : mfn_x(mfn) == 4101 ? BAD_PAGE_KEEPER
                                : NULL;
}

TEST(offline_refused, what_is_not_the_heaps_stays)
{
    const struct ram ram[] = { { 4096, 512 } };

    small_machine(ram, 1);
    heap_add(_mfn(4104), 504);
    offline_init(small_machine_map(ram, 1), keeper);
    EXPECT_EQ(offline_page(_mfn(4100), false), -EPERM);
    EXPECT_EQ(online_page(_mfn(4100)), -EPERM);
    EXPECT(is_at(_mfn(4100), PAGE_RESERVED));
    EXPECT(!query_page(_mfn(4100)).broken);
    EXPECT(query_page(_mfn(4101)).broken);
    EXPECT_EQ(offline_page(_mfn(0), false), -EINVAL);
    EXPECT_EQ(offline_page(_mfn(4095), true), -EINVAL);
    EXPECT_EQ(offline_page(_mfn(4608), true), -EINVAL);
    EXPECT_EQ(online_page(_mfn(~0UL >> 12)), -EINVAL);
    EXPECT(is_at(_mfn(4608), PAGE_NOT_RAM));
    EXPECT_EQ(offline_page(_mfn(4607), true), OFFLINE_DONE);
    EXPECT_EQ(offline_page(_mfn(4104), true), OFFLINE_DONE);
    is_sound(502, 2);
}

/* I27. Of a large block the entries say nothing, but for the first one. */
TEST(offline_refused, a_broken_frame_of_a_large_block_is_not_touched)
{
    struct page_info *pg;
    uint64_t *word;

    scrub_set_mode(SCRUB_EAGER);
    heap_of_one_block(EXHAUSTIVE);
    hosted_arena_init();
    pg = alloc_heap_pages(CHUNK_ORDER, HEAP_NO_LIMIT, 0, NULL);
    REQUIRE(pg != NULL);
    heap_clear_entries(pg, CHUNK_ORDER);
    EXPECT_EQ(offline_page(page_to_mfn(pg + 17), true), OFFLINE_PENDING);
    word = frame_contents(page_to_mfn(pg + 17));
    word[5] = 77;
    free_heap_pages(pg, CHUNK_ORDER, TLB_NO_DEBT);
    EXPECT(is_at(page_to_mfn(pg + 17), PAGE_OFFLINE));
    EXPECT_EQ(word[5], 77);
    EXPECT_EQ(heap_check(), 0);
}
