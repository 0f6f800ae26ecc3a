/* SPDX-License-Identifier: MIT */
/* What stops the hypervisor, and what is explained. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hosted.h>
#include <test.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>

#include "../model/small_machine.h"

#define GROUP FRAMES_PER_GROUP
#define TOP   10U
#define NR    BIT(TOP)

/* A limit that leaves the last frame out. */
#define BELOW_THE_LAST ((2 * NR - 1) * PAGE_SIZE)

static const struct ram ram[] = { { NR, NR }, { 4 * GROUP - 16, 16 } };

/* Blocks that are out, of each order from 0 on, and their buddies. All but the
 * last two frames; so that nothing is left over, the large ones first. */
static struct page_info *out[TOP], *buddy[TOP];

static void heap_in_use(void)
{
    small_machine(ram, 2);
    heap_add(_mfn(NR), NR);
    for (unsigned int order = TOP - 1; order-- > 0;) {
        out[order] =
            alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
        buddy[order] =
            alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
        EXPECT(out[order] != NULL && buddy[order] == out[order] + BIT(order));
    }
}

/* Give back, and have all CPUs look at what they have: then everything that is
 * wrong must have been noticed. */
static void free_and_drain(struct page_info *pg, unsigned int order)
{
    free_heap_pages(pg, order, TLB_NO_DEBT);
    heap_drain();
}

TEST(heap_misuse, a_block_given_back_twice_is_a_bug)
{
    heap_in_use();
    for (unsigned int order = 0; order < TOP - 1; order++) {
        free_heap_pages(out[order], order, TLB_NO_DEBT);
        EXPECT_BUG(free_heap_pages(out[order], order, TLB_NO_DEBT));
        free_heap_pages(buddy[order], order,
                        TLB_NO_DEBT); /* it merges: other heads */
        EXPECT_BUG(free_heap_pages(out[order], order, TLB_NO_DEBT));
        EXPECT_BUG(free_heap_pages(buddy[order], order, TLB_NO_DEBT));
    }
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_misuse, a_part_of_a_free_block_given_back_is_a_bug)
{
    heap_in_use();
    free_heap_pages(out[8], 8, TLB_NO_DEBT);
    for (unsigned int order = 0; order <= 8; order++)
        for (unsigned long i = 0; i < 256; i += BIT(order) * 17)
            EXPECT_BUG(free_heap_pages(out[8] + i, order, TLB_NO_DEBT));
}

TEST(heap_misuse, a_block_with_a_free_part_given_back_is_a_bug)
{
    heap_in_use();
    for (unsigned int order = 1; order < 9; order++) {
        free_heap_pages(out[order] + BIT(order) - 1, 0, TLB_NO_DEBT);
        EXPECT_BUG(free_heap_pages(out[order], order, TLB_NO_DEBT));
        EXPECT_BUG(free_heap_pages(out[order] + BIT(order - 1), order - 1,
                                   TLB_NO_DEBT));
    }
    EXPECT_BUG(free_and_drain(out[8], 9)); /* longer than it was */
}

/* Of large blocks entries say nothing; but words and sets of chunks do. */
TEST(heap_misuse, a_large_block_given_back_twice_is_a_bug)
{
    static const struct ram large[] = { { 4 * NR, 4 * NR } };
    struct page_info *pg;

    small_machine_heap(large, 1);
    EXPECT(alloc_heap_pages(11, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL) != NULL);
    for (unsigned int order = 9; order <= 11; order++) {
        pg = alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
        REQUIRE(pg != NULL);
        heap_clear_entries(pg, order);
        free_heap_pages(pg, order, TLB_NO_DEBT);
        EXPECT_BUG(free_and_drain(pg, order));
        for (unsigned int part = 0; part < order; part++)
            for (unsigned long i = 0; i < BIT(order); i += BIT(part) * 17)
                EXPECT_BUG(free_and_drain(pg + i, part));
        EXPECT_BUG(free_and_drain(pg, order + 1));
        heap_drain();
        EXPECT_BUG(free_and_drain(pg, order));
        EXPECT_BUG(free_and_drain(pg + 5, 0));
    }
    EXPECT_EQ(heap_check(), 0);
}

