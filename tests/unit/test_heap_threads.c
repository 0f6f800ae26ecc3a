/* SPDX-License-Identifier: MIT */
/* Several CPUs at the heap at once: no frame is two CPUs', none gets lost. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cpu_threads.h>
#include <hosted.h>
#include <test.h>
#include <xen/arch.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>

#include <asm/processor.h>

#include "../model/small_machine.h"

#define NR_THREADS 3U
#define NR_ROUNDS  30000U
#define NR_HELD    16U
#define TOP        11U
#define FIRST      BIT(12)
#define NR         BIT(TOP)

struct block {
    struct page_info *pg;
    unsigned int order;
};

/* Who has the frame; plain, so that two at once are a race for TSan too. */
static unsigned int user[NR];

/* A block on its way from one CPU to the next, which gives it back. */
static struct page_info *passed[NR_THREADS];

static void use(struct page_info *pg, unsigned int order, unsigned int from,
                unsigned int to)
{
    unsigned long start = mfn_x(page_to_mfn(pg)) - FIRST;

    for (unsigned long i = 0; i < BIT(order); i++) {
        if (user[start + i] != from)
            abort(); /* somebody else has it */
        user[start + i] = to;
    }
}

static void give_back(struct block *block, unsigned int me)
{
    use(block->pg, block->order, me, 0);
    free_heap_pages(block->pg, block->order, TLB_NO_DEBT);
    block->pg = NULL;
}

static void take(struct block *block, unsigned int random, unsigned int me)
{
    block->order = random & 15;
    if (block->order > 9)
        block->order = 0;
    block->pg = alloc_heap_pages(
        block->order, HEAP_NO_LIMIT,
        HEAP_NO_SCRUB | (random & 16 ? HEAP_LONG_LIVED : 0), NULL);
    if (block->pg)
        use(block->pg, block->order, 0, me);
}

/* Leave a frame to the next CPU, and give back what the one before has left. */
static void pass_on(unsigned int me)
{
    unsigned int before = (me + NR_THREADS - 1) % NR_THREADS;
    struct block block = { .order = 0 };

    block.pg = __atomic_exchange_n(&passed[before], NULL, __ATOMIC_ACQUIRE);
    if (block.pg)
        give_back(&block, before + 1);
    if (__atomic_load_n(&passed[me], __ATOMIC_RELAXED))
        return;
    take(&block, 0, me + 1);
    if (block.pg)
        __atomic_store_n(&passed[me], block.pg, __ATOMIC_RELEASE);
}

static void step(struct block *held, unsigned int random, unsigned int me)
{
    struct block *block = &held[random >> 16 & (NR_HELD - 1)];

    switch (random >> 24 & 31) {
    case 0: heap_drain(); break;
    case 1 ... 6: pass_on(me); break;
    default:
        if (block->pg)
            give_back(block, me + 1);
        else
            take(block, random >> 8, me + 1);
    }
}

static void allocate_and_free(void)
{
    struct block held[NR_HELD] = { { NULL, 0 } };
    unsigned int me = arch_cpu_id(), random = me + 1;

    for (unsigned int round = 0; round < NR_ROUNDS; round++) {
        random = random * 1664525 + 1013904223;
        step(held, random, me);
        smp_answer();
    }
    for (unsigned int i = 0; i < NR_HELD; i++)
        if (held[i].pg)
            give_back(&held[i], me + 1);
}

TEST(heap_threads, each_frame_is_one_cpus_and_all_come_back)
{
    static const struct ram ram[] = { { FIRST, NR } };

    small_machine_heap(ram, 1);
    cpu_threads_run(NR_THREADS, allocate_and_free);
    for (unsigned int i = 0; i < NR_THREADS; i++)
        if (passed[i])
            give_back(&(struct block){ passed[i], 0 }, i + 1);
    EXPECT_EQ(heap_nr_free(), NR);
    EXPECT_EQ(heap_check(), 0);
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(TOP), 1);
    EXPECT_EQ(heap_check(), 0);
}

/*
 * While one CPU looks through a block that it gives back, another gives back
 * the last frame of it. To have it happen just then, each time: the last
 * entries cannot be read, and the other CPU is the handler of the signal.
 */
static struct page_info *shared;
static void *last_entries;

static void protect_last_entries(int protection)
{
    if (mprotect(last_entries, PAGE_SIZE, protection))
        abort();
}

static void be_the_other_cpu(int signal_number)
{
    (void)signal_number;
    protect_last_entries(PROT_READ | PROT_WRITE);
    hosted_set_cpu_id(1);
    free_heap_pages(shared + BIT(8) - 1, 0, TLB_NO_DEBT);
    hosted_set_cpu_id(0);
}

static void free_by_two(void)
{
    if (signal(SIGSEGV, be_the_other_cpu) == SIG_ERR)
        abort();
    protect_last_entries(PROT_NONE);
    free_heap_pages(shared, 8, TLB_NO_DEBT);
}

TEST(heap_threads, two_cpus_that_give_back_one_frame_are_a_bug)
{
    static const struct ram ram[] = { { FIRST, NR } };

    small_machine_heap(ram, 1);
    shared = alloc_heap_pages(8, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(shared != NULL);
    last_entries = (void *)((uintptr_t)(shared + BIT(8) - 1) & PAGE_MASK);
    EXPECT(last_entries > (void *)shared);
    EXPECT_BUG(free_by_two());
}

/* Both have looked before either has written: then each has it at hand. When
 * the second gives it to the heap, that is noticed. */
TEST(heap_threads, nor_can_two_have_it_at_hand_for_long)
{
    static const struct ram ram[] = { { FIRST, NR } };

    small_machine_heap(ram, 1);
    shared = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(shared != NULL);
    /* So that the sum does not tell. */
    EXPECT(alloc_heap_pages(3, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL) != NULL);
    hosted_set_cpu_id(1);
    free_heap_pages(shared, 0, TLB_NO_DEBT);
    hosted_set_cpu_id(0);
    shared->count_info = 0;
    free_heap_pages(shared, 0, TLB_NO_DEBT);
    EXPECT_EQ(heap_check(), 1);
    heap_leave();
    hosted_set_cpu_id(1);
    EXPECT_BUG(heap_leave());
}
