/* SPDX-License-Identifier: MIT */
/* Which of free memory is clean, whatever became of it; and that it is zero. */
#include <simulation.h>

#include "../../common/heap_contents.h"
#include "scrubbed.h"

/* To scrub it, and to take it and give it back. */
#define STEPS_A_CHUNK (CHUNK_FRAMES / SCRUB_STEP + 2)

/* Nobody takes a chunk that is clean: that is seen by the number of steps. */
static void expect_steps(unsigned int nr_dirty_chunks)
{
    static unsigned int in_vain; /* to see that nothing is dirty */
    unsigned int nr = scrub_all();

    if (nr_dirty_chunks == 0)
        in_vain = nr;
    EXPECT_EQ(nr, in_vain + nr_dirty_chunks * STEPS_A_CHUNK);
}

/* What is clean stays as it is, in whichever chunks of a block it lies. */
static void expect_chunks(unsigned int dirty)
{
    struct page_info *pg = take(TOP, HEAP_NO_SCRUB);
    unsigned long before;

    REQUIRE(pg != NULL);
    heap_clear_entries(pg, TOP);
    for (unsigned int i = 0; i < PARTS; i++)
        give(pg + i * CHUNK_FRAMES, CHUNK_ORDER, dirty >> i & 1);
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(TOP), 1);
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(nr_dirty(), count_bits(dirty) * CHUNK_FRAMES);

    before = scrub_nr_done();
    expect_steps(count_bits(dirty));
    EXPECT_EQ(scrub_nr_done() - before, count_bits(dirty) * CHUNK_FRAMES);
    EXPECT_EQ(nr_dirty(), 0);
    EXPECT_EQ(heap_nr_blocks(TOP), 1);
    EXPECT(is_zero(frame(0), TOP));
}

/* As it is; and split down to each order, and taken for zeroes. */
static void expect_zeroes(unsigned int dirty, unsigned int order)
{
    struct page_info *pg = take(TOP, HEAP_NO_SCRUB);
    static struct page_info *part[PARTS];
    unsigned int nr = 0;

    REQUIRE(pg != NULL);
    heap_clear_entries(pg, TOP);
    for (unsigned int i = 0; i < PARTS; i++)
        give(pg + i * CHUNK_FRAMES, CHUNK_ORDER, dirty >> i & 1);
    heap_drain();
    while (nr < PARTS && (part[nr] = take(order, 0)) != NULL) {
        EXPECT(is_zero(part[nr], order));
        EXPECT_EQ(heap_check(), 0);
        nr++;
    }
    EXPECT_EQ(nr << order, NR);
    while (nr-- > 0)
        give(part[nr], order, true);
    heap_drain();
}

TEST(scrub_contents, blocks_merge_and_split_whatever_of_them_is_clean)
{
    start(1);
    for (unsigned int dirty = 0; dirty < BIT(PARTS); dirty++) {
        expect_chunks(dirty);
        for (unsigned int order = CHUNK_ORDER; order <= TOP; order++)
            expect_zeroes(dirty, order);
    }
}

/* The same of two halves of a run within a chunk. */
static void expect_halves(unsigned int order, bool left, bool right)
{
    struct page_info *pg = take(order + 1, HEAP_NO_SCRUB), *both;
    unsigned long before = nr_dirty();

    REQUIRE(pg != NULL);
    give(pg, order, left);
    give(pg + BIT(order), order, right);
    heap_drain();
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(nr_dirty() - before, ((unsigned long)left + right) << order);

    both = take(order + 1, 0);
    REQUIRE(both != NULL);
    EXPECT(is_zero(both, order + 1));
    give(both, order + 1, false);
}

TEST(scrub_contents, runs_merge_and_split_whatever_of_them_is_clean)
{
    struct page_info *pin;

    start(1);
    scrub_all();
    pin = take(0, 0); /* so that its chunk stays apart */
    for (unsigned int order = 0; order < CHUNK_ORDER - 1; order++)
        for (unsigned int dirty = 0; dirty < 4; dirty++)
            expect_halves(order, dirty & 1, dirty & 2);
    give(pin, 0, false);
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(TOP), 1);
    EXPECT_EQ(nr_dirty(), 0);
}

/* Of a run one frame is dirty, so that alone is written to: another, which is
 * said to be clean, but in truth is not, remains so. That is a bug, if looked
 * for. */