static void free_part_then_all(struct page_info *pg, unsigned int order,
                               unsigned int part)
{
    free_and_drain(pg + BIT(order) - BIT(part), part);
    free_and_drain(pg, order);
}

TEST(heap_misuse, a_large_block_with_a_free_part_given_back_is_a_bug)
{
    static const struct ram large[] = { { 4 * NR, 4 * NR } };
    struct page_info *pg;

    if (!CONFIG_DEBUG) /* only then are all parts looked at */
        return;
    small_machine_heap(large, 1);
    /* So that the sum does not tell. */
    EXPECT(alloc_heap_pages(11, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL) != NULL);
    for (unsigned int order = 9; order <= 11; order++) {
        pg = alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
        REQUIRE(pg != NULL);
        heap_clear_entries(pg, order);
        for (unsigned int part = 0; part < order; part++)
            EXPECT_BUG(free_part_then_all(pg, order, part));
        free_heap_pages(pg, order, TLB_NO_DEBT);
    }
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_misuse, a_block_that_there_cannot_be_is_a_bug)
{
    static const unsigned int order[] = { 21, 31, 32, 63, 64, ~0U };

    heap_in_use();
    for (unsigned int i = 0; i < ARRAY_SIZE(order); i++)
        EXPECT_BUG(free_heap_pages(out[0], order[i], TLB_NO_DEBT));
    for (unsigned int o = 1; o < 8; o++)
        for (unsigned int i = 0; i < o; i++)
            EXPECT_BUG(free_heap_pages(out[8] + BIT(i), o, TLB_NO_DEBT));

    EXPECT_BUG(free_heap_pages(NULL, 0, TLB_NO_DEBT));
    EXPECT_BUG(free_heap_pages(frame_table - 1, 0, TLB_NO_DEBT));
    if (CONFIG_DEBUG) /* or else it is a fault */
        EXPECT_BUG(free_heap_pages(pdx_to_page(2 * GROUP), 0, TLB_NO_DEBT));
    EXPECT_BUG(free_heap_pages(pdx_to_page(nr_pdxs), 0, TLB_NO_DEBT));
    EXPECT_BUG(free_heap_pages(pdx_to_page(nr_pdxs) + BIT(30), 0, TLB_NO_DEBT));
    EXPECT_BUG(free_heap_pages((struct page_info *)((char *)out[0] + 16), 0,
                               TLB_NO_DEBT));
    EXPECT_BUG(
        free_heap_pages(pdx_to_page(0), highest_bit(2 * GROUP), TLB_NO_DEBT));
}

TEST(heap_misuse, a_frame_that_is_still_somebodys_given_back_is_a_bug)
{
    heap_in_use();
    for (unsigned int i = 0; i < sizeof(struct page_info); i += 4) {
        uint32_t *word = (uint32_t *)((char *)out[3] + i);

        *word = 1;
        EXPECT_BUG(free_heap_pages(out[3], 3, TLB_NO_DEBT));
        *word = 0;
        word = (uint32_t *)((char *)(out[3] + 7) + i);
        *word = 1;
        EXPECT_BUG(free_heap_pages(out[3], 3, TLB_NO_DEBT));
        *word = 0;
    }
    free_heap_pages(out[3], 3, TLB_NO_DEBT);
}

/* Where nothing ever was the heap's, that is known; among frames that were, of
 * one that was not, only the sum tells. */
