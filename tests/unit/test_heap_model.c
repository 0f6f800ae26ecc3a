/* SPDX-License-Identifier: MIT */
/* Random use of the heap, by CPUs in turn, against an oracle that counts frame
 * by frame. */
#include <hosted.h>
#include <test.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>

#include <asm/contents.h>

#include "../model/apart.h"
#include "../model/naive_heap.h"
#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define NR_STEPS   120U
#define MAX_OUT    64U
#define NR_CPUS    3U
#define MAX_STREAM 20U

/* Ragged ends, holes, every tier, neighbours across group and tier, and chunks
 * that can be whole, up to a block of order 11. */
static const struct ram machine[] = {
    { 0, 19 },
    { 33, 31 },
    { 4096 - 37, 1700 },
    { 4 * FRAMES_PER_GROUP - 32, 32 },
    { BIT(20) - 65, 193 },
    { BIT(20) + 5 * FRAMES_PER_GROUP - 700, 3000 },
};

#define NR_RANGES ARRAY_SIZE(machine)

struct out {
    struct page_info *pg;
    unsigned int order;
};

static struct out out[MAX_OUT];
static struct heap_stream stream;
static unsigned long nr_given;

/* Nobody has anything at hand, and whoever comes next finds it so. */
static bool is_settled;

static unsigned int draw(unsigned int below)
{
    return (unsigned int)(test_random() % below);
}

static void give(unsigned long start, unsigned long nr)
{
    heap_add(_mfn(start), nr);
    if (start == 0) {
        start++;
        nr--;
    }
    EXPECT(naive_heap_free(start, nr));
    nr_given += nr;
}

/* Do the heap and the oracle have the same blocks, when all is in blocks? */
static void expect_agreement(void)
{
    unsigned long expected[NR_ORDERS];
    struct heap_statistics s;

    EXPECT_EQ(heap_check(), 0);
    heap_statistics(&s);
    EXPECT_EQ(s.nr_free, naive_heap_nr_free());
    heap_drain();
    is_settled = true;
    EXPECT_EQ(heap_check(), 0);
    heap_statistics(&s);
    naive_heap_blocks(expected);
    for (unsigned int o = 0; o <= MAX_ORDER; o++)
        EXPECT_EQ(s.nr_blocks[o], expected[o]);
    EXPECT_EQ(s.nr_free, naive_heap_nr_free());
    EXPECT_EQ(s.nr_cached, 0);
    EXPECT_EQ(s.nr_frames, nr_given);
}

static paddr_t random_limit(void)
{
    const struct ram *range = &machine[draw(NR_RANGES)];
    paddr_t limit = (range->start + draw((unsigned int)range->nr + 1))
                    << PAGE_SHIFT;

    switch (draw(4)) {
    case 0: return limit;
    case 1: return limit - 1;
    default: return HEAP_NO_LIMIT;
    }
}

/* The first and the last word of a frame. */
static uint64_t *word_of(const struct page_info *pg, unsigned int i)
{
    return (uint64_t *)frame_contents(page_to_mfn(pg)) + i * 511;
}

/* Each frame has @before at both ends (~0: whatever), and then the PDX. */
static void mark(struct page_info *pg, unsigned int order, bool is_zero)
{
    for (unsigned long i = 0; i < BIT(order); i++)
        for (unsigned int k = 0; k < 2; k++) {
            if (is_zero)
                EXPECT_EQ(*word_of(pg + i, k), 0);
            *word_of(pg + i, k) = page_to_pdx(pg + i) << 1 | 1;
        }
}

static void expect_marks(struct page_info *pg, unsigned int order)
{
    for (unsigned long i = 0; i < BIT(order); i++)
        for (unsigned int k = 0; k < 2; k++)
            EXPECT_EQ(*word_of(pg + i, k), page_to_pdx(pg + i) << 1 | 1);
}

/* What every block that is handed out is, wherever it comes from. */
static void check_block(struct page_info *pg, unsigned int order,
                        unsigned int flags)
{
    unsigned long start = mfn_x(page_to_mfn(pg));

    EXPECT(IS_ALIGNED(start, BIT(order)));
    EXPECT(naive_heap_take(start, BIT(order)));
    for (unsigned long i = 0; i < BIT(order) && order < CHUNK_ORDER; i++)
        EXPECT(page_info_is_zero(pg + i));
    EXPECT(page_info_is_zero(pg));
    heap_clear_entries(pg, order);
    mark(pg, order, !(flags & HEAP_NO_SCRUB));
}

static void check_failure(unsigned int order)
{
    struct heap_statistics s;

    if (order > MAX_ORDER)
        return;
    heap_statistics(&s);
    EXPECT_EQ(s.nr_cached, 0);
    is_settled = true;
}

/* It fails only if there is nothing; where nothing is at hand it is served
 * from the best tier. */
