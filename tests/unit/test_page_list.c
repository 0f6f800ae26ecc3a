/* SPDX-License-Identifier: MIT */
/* Lists of frames: each place that an entry can have, coming and going. */
#include <test.h>
#include <xen/page_list.h>

#include "../model/small_machine.h"

#define NR 4U

static const struct ram ram[] = { { 0, 1024 } };
static struct page_list list = PAGE_LIST_EMPTY;

/* Pages 0 to NR - 1 of the table, the highest first on the list. */
static void list_of_all(void)
{
    small_machine(ram, 1);
    frame_table_open(_mfn(0));
    for (unsigned int i = 0; i < NR; i++)
        page_list_add(&list, pdx_to_page(i));
}

/* Is the list @nr pages, of the numbers in @expected? */
static void expect_list(const unsigned int *expected, unsigned int nr)
{
    struct page_info *pg = page_list_first(&list);
    page_link_t prev = PAGE_LINK_NONE;

    for (unsigned int i = 0; i < nr && pg; i++) {
        EXPECT_EQ(page_to_pdx(pg), expected[i]);
        EXPECT_EQ(pg->list.prev, prev);
        prev = link_of_page(pg);
        pg = page_list_next(pg);
    }
    EXPECT(pg == NULL);
    if (nr == 0)
        EXPECT(page_list_first(&list) == NULL);
}

TEST(page_list, a_list_is_a_stack)
{
    static const unsigned int expected[] = { 3, 2, 1, 0 };

    expect_list(NULL, 0);
    list_of_all();
    expect_list(expected, NR);
}

TEST(page_list, an_entry_of_any_place_can_be_taken_out)
{
    static const unsigned int rest[NR][NR - 1] = {
        { 3, 2, 1 }, /* the last */
        { 3, 2, 0 },
        { 3, 1, 0 },
        { 2, 1, 0 }, /* the first */
    };

    list_of_all();
    for (unsigned int i = 0; i < NR; i++) {
        struct page_list_entry before[NR];

        for (unsigned int k = 0; k < NR; k++)
            before[k] = pdx_to_page(k)->list;
        page_list_del(&list, pdx_to_page(i));
        expect_list(rest[i], NR - 1);

        for (unsigned int k = 0; k < NR; k++)
            pdx_to_page(k)->list = before[k];
        list.first = NR - 1;
    }
}

TEST(page_list, the_only_entry_leaves_an_empty_list)
{
    static const unsigned int frame_0[] = { 0 };

    small_machine(ram, 1);
    frame_table_open(_mfn(0));
    page_list_add(&list, pdx_to_page(0));
    expect_list(frame_0, 1);
    page_list_del(&list, pdx_to_page(0));
    expect_list(NULL, 0);
}
