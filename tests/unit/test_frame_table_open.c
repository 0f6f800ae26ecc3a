/* SPDX-License-Identifier: MIT */
/*
 * Late initialisation: a group's entries are not touched until one of them is
 * needed. In a process the memory of a group that is closed may not be touched
 * at all (arch/hosted/memory.c), so each test here is one of that too.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hosted.h>
#include <xen/audit.h>
#include <xen/background.h>
#include <xen/errno.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>

#include "faults.h"
#include "frame_table_boot.h"

#define NR_GROUPS 64UL

static const struct ram ram[] = { { 0, NR_GROUPS *GROUP } };

/* All of a machine, as it boots. */
static void machine(void)
{
    EXPECT_EQ(boot(map_of(ram, 1)), 0);
    EXPECT_EQ(m2p_init(), 0);
    heap_init();
}

static unsigned long nr_open(void)
{
    unsigned long nr = 0;

    for (unsigned long pdx = 0; pdx < nr_pdxs; pdx += GROUP)
        nr += pdx_valid(pdx);

    return nr;
}

TEST(frame_table_open, boot_opens_what_it_needs_and_no_more)
{
    struct heap_statistics s;

    machine();
    EXPECT(nr_open() <= 2); /* parts of chunks at either end */
    EXPECT_EQ(frame_table_check(&map_copy), 0);
    EXPECT_EQ(heap_check(), 0);
    heap_statistics(&s);
    EXPECT_EQ(s.nr_free, heap_nr_free());
    EXPECT(nr_open() <= 2);
    EXPECT(faults(pdx_to_page(NR_GROUPS / 2 * GROUP)));
}

/* One after the other, until none is left that is all the heap's. */
TEST(frame_table_open, a_group_is_opened_when_something_of_it_is_taken)
{
    unsigned int order = lowest_bit(GROUP);
    unsigned long nr = 0;
    struct page_info *pg, *last = NULL;

    machine();
    while ((pg = alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL)) !=
           NULL) {
        EXPECT(mfn_valid(page_to_mfn(pg)));
        EXPECT(page_info_is_zero(pg));
        EXPECT(page_info_is_zero(pg + GROUP - 1));
        last = pg;
        nr++;
    }
    EXPECT(nr > NR_GROUPS / 2);
    EXPECT(nr_open() >= nr);
    EXPECT_EQ(frame_table_check(&map_copy), 0);
    EXPECT_EQ(heap_check(), 0);
    free_heap_pages(last, order, TLB_NO_DEBT);
    EXPECT_EQ(heap_check(), 0);
}

TEST(frame_table_open, it_is_opened_once_and_what_has_no_place_never)
{
    struct page_info *pg;

    small_machine(ram, 1);
    EXPECT(!mfn_valid(_mfn(3 * GROUP + 5)));
    frame_table_open(_mfn(3 * GROUP + 5));
    EXPECT(mfn_valid(_mfn(3 * GROUP)));
    EXPECT(mfn_valid(_mfn(4 * GROUP - 1)));
    EXPECT(!mfn_valid(_mfn(4 * GROUP)));
    pg = mfn_to_page(_mfn(4 * GROUP - 1));
    pg->count_info = 5;
    frame_table_open(_mfn(3 * GROUP));
    EXPECT_EQ(pg->count_info, 5);
    EXPECT(faults(pdx_to_page(4 * GROUP)));

    frame_table_open(_mfn(NR_GROUPS * GROUP));
    frame_table_open(INVALID_MFN);
    EXPECT(!mfn_valid(_mfn(NR_GROUPS * GROUP)));
    EXPECT_EQ(nr_open(), 1);
}

TEST(frame_table_open, an_idle_cpu_opens_one_after_the_other)
{
    unsigned long before;

    machine();
    heap_open_when_idle();
    before = nr_open();
    EXPECT(background_step());
    EXPECT_EQ(nr_open(), before + 1);
    while (background_step())
        ;
    EXPECT_EQ(nr_open(), NR_GROUPS);
    EXPECT(!background_step());
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(frame_table_check(&map_copy), 0);
}

/* What was never the heap's, in a group that nobody has opened. */
TEST(frame_table_open, a_frame_of_a_closed_group_is_not_given_back)
{
    unsigned long pdx = NR_GROUPS / 2 * GROUP;

    EXPECT_EQ(bootmem_reserve(pdx << PAGE_SHIFT, (pdx + GROUP) << PAGE_SHIFT,
                              "a module"),
              0);
    machine();
    EXPECT(!pdx_valid(pdx));
    EXPECT_BUG(free_heap_pages(pdx_to_page(pdx + 5), 0, TLB_NO_DEBT));
}
