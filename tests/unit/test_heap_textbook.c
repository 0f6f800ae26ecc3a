/* SPDX-License-Identifier: MIT */
/* The heap beside the textbook's: both have as much, and serve as many. */
#include <test.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"
#include "../model/textbook_heap.h"

#define MAX_OUT 400U
#define NR_CPUS 3U

static const struct ram machine[] = { { 0, 19 },
                                      { 700, 2000 },
                                      { 4000, 1800 } };

static struct {
    struct page_info *ours, *theirs;
    unsigned int order;
} out[MAX_OUT];

static unsigned int draw(unsigned int below)
{
    return (unsigned int)(test_random() % below);
}

static void start(void)
{
    small_machine_heap(machine, ARRAY_SIZE(machine));
    textbook_init(8192);
    for (unsigned int i = 0; i < ARRAY_SIZE(machine); i++)
        textbook_add(machine[i].start, machine[i].nr);
    some_cpus(NR_CPUS);
}

static void give_back(unsigned int i)
{
    if (out[i].ours) {
        free_heap_pages(out[i].ours, out[i].order, TLB_NO_DEBT);
        textbook_free(out[i].theirs, out[i].order);
    }
    out[i].ours = NULL;
}

/* Where free memory lies differs, so one may fail where the other does not; but
 * not for a single frame. */
static void take(unsigned int i)
{
    unsigned int order = draw(4) ? 0 : draw(11);
    struct page_info *ours =
        alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    struct page_info *theirs = textbook_alloc(order, HEAP_NO_LIMIT);

    if (order == 0)
        EXPECT_EQ(ours != NULL, theirs != NULL);
    if (ours && !theirs)
        free_heap_pages(ours, order, TLB_NO_DEBT);
    if (theirs && !ours)
        textbook_free(theirs, order);
    if (!ours || !theirs)
        return;
    heap_clear_entries(ours, order);
    out[i].ours = ours;
    out[i].theirs = theirs;
    out[i].order = order;
}

static void expect_the_same_blocks(void)
{
    heap_drain();
    for (unsigned int order = 0; order <= MAX_ORDER; order++)
        EXPECT_EQ(heap_nr_blocks(order), textbook_nr_blocks(order));
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(textbook_check(), 0);
}

TEST(heap_textbook, both_have_as_much_and_in_the_end_the_same_blocks)
{
    start();
    expect_the_same_blocks();
    for (unsigned int sequence = 0; sequence < 20; sequence++) {
        unsigned int nr_steps = 200 + draw(3000);

        for (unsigned int n = 0; n < nr_steps; n++) {
            unsigned int i = draw(MAX_OUT);

            hosted_set_cpu_id(draw(NR_CPUS));
            if (out[i].ours)
                give_back(i);
            else
                take(i);
            EXPECT_EQ(heap_nr_free(), textbook_nr_free());
        }
        for (unsigned int i = 0; i < MAX_OUT; i++)
            give_back(i);
        hosted_set_cpu_id(0);
        expect_the_same_blocks();
        if (test_nr_failures() > 0)
            return;
    }
}
