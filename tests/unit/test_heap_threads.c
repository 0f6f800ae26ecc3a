/* SPDX-License-Identifier: MIT */
/* Several CPUs at the heap at once: no frame is two CPUs', none gets lost. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <hosted.h>
#include <test.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>

#include "../model/small_machine.h"

#define NR_THREADS 4U
#define NR_ROUNDS  8000U
#define NR_HELD    16U
#define FIRST      BIT(12)
#define NR         BIT(12)

/* Who has the frame; plain, so that two at once are a race for TSan too. */
static unsigned int user[NR];

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

static void give_back(struct page_info *pg, unsigned int order, unsigned int me)
{
    use(pg, order, me, 0);
    free_heap_pages(pg, order, TLB_NO_DEBT);
}

static void *allocate_and_free(void *cpu)
{
    struct page_info *held[NR_HELD] = { NULL };
    unsigned int order[NR_HELD], me = (unsigned int)(uintptr_t)cpu + 1;
    unsigned int random = me;

    hosted_set_cpu_id(me - 1);
    for (unsigned int round = 0; round < NR_ROUNDS; round++) {
        unsigned int i;

        random = random * 1664525 + 1013904223;
        i = random >> 16 & (NR_HELD - 1);
        if (held[i]) {
            give_back(held[i], order[i], me);
            held[i] = NULL;
            continue;
        }
        order[i] = random >> 24 & 7;
        held[i] = alloc_heap_pages(order[i], HEAP_NO_LIMIT, NULL);
        if (held[i])
            use(held[i], order[i], 0, me);
        if (round % 1000 == 0 && heap_check())
            abort();
    }
    for (unsigned int i = 0; i < NR_HELD; i++)
        if (held[i])
            give_back(held[i], order[i], me);

    return NULL;
}

TEST(heap_threads, each_frame_is_one_cpus_and_all_come_back)
{
    static const struct ram ram[] = { { FIRST, NR } };
    pthread_t thread[NR_THREADS];

    small_machine_heap(ram, 1);
    for (uintptr_t i = 0; i < NR_THREADS; i++)
        EXPECT_EQ(
            pthread_create(&thread[i], NULL, allocate_and_free, (void *)i), 0);
    for (unsigned int i = 0; i < NR_THREADS; i++)
        pthread_join(thread[i], NULL);
    EXPECT_EQ(heap_nr_blocks(12), 1);
    EXPECT_EQ(heap_nr_free(), NR);
    EXPECT_EQ(heap_check(), 0);
}

/*
 * While one CPU looks through a block that it gives back, another gives back
 * the first frame of it. To have it happen just then, each time: the last
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
    free_heap_pages(shared, 0, TLB_NO_DEBT);
    hosted_set_cpu_id(0);
}

static void free_by_two(void)
{
    if (signal(SIGSEGV, be_the_other_cpu) == SIG_ERR)
        abort();
    protect_last_entries(PROT_NONE);
    free_heap_pages(shared, 12, TLB_NO_DEBT);
}

TEST(heap_threads, two_cpus_that_give_back_one_frame_are_a_bug)
{
    static const struct ram ram[] = { { FIRST, NR } };

    small_machine_heap(ram, 1);
    shared = alloc_heap_pages(12, HEAP_NO_LIMIT, NULL);
    REQUIRE(shared != NULL);
    last_entries = (void *)((uintptr_t)(shared + NR - 1) & PAGE_MASK);
    EXPECT_BUG(free_by_two());
}
