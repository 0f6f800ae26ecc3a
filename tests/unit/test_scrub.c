/* SPDX-License-Identifier: MIT */
/* CPUs that idle make free memory zero: by whom, when, and who waits for it. */
#include <soft_tlb.h>
#include <xen/background.h>

#include "../../common/heap_node.h"
#include "../model/fake_nodes.h"
#include "beside_scrubber.h"
#include "scrubbed.h"

TEST(scrub, idle_cpus_make_all_that_is_free_zero)
{
    start(1);
    EXPECT_EQ(nr_dirty(), NR);
    scrub_all();
    EXPECT_EQ(nr_dirty(), 0);
    EXPECT_EQ(scrub_nr_done(), NR);
    EXPECT(is_zero(frame(0), TOP));
    EXPECT_EQ(heap_nr_blocks(TOP), 1);
    EXPECT_EQ(heap_nr_free(), NR);
    EXPECT(!scrub_step());
}

TEST(scrub, a_step_is_a_few_frames)
{
    bool more = true;

    start(1);
    while (more) {
        unsigned long before = scrub_nr_done();

        more = scrub_step();
        EXPECT(scrub_nr_done() - before <= SCRUB_STEP);
        EXPECT_EQ(heap_check(), 0);
        EXPECT_EQ(heap_nr_free(), NR);
    }
}

/* Frames of a chunk that is somebody's are scrubbed where they are. */
TEST(scrub, chunks_that_are_taken_apart_are_scrubbed_too)
{
    struct page_info *pg[100];

    start(2);
    for (unsigned int i = 0; i < 100; i++)
        pg[i] = take(0, HEAP_NO_SCRUB);
    for (unsigned int i = 0; i < 100; i += 2)
        free_heap_pages(pg[i], 0, TLB_NO_DEBT);
    heap_drain();
    EXPECT(nr_dirty() > 0);
    AS_CPU(1, scrub_all());
    EXPECT_EQ(nr_dirty(), 0);
    for (unsigned int i = 0; i < 100; i += 2)
        EXPECT(is_zero(pg[i], 0));

    /* And again, as more come: by whichever way. */
    for (unsigned int i = 1; i < 100; i += 2)
        free_heap_pages(pg[i], 0, TLB_NO_DEBT);
    heap_drain();
    AS_CPU(1, scrub_all());
    EXPECT_EQ(nr_dirty(), 0);
    EXPECT_EQ(heap_nr_blocks(TOP), 1);
}

TEST(scrub, what_is_without_contents_is_left_alone)
{
    static const struct ram ram[] = { { NR, NR },
                                      { CONTENTS_LIMIT >> PAGE_SHIFT, 1024 } };

    hosted_arena_init();
    small_machine_heap(ram, 2);
    scrub_all();
    EXPECT_EQ(nr_dirty(), 1024);
    EXPECT_EQ(heap_nr_free(), NR + 1024);
}

/* Three nodes, CPU 0 in the first, CPU 1 in the second. */
static void start_nodes(void)
{
    static const struct ram ram[] = { { 2 * NR, 3 * NR } };
    static const struct fake_node node[] = { { 0, 3 * NR, 0 },
                                             { 3 * NR, NR, 1 },
                                             { 4 * NR, NR, 2 } };

    hosted_arena_init();
    small_machine(ram, 1);
    fake_nodes(small_machine_map(ram, 1), node, 3);
    heap_add(_mfn(2 * NR), 3 * NR);
    some_cpus(2);
    srat_add_cpu(fake_srat(), 1, 1);
    numa_set_cpu(1, 1);
}

static bool is_clean(unsigned int node)
{
    return heap_nodes[node].end > 0 &&
           bit_tree_has_range(
               &heap_nodes[node].clean,
               node_index(&heap_nodes[node], (2 + node) * NR / CHUNK_FRAMES),
               PARTS);
}

TEST(scrub, a_cpu_scrubs_its_node_and_those_without_cpus)
{
    start_nodes();
    REQUIRE(nr_nodes == 3);
    REQUIRE(node_of_cpu(0) == 0 && node_of_cpu(1) == 1);
    scrub_all();
    EXPECT(is_clean(0));
    EXPECT(!is_clean(1));
    EXPECT(is_clean(2));
    AS_CPU(1, scrub_all());
    EXPECT(is_clean(1));
    EXPECT_EQ(nr_dirty(), 0);
}

/* An old translation leads to the frame until the flush: whoever used it could
 * write there so long, so there are no zeroes yet. */
static const struct page_info *watched;
static unsigned int nr_flushes;

static void look_at_contents(void)
{
    EXPECT(!is_zero(watched, 0));
    nr_flushes++;
}