TEST(heap_misuse, a_frame_too_many_is_a_bug)
{
    struct page_info *pg;

    small_machine(ram, 2);
    heap_add(_mfn(NR), NR - 64);
    for (unsigned int order = 0; order <= 4; order++)
        EXPECT_BUG(free_and_drain(mfn_to_page(_mfn(4 * GROUP - 16)), order));
    pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(pg != NULL);
    free_heap_pages(pg, 0, TLB_NO_DEBT);
    for (unsigned int order = 0; order <= 6; order++)
        EXPECT_BUG(free_and_drain(mfn_to_page(_mfn(2 * NR - 64)), order));
    if (CONFIG_DEBUG) /* or else it is a fault */
        EXPECT_BUG(free_and_drain(mfn_to_page(_mfn(4 * GROUP - 16)), 4));
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_misuse, memory_that_cannot_be_added_is_a_bug)
{
    small_machine(ram, 2);
    heap_add(_mfn(NR), NR);
    EXPECT_BUG(heap_add(_mfn(NR), NR));
    EXPECT_BUG(heap_add(_mfn(NR + 17), 1));
    EXPECT_BUG(heap_add(_mfn(4 * GROUP), 1));
    EXPECT_BUG(heap_add(_mfn(4 * GROUP - 1), 2));
    EXPECT_BUG(heap_add(INVALID_MFN, 1));
    frame_table_open(_mfn(4 * GROUP - 16));
    mfn_to_page(_mfn(4 * GROUP - 16))->count_info = 1;
    EXPECT_BUG(heap_add(_mfn(4 * GROUP - 16), 1));
}

/* What the console says before free_heap_pages(@pg, @order, TLB_NO_DEBT) stops.
 */
static const char *last_words(struct page_info *pg, unsigned int order)
{
    static char text[4096];
    size_t size = 0;
    ssize_t got;
    int end[2];

    if (pipe(end))
        return "";
    if (test_fork() == 0) {
        dup2(end[1], STDOUT_FILENO);
        hosted_console_show(true);
        free_heap_pages(pg, order, TLB_NO_DEBT);
        _exit(0);
    }
    close(end[1]);
    while ((got = read(end[0], text + size, sizeof(text) - 1 - size)) > 0)
        size += (size_t)got;
    text[size] = '\0';
    wait(NULL);

    return text;
}

static void expect_words(struct page_info *pg, unsigned int order,
                         const char *expected)
{
    const char *words = last_words(pg, order);
    char frame[64];

    if (!strstr(words, expected))
        test_fail(__FILE__, __LINE__, "no '%s' in: %s", expected, words);
    snprintf(frame, sizeof(frame), "order %u", order);
    EXPECT(strstr(words, frame) != NULL);
}

TEST(heap_misuse, last_words_name_the_frame_and_what_is_wrong)
{
    char frame[64];

    heap_in_use();
    free_heap_pages(out[4] + 6, 1, TLB_NO_DEBT);
    snprintf(frame, sizeof(frame), "frame %#lx (address %#lx)",
             mfn_x(page_to_mfn(out[4])), mfn_to_maddr(page_to_mfn(out[4])));
    expect_words(out[4], 4, frame);
    snprintf(frame, sizeof(frame), "frame %#lx is free already",
             mfn_x(page_to_mfn(out[4])) + 6);
    expect_words(out[4], 4, frame);
    expect_words(out[4] + 6, 1, "is free already");
    expect_words(out[4] + 7, 0, "is free already");
    if (CONFIG_DEBUG)
        expect_words(out[4] + 7, 0, "was last given back by");

    expect_words(out[4], 64, "cannot start a block of that order");
    expect_words(frame_table - 1, 0, "is not in the frame table");
    expect_words(out[4] + 1, 1, "is not aligned to the order");
    expect_words(pdx_to_page(0), highest_bit(2 * GROUP), "that are not RAM");
    out[3]->count_info = PGC_allocated | 1;
    expect_words(out[3], 3, "count_info 0x8000000000000001");
    expect_words(out[3], 3, "has a count, a type, an owner or a link");
}

TEST(heap_misuse, frame_0_given_back_is_a_bug)
{
    static const struct ram low[] = { { 0, NR } };

    small_machine(low, 1);
    heap_add(_mfn(0), NR);
    EXPECT(alloc_heap_pages(3, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL) != NULL);
    for (unsigned int order = 0; order < 3; order++)
        EXPECT_BUG(free_heap_pages(mfn_to_page(_mfn(0)), order, TLB_NO_DEBT));
    expect_words(mfn_to_page(_mfn(0)), 0, "frame 0 is never the heap's");
}

