/* SPDX-License-Identifier: MIT */
/* What the heap says that it has, against a count of frame by frame. */
#include <test.h>
#include <xen/claim.h>
#include <xen/frame_table.h>
#include <xen/heap_statistics.h>
#include <xen/numa.h>
#include <xen/offline.h>

#include "../model/fake_nodes.h"
#include "../model/pv_machine.h"
#include "../model/small_machine.h"
#include "../model/some_cpus.h"

/* RAM on both sides of the borders of tiers, and of two nodes; the second has
 * some on both sides of a hole. */
#define AT_16M (16UL << 20 >> PAGE_SHIFT)
#define AT_4G  (4UL << 30 >> PAGE_SHIFT)
#define NR_RAM 3U

static const struct ram ram[NR_RAM] = {
    { 0, AT_16M + 2048 },
    { AT_16M + 4096, 1000 },
    { AT_4G - 1024, 2048 },
};
static const struct fake_node node[] = {
    { 0, AT_16M + 1024, 7 },
    { AT_16M + 1024, AT_4G, 3 },
};

static void machine(void)
{
    small_machine(ram, NR_RAM);
    fake_nodes(small_machine_map(ram, NR_RAM), node, ARRAY_SIZE(node));
    EXPECT_EQ(nr_nodes, 2);
    srat_add_cpu(fake_srat(), 1, 3);
    numa_set_cpu(1, 1);
    for (unsigned int i = 0; i < NR_RAM; i++)
        heap_add(_mfn(ram[i].start), ram[i].nr);
    some_cpus(2);
}

static enum heap_tier tier_of(unsigned long mfn)
{
    return mfn < AT_16M  ? TIER_BELOW_16M
           : mfn < AT_4G ? TIER_BELOW_4G
                         : TIER_ABOVE_4G;
}

/* What is counted one by one; the chunk is judged at its first frame. */
static void count_chunk(struct heap_node_statistics *s, unsigned long mfn)
{
    int longest = -1;

    for (unsigned long i = 0; i < CHUNK_FRAMES; i++) {
        unsigned int order;

        if (!mfn_eq(heap_block_of(_mfn(mfn + i), &order), INVALID_MFN) &&
            (int)order > longest)
            longest = (int)order;
    }
    if (longest >= (int)CHUNK_ORDER)
        s->nr_whole++;
    else if (longest >= 0)
        s->nr_broken[longest]++;
}

static void count_frame(struct heap_node_statistics *s, unsigned long mfn)
{
    unsigned int order;
    mfn_t head;

    if (mfn % CHUNK_FRAMES == 0)
        count_chunk(s, mfn);
    s->nr_frames += mfn > 0;
    head = heap_block_of(_mfn(mfn), &order);
    if (mfn_eq(head, INVALID_MFN))
        return;
    s->nr_free++;
    if (mfn_x(head) == mfn)
        s->nr_blocks[tier_of(mfn)][order]++;
}

/* Of a node, or of all with NODE_NONE. */
static struct heap_node_statistics count(unsigned int which)
{
    struct heap_node_statistics s = { 0 };

    for (unsigned int i = 0; i < NR_RAM; i++)
        for (unsigned long n = 0; n < ram[i].nr; n++)
            if (which == NODE_NONE ||
                node_of_pdx(mfn_to_pdx(_mfn(ram[i].start + n))) == which)
                count_frame(&s, ram[i].start + n);

    return s;
}

/* A chunk that a CPU takes from is counted apart from others like it. */
static void move_owned(struct heap_node_statistics *s, unsigned int which)
{
    for (unsigned int cpu = 0; cpu < 2; cpu++) {
        struct heap_node_statistics chunk = { 0 };
        struct heap_cpu_statistics c;

        if (!heap_cpu_statistics(cpu, &c) || mfn_eq(c.chunk, INVALID_MFN) ||
            (which != NODE_NONE && which != c.node))
            continue;
        count_chunk(&chunk, mfn_x(c.chunk));
        s->nr_owned++;
        for (unsigned int run = 0; run < CHUNK_ORDER; run++)
            s->nr_broken[run] -= chunk.nr_broken[run];
    }
}

