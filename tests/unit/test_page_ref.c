/* SPDX-License-Identifier: MIT */
/* References: from nobody's frame none is had, from a full count none more. */
#include <test.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>

#include "../model/pv_machine.h"

static struct domain *d, *other;

static struct page_info *page_of_two_domains(void)
{
    pv_machine(1);
    d = pv_domain(1, 1);
    other = pv_domain(2, 1);

    return pv_page(d);
}

TEST(page_ref, each_get_is_one_and_each_put_is_one)
{
    struct page_info *pg = page_of_two_domains();

    EXPECT(get_page_any(pg));
    EXPECT(get_page(pg, d));
    EXPECT(get_page_from_mfn(page_to_mfn(pg), d) == pg);
    get_page_again(pg);
    EXPECT_EQ(pg->count_info, PGC_allocated | 5);
    for (unsigned int nr = 4; nr > 0; nr--) {
        put_page(pg);
        EXPECT_EQ(pg->count_info, PGC_allocated | nr);
    }
}

TEST(page_ref, of_another_domains_frame_none_is_had)
{
    struct page_info *pg = page_of_two_domains();

    EXPECT(!get_page(pg, other));
    EXPECT(get_page_from_mfn(page_to_mfn(pg), other) == NULL);
    EXPECT_EQ(pg->count_info, PGC_allocated | 1);
    EXPECT_EQ(page_owner_tag(pg), d->tag);
}

TEST(page_ref, from_nothing_none_is_had)
{
    struct page_info *pg = page_of_two_domains(), *free, *mine;

    mine = alloc_heap_pages(2, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    free = alloc_heap_pages(2, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(mine != NULL && free != NULL);
    free_heap_pages(free, 2, TLB_NO_DEBT);
    for (unsigned int i = 0; i < 4; i++) {
        EXPECT(!get_page_any(mine + i) && !get_page(mine + i, d));
        EXPECT(!get_page_any(free + i) && !get_page(free + i, d));
        EXPECT(page_info_is_zero(mine + i));
        EXPECT_BUG(get_page_again(mine + i));
    }
    EXPECT_EQ(heap_check(), 0);

    /* Nor while its last reference goes. */
    EXPECT(get_page_any(pg));
    EXPECT(put_page_allocated(pg));
    put_page(pg);
    EXPECT(!get_page_any(pg));
}

/* XSA-32, XSA-167. */
TEST(page_ref, a_number_of_no_frame_is_no_index)
{
    static const unsigned long mfn[] = {
        0x100000,        0x40000000, 1UL << 32, (1UL << 40) - 1, 1UL << 40,
        (1UL << 52) - 1, 1UL << 52,  ~0UL >> 1, ~0UL - 1,        ~0UL,
    };

    (void)page_of_two_domains();
    for (unsigned int i = 0; i < ARRAY_SIZE(mfn); i++)
        EXPECT(get_page_from_mfn(_mfn(mfn[i]), d) == NULL);
    EXPECT(get_page_from_mfn(_mfn(0), d) == NULL);
    EXPECT(get_page_from_mfn(_mfn(PV_FIRST_FRAME - 1), d) == NULL);
}

/* XSA-248: of all frames that there are, a domain gets its own. */
TEST(page_ref, only_ones_own_frames_can_be_had)
{
    struct page_info *mine = page_of_two_domains();
    unsigned long nr = 0;

    EXPECT(pv_page(other) != NULL);
    for (unsigned long mfn = 0; mfn < nr_pdxs; mfn++) {
        struct page_info *pg = get_page_from_mfn(_mfn(mfn), d);

        EXPECT(pg == NULL || pg == mine);
        nr += pg != NULL;
    }
    EXPECT_EQ(nr, 1);
    EXPECT_EQ(mine->count_info, PGC_allocated | 2);
}

/* XSA-249, I24: with a count of 6 bits all the way, with one of 56 the end. */
TEST(page_ref, a_count_that_is_full_refuses)
{
    struct page_info *pg = page_of_two_domains();
    unsigned long nr = 1;

    if (CONFIG_COUNT_BITS > 10) {
        nr = COUNT_TOP - 17;
        pg->count_info += nr - 1;
    }
    while (get_page(pg, d))
        nr++;
    EXPECT_EQ(nr, COUNT_TOP);
    EXPECT_EQ(pg->count_info, PGC_allocated | COUNT_TOP);
    EXPECT(!get_page_any(pg) && !get_page(pg, other));
    EXPECT(get_page_from_mfn(page_to_mfn(pg), d) == NULL);
    EXPECT_EQ(pg->count_info, PGC_allocated | COUNT_TOP);

    put_page(pg);
    EXPECT(get_page(pg, d));
    EXPECT(!get_page(pg, d));
}

/* The flags beside the count are not reached, and the last one is a bug. */
TEST(page_ref, what_cannot_be_refused_has_room_above_that)
{
    struct page_info *pg = page_of_two_domains();
    unsigned long nr = COUNT_TOP;

    pg->count_info += COUNT_TOP - 1;
    if (CONFIG_COUNT_BITS > 10) {
        nr = PGC_count_mask - 17;
        pg->count_info += nr - COUNT_TOP;
    }
    for (; nr < PGC_count_mask; nr++) {
        get_page_again(pg);
        EXPECT_EQ(pg->count_info, PGC_allocated | (nr + 1));
        EXPECT(!get_page(pg, d));
    }
    EXPECT_BUG(get_page_again(pg));
    put_page(pg);
    EXPECT_EQ(pg->count_info, PGC_allocated | (PGC_count_mask - 1));
}

TEST(page_ref, the_owner_gives_up_its_own_once)
{
    struct page_info *pg = page_of_two_domains();

    EXPECT(get_page(pg, d) && get_page(pg, d));
    EXPECT(put_page_allocated(pg));
    EXPECT_EQ(pg->count_info, 2);
    EXPECT(!put_page_allocated(pg));
    EXPECT_EQ(pg->count_info, 2);
    EXPECT(get_page(pg, d)); /* it is the owner's until the last goes */
    EXPECT_EQ(d->nr_pages, 1);
}

TEST(page_ref, one_too_many_given_back_is_a_bug)
{
    struct page_info *pg = page_of_two_domains();

    EXPECT(get_page(pg, d) && put_page_allocated(pg));
    put_page(pg);
    if (CONFIG_DEBUG)
        EXPECT_BUG(put_page(pg));
}
