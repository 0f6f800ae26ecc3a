/* SPDX-License-Identifier: MIT */
/* The entry of a frame: its overlays, and the doors to them. */
#include <test.h>
#include <xen/page_info.h>
#include <xen/string.h>

/* An initialiser would leave the bytes of the other overlays to chance. */
static struct page_info entry_of_zeroes_but(unsigned long count_info)
{
    struct page_info pg;

    memset(&pg, 0, sizeof(pg));
    pg.count_info = count_info;
    return pg;
}

TEST(page_info, an_entry_of_zeroes_is_in_use_and_anonymous)
{
    struct page_info pg;

    memset(&pg, 0, sizeof(pg));
    EXPECT(page_info_is_zero(&pg));
    EXPECT_EQ(page_state(&pg), PGC_state_inuse);
    EXPECT(!page_is_shadow(&pg));
    EXPECT_EQ(as_inuse(&pg)->owner, 0);
    EXPECT_EQ(as_inuse(&pg)->type_info & PGT_type_mask, PGT_none);
}

TEST(page_info, a_byte_anywhere_keeps_an_entry_from_being_zero)
{
    for (unsigned int i = 0; i < sizeof(struct page_info); i++) {
        struct page_info pg;

        memset(&pg, 0, sizeof(pg));
        ((unsigned char *)&pg)[i] = 1;
        EXPECT(!page_info_is_zero(&pg));
    }
}

TEST(page_info, each_overlay_has_one_door)
{
    struct page_info inuse = { .count_info = PGC_allocated | 1 };
    struct page_info offlining = { .count_info = PGC_state_offlining };
    struct page_info shadow = { .count_info = PGC_shadow };
    struct page_info free = { .count_info = PGC_state_free };

    EXPECT(as_inuse(&inuse) == &inuse.inuse_overlay);
    EXPECT(as_inuse(&offlining) == &offlining.inuse_overlay);
    EXPECT(as_shadow(&shadow) == &shadow.shadow_overlay);
    EXPECT(as_free(&free) == &free.free_overlay);
    if (!CONFIG_DEBUG)
        return;

    EXPECT_BUG(as_inuse(&shadow));
    EXPECT_BUG(as_inuse(&free));
    EXPECT_BUG(as_shadow(&inuse));
    EXPECT_BUG(as_shadow(&free));
    EXPECT_BUG(as_free(&inuse));
    EXPECT_BUG(as_free(&shadow));
    EXPECT_BUG(as_free(&offlining));
}

/*
 * What shares a word must exclude each other, and what may be live at one time
 * must not share one: a stamp over a linear count was three security holes.
 */
TEST(page_info, members_that_live_together_do_not_overlap)
{
    struct page_info pg = entry_of_zeroes_but(0);
    struct page_inuse *inuse = as_inuse(&pg);

    inuse->list = (struct page_list_entry){ 1, 2 };
    inuse->type_info = PGT_l1_page_table | PGT_partial | 1;
    inuse->owner = 7;
    inuse->linear_pt_count = -3;
    inuse->nr_validated_ptes = 511;
    inuse->partial_pte = -1;
    EXPECT_EQ(pg.count_info, 0);
    EXPECT_EQ(inuse->list.next, 1);
    EXPECT_EQ(inuse->list.prev, 2);
    EXPECT_EQ(inuse->type_info, PGT_l1_page_table | PGT_partial | 1);
    EXPECT_EQ(inuse->owner, 7);
    EXPECT_EQ(inuse->linear_pt_count, -3);
    EXPECT_EQ(inuse->nr_validated_ptes, 511);
    EXPECT_EQ(inuse->partial_pte, -1);

    inuse->tlbflush_timestamp = 0xffffffff;
    EXPECT_EQ(inuse->linear_pt_count, -3);
    inuse->shadow_flags = 0x12345678;
    EXPECT_EQ(inuse->linear_pt_count, -3);
    EXPECT_EQ(inuse->owner, 7);
}

TEST(page_info, the_order_of_a_free_block_leaves_its_stamp_and_taint_alone)
{
    struct page_info pg = entry_of_zeroes_but(PGC_state_free);
    struct page_free *free = as_free(&pg);

    free->tlbflush_timestamp = 0xffffffff;
    free->tlb_taint = ~0UL;
    free->order = 20;
    EXPECT_EQ(free->tlbflush_timestamp, 0xffffffff);
    EXPECT_EQ(free->tlb_taint, ~0UL);
    free->order = 0;
    EXPECT_EQ(free->tlbflush_timestamp, 0xffffffff);
}

TEST(page_info, the_way_up_of_a_shadow_is_a_whole_address)
{
    struct page_info pg = entry_of_zeroes_but(PGC_shadow);
    struct page_shadow *shadow = as_shadow(&pg);

    shadow->up = ~0UL;
    shadow->type = 31;
    shadow->count = (1UL << 57) - 1;
    shadow->back = 5;
    shadow->next_shadow = 6;
    EXPECT_EQ(pg.count_info, PGC_shadow);
    EXPECT_EQ(shadow->up, ~0UL);
    EXPECT_EQ(shadow->pinned, 0);
    EXPECT_EQ(shadow->head, 0);
    EXPECT_EQ(shadow->back, 5);
    EXPECT_EQ(shadow->next_shadow, 6);
}