static void take(struct out *o)
{
    unsigned int flags = draw(3) ? HEAP_NO_SCRUB : 0, tier = 0;
    paddr_t limit = random_limit();
    bool was_settled = is_settled;

    flags |= draw(4) ? 0 : HEAP_LONG_LIVED;
    o->order = draw(draw(4) == 0 ? NR_ORDERS + 1 : 6);
    is_settled = false;
    o->pg = alloc_heap_pages(o->order, limit, flags, NULL);
    if (!naive_heap_find(o->order, limit, &tier)) {
        EXPECT(o->pg == NULL);
        check_failure(o->order);
        return;
    }
    REQUIRE(o->pg != NULL);
    EXPECT(mfn_to_maddr(page_to_mfn(o->pg)) + (PAGE_SIZE << o->order) <= limit);
    if (was_settled)
        EXPECT_EQ(naive_heap_tier(mfn_x(page_to_mfn(o->pg))), tier);
    check_block(o->pg, o->order, flags);
}

/* Single frames, one for each place that is free. */
static void take_stream(void)
{
    struct page_info *page[MAX_STREAM];
    unsigned int flags = draw(2) ? HEAP_NO_SCRUB : 0, want = 0, got;
    struct tlb_debt debt = TLB_NO_DEBT;

    for (unsigned int i = 0; i < MAX_OUT; i++)
        want += !out[i].pg;
    want = want > 0 ? 1 + draw(want < MAX_STREAM ? want : MAX_STREAM) : 0;
    got = alloc_heap_stream(&stream, HEAP_NO_LIMIT, flags, page, want, &debt);
    EXPECT_EQ(got, want < naive_heap_nr_free() ? want : naive_heap_nr_free());
    for (unsigned int i = 0; got > 0; i++) {
        if (out[i].pg)
            continue;
        out[i] = (struct out){ page[--got], 0 };
        check_block(out[i].pg, 0, flags);
    }
    is_settled = false;
}

/* As a whole, or the half that lies higher. */
static void give_back(struct out *o)
{
    struct page_info *pg = o->pg;
    unsigned int order = o->order;

    if (order > 0 && draw(3) == 0) {
        o->order = --order;
        pg += BIT(order);
    } else {
        o->pg = NULL;
    }
    expect_marks(pg, order);
    free_heap_pages(pg, order, TLB_NO_DEBT);
    EXPECT(naive_heap_free(mfn_x(page_to_mfn(pg)), BIT(order)));
    is_settled = false;
}

static void give_all_back(void)
{
    for (unsigned int i = 0; i < MAX_OUT; i++)
        while (out[i].pg)
            give_back(&out[i]);
}

/* Give every range, in any order and in pieces of any size. */
static void seed_heap(void)
{
    unsigned long from[NR_RANGES] = { 0 };
    unsigned int nr_left = NR_RANGES;

    hosted_arena_init();
    small_machine(machine, NR_RANGES);
    some_cpus(NR_CPUS);
    for (unsigned int i = 0; i < NR_RANGES; i++)
        naive_heap_window(machine[i].start, machine[i].nr);
    while (nr_left > 0) {
        unsigned int i = draw(NR_RANGES);
        unsigned long nr = machine[i].nr - from[i];

        if (nr == 0)
            continue;
        nr = 1 + draw((unsigned int)nr);
        give(machine[i].start + from[i], nr);
        from[i] += nr;
        nr_left -= from[i] == machine[i].nr;
    }
}

/* Some CPU does something. */
static void step(void)
{
    struct out *o = &out[draw(MAX_OUT)];

    hosted_set_cpu_id(draw(NR_CPUS));
    switch (draw(32)) {
    case 0:
        heap_drain();
        is_settled = true;
        break;
    case 1: heap_leave(); break;
    case 2: take_stream(); break;
    case 3: heap_stream_end(&stream); break;
    default:
        if (o->pg)
            give_back(o);
        else
            take(o);
    }
    hosted_set_cpu_id(0);
}

static void random_sequence(void)
{
    unsigned long before[NR_ORDERS], after[NR_ORDERS];

    seed_heap();
    expect_agreement();
    naive_heap_blocks(before);
    for (unsigned int i = 0; i < NR_STEPS && test_nr_failures() == 0; i++) {
        step();
        EXPECT_EQ(heap_nr_free(), naive_heap_nr_free());
        if (draw(4) == 0)
            EXPECT_EQ(heap_check(), 0);
        if (draw(40) == 0)
            expect_agreement();
    }
    expect_agreement();
    give_all_back();
    expect_agreement();
    naive_heap_blocks(after);
    for (unsigned int order = 0; order <= MAX_ORDER; order++)
        EXPECT_EQ(after[order], before[order]);
}

TEST(heap_model, random_use_agrees_with_the_model)
{
    run_apart(random_sequence, 300);
}

/* One machine, many sequences: each begins where the last one ended. */
TEST(heap_model, thousands_of_sequences_leave_the_shape_as_it_was)
{
    unsigned long before[NR_ORDERS];

    seed_heap();
    naive_heap_blocks(before);
    for (unsigned int sequence = 0; sequence < 2000; sequence++) {
        struct heap_statistics s;

        for (unsigned int i = 0; i < 12; i++)
            step();
        give_all_back();
        heap_drain();
        heap_statistics(&s);
        for (unsigned int order = 0; order <= MAX_ORDER; order++)
            EXPECT_EQ(s.nr_blocks[order], before[order]);
        if (test_nr_failures() > 0)
            return;
    }
    expect_agreement();
}