TEST(scrub_contents, who_takes_memory_scrubs_what_of_it_is_dirty)
{
    struct page_info *pg;

    start(1);
    scrub_all();
    pg = take(6, 0);
    REQUIRE(pg != NULL && take(6, 0) != NULL); /* it is not to be whole */
    for (unsigned int i = 0; i < 64; i++)
        give(pg + i, 0, i == 5);
    heap_drain();
    soil(pg + 4, 0);
    if (CONFIG_DEBUG) {
        EXPECT_BUG(take(6, 0));
        return;
    }
    EXPECT(take(6, 0) == pg);
    EXPECT(!is_zero(pg + 4, 0));
    EXPECT(is_zero(pg + 5, 0));
}

/* The same of a block: of four chunks one is dirty. */
TEST(scrub_contents, who_takes_a_block_scrubs_those_chunks_that_are_dirty)
{
    struct page_info *pg;

    start(1);
    scrub_all();
    pg = take(TOP, 0);
    REQUIRE(pg != NULL);
    heap_clear_entries(pg, TOP);
    for (unsigned int i = 0; i < PARTS; i++)
        give(pg + i * CHUNK_FRAMES, CHUNK_ORDER, i == 2);
    heap_drain();
    soil(frame(CHUNK_FRAMES), 0);
    if (CONFIG_DEBUG) {
        EXPECT_BUG(take(TOP, 0));
        return;
    }
    EXPECT(take(TOP, 0) == pg);
    EXPECT(!is_zero(pg + CHUNK_FRAMES, 0));
    EXPECT(is_zero(pg + 2UL * CHUNK_FRAMES, CHUNK_ORDER));
}

/* A chunk does not know what became of what was taken from it clean. */
TEST(scrub_contents, who_takes_a_small_block_at_hand_scrubs_all_of_it)
{
    start(1);
    scrub_all();
    for (unsigned int order = 1; order <= 3; order++) {
        struct page_info *pg = take(order, 0);

        REQUIRE(pg != NULL);
        give(pg, order, true);
        EXPECT(take(order, 0) == pg);
        EXPECT(is_zero(pg, order));
    }
}

/* A model of the contents: what each block was filled with. CPUs take and give
 * back, by all ways, and idle at times. */
#define NR_HELD 48U

static struct held {
    struct page_info *pg;
    unsigned int order;
    uint64_t with;
} held[NR_HELD];

static void take_one(struct held *h, uint64_t random)
{
    unsigned int flags = random & 1 ? (unsigned int)HEAP_NO_SCRUB : 0U;

    h->order = (unsigned int)(random >> 8) % 16;
    if (h->order > 10)
        h->order = 0;
    if (random & 2)
        flags |= HEAP_LONG_LIVED;
    h->pg = take(h->order, flags);
    if (!h->pg)
        return;
    if (!(flags & HEAP_NO_SCRUB))
        EXPECT(is_zero(h->pg, h->order));
    h->with = random | 1;
    for (unsigned long i = 0; i < BIT(h->order); i++)
        *(uint64_t *)frame_contents(page_to_mfn(h->pg + i)) = h->with;
}

/* Nobody else may have written there: the scrubber not either. */
static void give_one(struct held *h, uint64_t random)
{
    cpumask_t who = { { 0 } };

    for (unsigned long i = 0; i < BIT(h->order); i++)
        EXPECT_EQ(*(uint64_t *)frame_contents(page_to_mfn(h->pg + i)), h->with);
    cpumask_set(&who, random >> 4 & 1);
    change_mode(random & 4 ? SCRUB_IDLE : SCRUB_EAGER);
    free_heap_pages(h->pg, h->order,
                    random & 8 ? TLB_NO_DEBT : tlb_debt_now(&who));
    change_mode(SCRUB_IDLE);
    h->pg = NULL;
}

static void take_stream(uint64_t random)
{
    static struct heap_stream stream;
    struct page_info *page[40];
    struct tlb_debt debt = TLB_NO_DEBT;
    unsigned int nr =
        alloc_heap_stream(&stream, HEAP_NO_LIMIT, 0, page, 40, &debt);

    for (unsigned int i = 0; i < nr; i++) {
        EXPECT(is_zero(page[i], 0));
        soil(page[i], 0);
        free_heap_pages(page[i], 0, TLB_NO_DEBT);
    }
    if (random & 1)
        heap_stream_end(&stream);
}

static void one_step(uint64_t random)
{
    struct held *h = &held[(random >> 20) % NR_HELD];

    switch (random >> 40 & 31) {
    case 0: heap_drain(); break;
    case 1: take_stream(random); break;
    case 2 ... 17: scrub_step(); break;
    default:
        if (h->pg)
            give_one(h, random);
        else
            take_one(h, random);
    }
}