static void expect_same(const struct heap_node_statistics *got,
                        const struct heap_node_statistics *expected)
{
    EXPECT_EQ(got->nr_frames, expected->nr_frames);
    EXPECT_EQ(got->nr_free, expected->nr_free);
    EXPECT_EQ(got->nr_whole, expected->nr_whole);
    EXPECT_EQ(got->nr_owned, expected->nr_owned);
    for (unsigned int run = 0; run < CHUNK_ORDER; run++)
        EXPECT_EQ(got->nr_broken[run], expected->nr_broken[run]);
    for (unsigned int tier = 0; tier < NR_TIERS; tier++)
        for (unsigned int order = 0; order < NR_ORDERS; order++)
            EXPECT_EQ(got->nr_blocks[tier][order],
                      expected->nr_blocks[tier][order]);
}

/* Each free frame is counted once; and so is each that is of no use. */
static void expect_index(const struct heap_node_statistics *s)
{
    unsigned long sum = s->nr_cached;

    for (unsigned int tier = 0; tier < NR_TIERS; tier++)
        sum += heap_tier_free(s, tier);
    EXPECT_EQ(sum, s->nr_free);
    for (unsigned int order = 0; order < NR_ORDERS; order++) {
        unsigned long useless = order > 0 ? s->nr_cached : 0;

        for (unsigned int tier = 0; tier < NR_TIERS; tier++)
            for (unsigned int o = 0; o < order; o++)
                useless += s->nr_blocks[tier][o] * BIT(o);
        EXPECT_EQ(heap_fragmentation(s, order), useless * 1000 / s->nr_free);
    }
}

/* No CPU has anything but a chunk. */
static void expect_as_counted(void)
{
    struct heap_node_statistics s, expected;

    heap_drain();
    for (unsigned int which = 0; which < 2; which++) {
        heap_node_statistics(which, &s);
        expected = count(which);
        move_owned(&expected, which);
        expect_same(&s, &expected);
        EXPECT_EQ(s.nr_cached, 0);
        expect_index(&s);
    }
    heap_sum_statistics(&s);
    expected = count(NODE_NONE);
    move_owned(&expected, NODE_NONE);
    expect_same(&s, &expected);
    EXPECT_EQ(heap_nr_free(), s.nr_free);
}

TEST(heap_statistics, all_is_counted_by_node_tier_and_order)
{
    struct heap_node_statistics s;

    machine();
    expect_as_counted();
    heap_node_statistics(0, &s);
    EXPECT_EQ(s.nr_frames, AT_16M + 1024 - 1);
    EXPECT_EQ(heap_tier_free(&s, TIER_BELOW_16M), AT_16M - 1);
    EXPECT_EQ(heap_tier_free(&s, TIER_BELOW_4G), 1024);
    EXPECT_EQ(heap_tier_free(&s, TIER_ABOVE_4G), 0);
    heap_node_statistics(1, &s);
    EXPECT_EQ(heap_tier_free(&s, TIER_BELOW_4G), 1024 + 1000 + 1024);
    EXPECT_EQ(heap_tier_free(&s, TIER_ABOVE_4G), 1024);
    EXPECT_EQ(s.nr_dirty, s.nr_free);
}

/* What a random load leaves, with either CPU at it. */
#define NR_HELD 64U

struct held {
    struct page_info *pg;
    unsigned int order;
};

