/* SPDX-License-Identifier: MIT */
/* heap_check() itself: does it see each thing that can be wrong? */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/frame_table.h>

#include "../../common/magazine.h"
#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define TOP 11U
#define NR  BIT(TOP)
#define FIRST                                                                  \
    (NR / CHUNK_FRAMES) /* its first chunk, and the others' numbers            \
                         */

#define node (&heap_nodes[0])

/* Four chunks. Of the first some frames are out, and the others anybody's; the
 * second is free as a whole, and the two behind it are a block. */
static struct page_info *taken;

static void start(void)
{
    static const struct ram ram[] = { { 0, 3 }, { NR, NR } };

    small_machine(ram, 2);
    heap_add(_mfn(2), 1);
    heap_add(_mfn(NR), NR);
    some_cpus(2);
    taken = alloc_heap_pages(5, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    EXPECT(taken != NULL);
    EXPECT_EQ(page_to_pdx(taken), FIRST * CHUNK_FRAMES);
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(9), 1);
    EXPECT_EQ(heap_nr_blocks(10), 1);
    EXPECT_EQ(heap_check(), 0);
}

/* What is broken after @change, and no longer after @undo. */
#define EXPECT_BROKEN(invariant, change, undo)                                 \
    do {                                                                       \
        EXPECT_EQ(heap_check(), 0);                                            \
        change;                                                                \
        EXPECT_EQ(heap_check(), invariant);                                    \
        undo;                                                                  \
        EXPECT_EQ(heap_check(), 0);                                            \
    } while (0)

#define EXPECT_BROKEN_BY(invariant, place, value)                              \
    do {                                                                       \
        __typeof__(place) before_ = (place);                                   \
        EXPECT_BROKEN(invariant, (place) = (value), (place) = before_);        \
    } while (0)

static void owe(struct page_info *pg, struct tlb_debt debt)
{
    pg->count_info = PGC_state_free | (debt.taint ? PGC_owing : 0);
    pg->free_overlay.tlb_taint = debt.taint;
    pg->free_overlay.tlbflush_timestamp = debt.stamp;
}

/* A frame of the first chunk that is free by its words. */
static struct page_info *free_one(void)
{
    return taken + 300;
}

static struct page_info *cached_one(void)
{
    struct page_info *pg;

    hosted_set_cpu_id(1);
    pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    EXPECT(pg != NULL);
    free_heap_pages(pg, 0, TLB_NO_DEBT);
    hosted_set_cpu_id(0);
    EXPECT_EQ(magazines_times(page_to_pdx(pg)), 1);

    return pg;
}

TEST(heap_verdict, H1_a_frame_is_free_in_two_places)
{
    struct page_info *pg;
    struct chunk *chunk;
    unsigned long at;

    start();
    heap_open((FIRST + 1) * CHUNK_FRAMES, CHUNK_ORDER);
    EXPECT_BROKEN_BY(1, chunk_table[FIRST + 1].free[3], 0x10);
    EXPECT_BROKEN_BY(1, chunk_table[FIRST + 3].free[3], 0x10);
    EXPECT_BROKEN(1, bit_tree_set(&node->whole[DIRTY][0], FIRST + 2),
                  bit_tree_clear(&node->whole[DIRTY][0], FIRST + 2));

    pg = cached_one();
    chunk = &chunk_table[page_to_pdx(pg) / CHUNK_FRAMES];
    at = page_to_pdx(pg) % CHUNK_FRAMES;
    EXPECT_BROKEN(1, chunk->free[at / 64] ^= BIT(at % 64),
                  chunk->free[at / 64] ^= BIT(at % 64));
    EXPECT_BROKEN(
        1, hosted_set_cpu_id(1); magazine_put(magazines_here(), DIRTY, pg);
        hosted_set_cpu_id(0), hosted_set_cpu_id(1);
        magazine_pop(&magazines_here()->magazine[DIRTY]); hosted_set_cpu_id(0));
    EXPECT(strstr(hosted_console(), "H1 is broken at frame") != NULL);
}