TEST(scrub_contents, at_random_all_that_is_handed_out_is_zero)
{
    start(3);
    for (unsigned int step = 0; step < 60000 && !test_nr_failures(); step++) {
        uint64_t random = test_random();

        AS_CPU((unsigned int)(random >> 50) % 3, one_step(random));
        if (step % 64 == 0)
            EXPECT_EQ(heap_check(), 0);
    }
    for (unsigned int i = 0; i < NR_HELD; i++)
        if (held[i].pg)
            give_one(&held[i], 0);
    heap_drain();
    scrub_all();
    EXPECT_EQ(nr_dirty(), 0);
    EXPECT_EQ(heap_nr_free(), NR);
}

/* By simulation: CPUs come between at each interrupt and each lock. */
static void use_or_scrub(void)
{
    unsigned int cpu = arch_cpu_id();

    if (cpu > 0)
        smp_join();
    for (unsigned int i = 0; i < 12; i++) {
        struct held h = { NULL, 0, 0 };
        uint64_t random = test_random();

        simulation_point();
        if (cpu == 2) {
            scrub_step();
            continue;
        }
        take_one(&h, random & ~(uint64_t)1);
        simulation_point();
        if (h.pg)
            give_one(&h, random >> 3);
        if (random % 8 == 0)
            heap_drain();
    }
    heap_leave();
    if (cpu > 0)
        smp_leave();
}

static unsigned int draw(unsigned int nr)
{
    return (unsigned int)(test_random() >> 32) % nr;
}

TEST(scrub_contents, beside_others_nothing_is_lost_or_left_dirty)
{
    start(1);
    smp_set_nr_cpus(3);
    for (unsigned int i = 0; i < 400 && test_nr_failures() == 0; i++) {
        simulation_run(3, use_or_scrub, draw);
        heap_drain();
        EXPECT_EQ(heap_check(), 0);
        EXPECT_EQ(heap_nr_free(), NR);
    }
}

TEST(scrub_contents, what_is_not_zero_is_found_wherever_in_its_frame_it_is)
{
    uint64_t *word;

    start(1);
    scrub_all();
    word = frame_contents(_mfn(NR));
    EXPECT_EQ(contents_first_dirt(NR), PAGE_SIZE);
    for (unsigned long i = PAGE_SIZE / 8; i-- > 0;) {
        word[i] = i == PAGE_SIZE / 16 ? 1UL << 63 : 1;
        EXPECT_EQ(contents_first_dirt(NR), i * 8);
        /* Of those behind it some are there, some are not. */
        word[i] = i % 3 == 0;
        if (i % 64 == 0)
            contents_clear(mfn_to_page(_mfn(NR)), 1);
    }
    EXPECT_EQ(contents_first_dirt(NR), PAGE_SIZE);
}

TEST(scrub_contents, debug_builds_stop_at_a_clean_frame_that_is_not)
{
    uint64_t *word;

    if (!CONFIG_DEBUG)
        return;
    start(1);
    scrub_all();
    word = frame_contents(_mfn(NR));
    for (unsigned int i = 0; i < PAGE_SIZE / 8; i += 511) {
        word[i] = 1;
        EXPECT_EQ(heap_check(), 15);
        EXPECT_BUG(take(TOP, 0));
        EXPECT_BUG(take(CHUNK_ORDER, 0));
        for (unsigned int order = 0; order < CHUNK_ORDER; order++) {
            unsigned long n = (NR >> order) / PARTS;

            EXPECT_BUG(while (take(order, 0) && n-- > 0););
        }
        word[i] = 0;
    }
    EXPECT_EQ(heap_check(), 0);
}

TEST(scrub_contents, debug_builds_poison_what_is_given_back)
{
    const uint64_t *word;

    if (!CONFIG_DEBUG)
        return;
    start(1);
    for (unsigned int order = 0; order < CHUNK_ORDER; order++) {
        struct page_info *pg = take(order, 0);

        REQUIRE(pg != NULL);
        free_heap_pages(pg, order, TLB_NO_DEBT);
        word = frame_contents(page_to_mfn(pg));
        for (unsigned long i = 0; i < (PAGE_SIZE << order) / 8; i++)
            EXPECT_EQ(word[i], i % (PAGE_SIZE / 8) ? POISON : POISON_FIRST);
    }
}