static __noinline void free_here(struct page_info *pg, unsigned int order)
{
    free_heap_pages(pg, order, TLB_NO_DEBT);
    __asm__ volatile("" ::: "memory"); /* no tail call: we are the caller */
}

TEST(heap_misuse, who_gave_a_frame_back_is_remembered)
{
    mfn_t mfn;

    heap_in_use();
    mfn = page_to_mfn(out[2]);
    EXPECT_EQ(heap_last_free(mfn), 0);
    free_here(out[2], 2);
    for (unsigned long i = 0; i < 4; i++) {
        uintptr_t caller = heap_last_free(mfn_add(mfn, i));

        if (CONFIG_DEBUG)
            EXPECT(caller - (uintptr_t)free_here < 256);
        else
            EXPECT_EQ(caller, 0);
    }
    EXPECT_EQ(heap_last_free(mfn_add(mfn, 4)), 0);
    EXPECT_EQ(heap_last_free(_mfn(mfn_x(mfn) - 1)), 0);
    EXPECT_EQ(heap_last_free(INVALID_MFN), 0);

    /* Forgotten after so many others. */
    for (unsigned int i = 0; i < HEAP_HISTORY; i++) {
        EXPECT_EQ(heap_last_free(mfn) != 0, CONFIG_DEBUG);
        free_heap_pages(out[0], 0, TLB_NO_DEBT);
        out[0] = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    }
    EXPECT_EQ(heap_last_free(mfn), 0);
}

/* How often "heap: no block" is on the console. */
static unsigned int nr_explanations(void)
{
    unsigned int nr = 0;
    const char *text = hosted_console();

    while ((text = strstr(text, "heap: no block")) != NULL) {
        text++;
        nr++;
    }

    return nr;
}

TEST(heap_misuse, a_failure_says_what_there_is)
{
    heap_in_use();
    free_heap_pages(out[3], 3, TLB_NO_DEBT);
    free_heap_pages(out[2], 2, TLB_NO_DEBT);
    EXPECT(alloc_heap_pages(4, BELOW_THE_LAST, HEAP_NO_SCRUB, NULL) == NULL);
    EXPECT(strstr(hosted_console(),
                  "no block of order 4 below 0x7ff000, failure 1; "
                  "free: 14 of 1024 frames, below the limit 13, largest "
                  "block there of order 3") != NULL);

    EXPECT(alloc_heap_pages(0, NR * PAGE_SIZE, HEAP_NO_SCRUB, NULL) == NULL);
    EXPECT(strstr(hosted_console(), "below the limit 0, largest block there "
                                    "none") != NULL);
}

/* The limit cuts the one block below it; in blocks that do not end there the
 * last one counts for what it has. */
TEST(heap_misuse, a_failure_counts_what_is_below_the_limit)
{
    heap_in_use();
    free_heap_pages(out[8], 8, TLB_NO_DEBT);
    EXPECT(alloc_heap_pages(8,
                            mfn_to_maddr(page_to_mfn(out[8])) + 13 * PAGE_SIZE,
                            HEAP_NO_SCRUB, NULL) == NULL);
    EXPECT(strstr(hosted_console(), "below the limit 13, largest block there "
                                    "of order 3") != NULL);
}

/* A guest can have requests fail as often as it likes. */
TEST(heap_misuse, failures_are_told_ever_more_rarely)
{
    heap_in_use();
    for (unsigned int i = 1; i <= 4096; i++) {
        EXPECT(alloc_heap_pages(i % 2 ? 64 : 4, HEAP_NO_LIMIT, HEAP_NO_SCRUB,
                                NULL) == NULL);
        EXPECT_EQ(nr_explanations(), i <= 16 ? i : highest_bit(i) + 12);
    }
}