TEST(heap_verdict, H1_a_block_that_is_cached_is_whole_too)
{
    struct page_info *pg[2];

    start();
    for (unsigned int i = 0; i < 2; i++)
        pg[i] = alloc_heap_pages(9, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    free_heap_pages(pg[0], 9, TLB_NO_DEBT);
    if (magazines_times(page_to_pdx(pg[0])) == 0)
        return; /* there is too little to have it at hand */
    EXPECT_BROKEN(
        1,
        bit_tree_set(&node->whole[DIRTY][0], page_to_pdx(pg[0]) / CHUNK_FRAMES),
        bit_tree_clear(&node->whole[DIRTY][0],
                       page_to_pdx(pg[0]) / CHUNK_FRAMES));
}

TEST(heap_verdict, H2_a_block_is_not_one)
{
    start();
    heap_open((FIRST + 1) * CHUNK_FRAMES, CHUNK_ORDER);
    EXPECT_BROKEN_BY(2, chunk_table[FIRST + 1].owner, 7);
    EXPECT_BROKEN_BY(2, chunk_table[FIRST + 3].set, 2);
    EXPECT_BROKEN(2, chunk_table[FIRST + 3].is_apart = true,
                  chunk_table[FIRST + 3].is_apart = false);
    EXPECT_BROKEN(2, bit_tree_set(&node->runs[1][3], FIRST + 3),
                  bit_tree_clear(&node->runs[1][3], FIRST + 3));
    EXPECT_BROKEN(2, bit_tree_set(&node->owned, FIRST + 1),
                  bit_tree_clear(&node->owned, FIRST + 1));
    EXPECT_BROKEN(2, bit_tree_set(&node->whole[CLEAN][1], FIRST / 2 + 1),
                  bit_tree_clear(&node->whole[CLEAN][1], FIRST / 2 + 1));
    EXPECT_BROKEN_BY(2, ram_groups[0], ram_groups[0] & ~1UL);
}

TEST(heap_verdict, H3_what_could_merge_has_not)
{
    unsigned long words[CHUNK_WORDS];

    start();
    EXPECT_BROKEN(3, bit_tree_clear(&node->whole[DIRTY][1], FIRST / 2 + 1);
                  bit_tree_set_range(&node->whole[DIRTY][0], FIRST + 2, 2),
                  bit_tree_clear_range(&node->whole[DIRTY][0], FIRST + 2, 2);
                  bit_tree_set(&node->whole[DIRTY][1], FIRST / 2 + 1));

    memcpy(words, chunk_table[FIRST].free, sizeof(words));
    node->nr_available += 32;
    for (unsigned int i = 0; i < 32; i++)
        taken[i].count_info = PGC_state_free;
    memset(chunk_table[FIRST].free, 0xff, sizeof(words));
    EXPECT_EQ(heap_check() / 2, 4 / 2); /* nor is it in a set that is enough */
    bit_tree_clear(&node->runs[chunk_table[FIRST].class][8], FIRST);
    memcpy(chunk_table[FIRST].free, words, sizeof(words));
}

TEST(heap_verdict, H4_a_chunk_is_where_nobody_looks)
{
    struct chunk *chunk;
    struct page_info *pg;
    unsigned long number;

    start();
    chunk = &chunk_table[FIRST];
    EXPECT_EQ(chunk->set, 1 + 8);
    EXPECT_BROKEN_BY(4, chunk->set, 8);
    EXPECT_BROKEN_BY(4, chunk->set, 0);
    EXPECT_BROKEN(4, chunk->class = CLASS_STAYING, chunk->class = CLASS_MOVING);
    EXPECT_BROKEN(4, bit_tree_set(&node->runs[0][0], FIRST),
                  bit_tree_clear(&node->runs[0][0], FIRST));
    EXPECT_BROKEN(4, bit_tree_set(&node->owned, FIRST),
                  bit_tree_clear(&node->owned, FIRST));
    EXPECT_BROKEN_BY(4, chunk->owner, 1);

    /* In the set of too short a run. */
    EXPECT_BROKEN(
        4, bit_tree_clear(&node->runs[chunk->class][8], FIRST);
        bit_tree_set(&node->runs[chunk->class][7], FIRST);
        chunk->set = 8, bit_tree_clear(&node->runs[chunk->class][7], FIRST);
        bit_tree_set(&node->runs[chunk->class][8], FIRST); chunk->set = 9);

    pg = cached_one();
    number = page_to_pdx(pg) / CHUNK_FRAMES;
    EXPECT(chunk_table[number].owner != NO_OWNER);
    EXPECT_BROKEN(4, bit_tree_clear(&node->owned, number),
                  bit_tree_set(&node->owned, number));
    EXPECT_BROKEN(4, bit_tree_set(&node->runs[0][0], number);
                  chunk_table[number].set = 1,
                  bit_tree_clear(&node->runs[0][0], number);
                  chunk_table[number].set = 0);
}

TEST(heap_verdict, H5_the_sums_are_wrong)
{
    start();
    EXPECT_EQ(heap_nr_free(), NR + 1 - 32);
    EXPECT_BROKEN_BY(5, node->nr_available, node->nr_available - 1);
    EXPECT_BROKEN_BY(5, node->nr_available, node->nr_available + 1);
    EXPECT_BROKEN_BY(5, node->nr_frames, heap_nr_free() - 1);
    cached_one();
    EXPECT_BROKEN_BY(5, node->nr_frames, heap_nr_free() - 1);
}

TEST(heap_verdict, H6_an_entry_does_not_say_that_its_frame_is_free)
{
    struct page_info *pg;
    cpumask_t who = { { 0 } };
    struct tlb_debt debt;

    start();
    for (unsigned int i = 0; i < 2; i++) {
        pg = i == 0 ? free_one() : cached_one();
        EXPECT_BROKEN_BY(6, pg->count_info, 0);
        EXPECT_BROKEN_BY(6, pg->count_info, PGC_state_free | 1);
        EXPECT_BROKEN_BY(6, pg->list.next, 3);
        EXPECT_BROKEN_BY(6, pg->list.prev, 3);
    }

    /* A debt that the chunk does not know of. */
    cpumask_set(&who, 1);
    debt = tlb_debt_now(&who);
    EXPECT(!tlb_debt_is_paid(debt));
    pg = free_one();
    EXPECT(magazines_times(page_to_pdx(pg)) == 0);
    EXPECT_BROKEN(6, owe(pg, debt), owe(pg, TLB_NO_DEBT));
    EXPECT_BROKEN_BY(6, pg->count_info, PGC_state_free | PGC_owing);
}

TEST(heap_verdict, H7_frame_0_is_free)
{
    struct page_info *pg;

    start();
    pg = mfn_to_page(_mfn(0));
    EXPECT_BROKEN(7, pg->count_info = PGC_state_free; node->nr_available++;
                  chunk_table[0].free[0] |= 1, pg->count_info = 0;
                  node->nr_available--; chunk_table[0].free[0] ^= 1);
}

TEST(heap_verdict, H8_what_is_clean_owes)
{
    struct page_info *pg;
    unsigned long at;

    start();
    /* A block of zeroes, by its bits. */
    bit_tree_clear(&node->whole[DIRTY][0], FIRST + 1);
    bit_tree_set(&node->whole[CLEAN][0], FIRST + 1);
    EXPECT_EQ(heap_check(), 8); /* its chunk is not */
    bit_tree_set(&node->clean, FIRST + 1);
    EXPECT_BROKEN(8, bit_tree_set(&node->owing, FIRST + 1),
                  bit_tree_clear(&node->owing, FIRST + 1));

    pg = free_one();
    at = page_to_pdx(pg) % CHUNK_FRAMES;
    chunk_table[FIRST].dirty[at / 64] &= ~BIT(at % 64);
    EXPECT_BROKEN(8, owe(pg, (struct tlb_debt){ 2, 0 }), owe(pg, TLB_NO_DEBT));
    EXPECT_BROKEN_BY(8, pg->free_overlay.tlbflush_timestamp, 2);
}