TEST(scrub, what_is_owed_is_paid_first)
{
    static const unsigned int orders[] = { 0, 3, CHUNK_ORDER };

    start(3);
    for (unsigned int i = 0; i < ARRAY_SIZE(orders); i++) {
        struct page_info *pg = take(orders[i], HEAP_NO_SCRUB);
        struct translation t = { 0, true, 0 };
        cpumask_t who = { { 0 } };

        cpumask_set(&who, 2);
        AS_CPU(2, soft_tlb_fill(0, 0, t));
        free_heap_pages(pg, orders[i], tlb_debt_now(&who));
        heap_drain();
        EXPECT(soft_tlb_find(2, 0, 0) != NULL);
        soil(pg, orders[i]);
        watched = pg;
        soft_tlb_walker(look_at_contents);
        AS_CPU(1, scrub_all());
        soft_tlb_walker(NULL);
        EXPECT_EQ(nr_flushes, i + 1);
        EXPECT(soft_tlb_find(2, 0, 0) == NULL);
        EXPECT_EQ(nr_dirty(), 0);
        EXPECT(take(TOP, 0) == frame(0));
        give(frame(0), TOP, true);
    }
}

/* With the scrubber in the middle of a chunk, all there is can be had. */
static void take_all_after(unsigned int nr_steps, unsigned int order)
{
    static struct page_info *all[NR];
    unsigned long i = 0, done;

    for (unsigned int n = 0; n < nr_steps; n++)
        AS_CPU(1, scrub_step());
    while (i < NR && (all[i] = take(order, HEAP_NO_SCRUB)))
        i++;
    EXPECT_EQ(i << order, NR);
    done = scrub_nr_done();
    AS_CPU(1, scrub_all());
    EXPECT_EQ(scrub_nr_done(), done);
    while (i-- > 0)
        free_heap_pages(all[i], order, TLB_NO_DEBT);
    heap_drain();
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(nr_dirty(), NR);
}

TEST(scrub, nobody_goes_without_because_of_it)
{
    start(2);
    for (unsigned int nr_steps = 1; nr_steps < 40; nr_steps += 3)
        for (unsigned int order = 0; order <= TOP; order++)
            take_all_after(nr_steps, order);
    scrub_all();
    EXPECT_EQ(nr_dirty(), 0);
}

/* CPU 0 wants all that there is, while CPU 1 has some of it and waits for CPU 2
 * to flush: a whole block, or a run of a chunk that nobody owns. */
static unsigned int order_of_all;

static void take_all_there_is(void)
{
    struct page_info *pg = take(order_of_all, HEAP_NO_SCRUB);

    EXPECT(pg != NULL);
    if (pg)
        free_heap_pages(pg, order_of_all, tlb_debt_now(NULL));
}

static void take_all_beside_it(unsigned int order)
{
    struct page_info *pg = take(order, HEAP_NO_SCRUB);

    order_of_all = order;
    for (unsigned int i = 0; i < 300 && test_nr_failures() == 0; i++) {
        free_heap_pages(pg, order, tlb_debt_now(NULL));
        beside_scrubber(take_all_there_is);
        EXPECT_EQ(heap_check(), 0);
        pg = take(order, HEAP_NO_SCRUB);
        REQUIRE(pg != NULL);
    }
}

TEST(scrub, who_finds_too_little_waits_for_the_step)
{
    start(1);
    smp_set_nr_cpus(3);
    take_all_beside_it(TOP);
}

TEST(scrub, nor_does_he_overlook_the_last_run)
{
    start(1);
    smp_set_nr_cpus(3);
    for (unsigned int i = 0; i < PARTS - 1; i++)
        EXPECT(take(CHUNK_ORDER, HEAP_NO_SCRUB) != NULL);
    EXPECT(take(CHUNK_ORDER - 1, HEAP_NO_SCRUB) != NULL);
    take_all_beside_it(CHUNK_ORDER - 1);
}

TEST(scrub, eager_gives_back_zeroes)
{
    scrub_set_mode(SCRUB_EAGER);
    start(2);
    scrub_all();
    for (unsigned int order = 0; order <= TOP; order++) {
        struct page_info *pg = take(order, 0);
        cpumask_t who = { { 0 } };

        REQUIRE(pg != NULL);
        soil(pg, order);
        free_heap_pages(pg, order, TLB_NO_DEBT);
        EXPECT(is_zero(pg, order));
        heap_drain();
        EXPECT_EQ(nr_dirty(), 0);
        EXPECT_EQ(heap_check(), 0);

        /* But for what a CPU may still see: that is left to idle CPUs. */
        pg = take(order, 0);
        soil(pg, order);
        cpumask_set(&who, 1);
        free_heap_pages(pg, order, tlb_debt_now(&who));
        EXPECT(!is_zero(pg, order));
        heap_drain();
        scrub_all();
        EXPECT_EQ(nr_dirty(), 0);
    }
}

TEST(scrub, off_leaves_it_to_who_takes)
{
    scrub_set_mode(SCRUB_OFF);
    start(1);
    scrub_start();
    while (background_step())
        ;
    EXPECT_EQ(nr_dirty(), NR);
    EXPECT(is_zero(take(TOP, 0), TOP));
}

TEST(scrub, a_pause_lets_nobody_begin)
{
    start(2);
    scrub_step();
    scrub_step();
    scrub_pause();
    scrub_pause();
    AS_CPU(1, EXPECT(!scrub_step()));
    scrub_go_on();
    AS_CPU(1, EXPECT(!scrub_step()));
    scrub_go_on();
    AS_CPU(1, EXPECT(scrub_step()));
}