static void step(struct held *held, unsigned int random)
{
    struct held *one = &held[random % NR_HELD];

    if (one->pg) {
        free_heap_pages(one->pg, one->order, TLB_NO_DEBT);
        one->pg = NULL;
        return;
    }
    one->order = random >> 8 & 1 ? 0 : (random >> 16) % 11;
    one->pg = alloc_heap_pages(one->order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
}

TEST(heap_statistics, they_are_what_a_slow_count_finds)
{
    static struct held held[NR_HELD];
    struct heap_node_statistics s;

    machine();
    for (unsigned int round = 0; round < 40; round++) {
        for (unsigned int i = 0; i < 200; i++)
            AS_CPU(test_random() & 1, step(held, (unsigned int)test_random()));
        heap_sum_statistics(&s);
        EXPECT_EQ(s.nr_free, count(NODE_NONE).nr_free);
        EXPECT_EQ(s.nr_free, heap_nr_free());
        expect_index(&s);
        if (round % 8 == 7)
            expect_as_counted();
    }
}

/* Where little is free there is nothing to divide by. */
TEST(heap_statistics, the_index_of_nothing_is_0)
{
    struct heap_node_statistics s = { 0 };

    for (unsigned int order = 0; order < NR_ORDERS; order++)
        EXPECT_EQ(heap_fragmentation(&s, order), 0);
}

TEST(heap_statistics, what_a_cpu_has_is_told_by_kind)
{
    struct heap_node_statistics s;
    struct heap_cpu_statistics c;
    struct page_info *pg;

    machine();
    EXPECT(!heap_cpu_statistics(1, &c));
    AS_CPU(1, pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL));
    REQUIRE(heap_cpu_statistics(1, &c));
    EXPECT_EQ(c.node, 1);
    EXPECT_EQ(mfn_x(c.chunk), mfn_x(page_to_mfn(pg)) & ~(CHUNK_FRAMES - 1));
    heap_node_statistics(1, &s);
    EXPECT_EQ(s.nr_cached, c.nr_clean + c.nr_dirty);
    EXPECT_EQ(c.nr_clean, 0);
    EXPECT(c.nr_dirty > 0);
    EXPECT_EQ(s.nr_owned, 1);

    AS_CPU(1, free_heap_pages(pg, 0, TLB_NO_DEBT));
    AS_CPU(1, heap_leave());
    EXPECT(!heap_cpu_statistics(1, &c));
}

/* All of a chunk is free, but somebody's to take from. */
TEST(heap_statistics, a_chunk_that_has_an_owner_is_counted_too)
{
    struct heap_stream stream = { 0 };
    struct tlb_debt debt = TLB_NO_DEBT;
    struct heap_node_statistics s;
    struct page_info *pg;

    machine();
    AS_CPU(1, EXPECT_EQ(alloc_heap_stream(&stream, HEAP_NO_LIMIT, HEAP_NO_SCRUB,
                                          &pg, 1, &debt),
                        1));
    free_heap_pages(pg, 0, TLB_NO_DEBT); /* not near to this CPU */
    heap_node_statistics(1, &s);
    EXPECT_EQ(s.nr_owned, 1);
    expect_index(&s);
    heap_stream_end(&stream);
    heap_node_statistics(1, &s);
    EXPECT_EQ(s.nr_owned, 0);
    expect_index(&s);
}

TEST(heap_statistics, what_left_and_what_was_promised_is_counted)
{
    const struct claim claim = { 0, 100 };
    struct heap_node_statistics before, after;
    struct domain *d;

    pv_machine(1);
    d = pv_domain(1, 1);
    heap_node_statistics(0, &before);
    EXPECT_EQ(claim_pages(d, &claim, 1), 0);
    EXPECT_EQ(offline_page(_mfn(PV_SPARE_FRAME + 3), false), OFFLINE_DONE);
    heap_node_statistics(0, &after);
    EXPECT_EQ(after.nr_claimed, 100);
    EXPECT_EQ(after.nr_offline, 1);
    EXPECT_EQ(after.nr_free, before.nr_free - 1);
    EXPECT_EQ(after.nr_frames, before.nr_frames);
}
