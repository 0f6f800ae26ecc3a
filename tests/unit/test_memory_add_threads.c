/* SPDX-License-Identifier: MIT */
/*
 * Real threads as CPUs: one plugs memory in, piece by piece, and the others
 * take and give back meanwhile, below where memory ended when they asked. The
 * thread sanitizer looks on.
 */
#include <pthread.h>

#include <xen/smp.h>

#include <asm/processor.h>

#include "../model/some_cpus.h"
#include "plugged_machine.h"

#define NR_THREADS 3U
#define PIECE      (32 * MIB)
#define NR_PIECES  64U

/* Where memory ends; 0: that was all. Atomic. */
static paddr_t memory_end = RAM_END;
static unsigned long nr_above;

static paddr_t end_now(void)
{
    return __atomic_load_n(&memory_end, __ATOMIC_ACQUIRE);
}

static void take_and_give(unsigned int order, paddr_t limit)
{
    struct page_info *pg = alloc_heap_pages(order, limit, HEAP_NO_SCRUB, NULL);

    if (!pg)
        return;
    if (mfn_to_maddr(mfn_add(page_to_mfn(pg), BIT(order))) > limit)
        __atomic_fetch_add(&nr_above, 1, __ATOMIC_RELAXED);
    free_heap_pages(pg, order, TLB_NO_DEBT);
}

static void *use_memory(void *number)
{
    unsigned int i = (unsigned int)(unsigned long)number;
    paddr_t limit;

    hosted_set_cpu_id(i);
    while ((limit = end_now()) > 0)
        take_and_give(i == 1 ? 10 : 0, limit);

    return NULL;
}

TEST(memory_add_threads, nobody_gets_what_was_added_above_his_limit)
{
    pthread_t thread[NR_THREADS];

    start_machine(1);
    for (unsigned long i = 1; i < NR_THREADS; i++)
        REQUIRE(pthread_create(&thread[i], NULL, use_memory, (void *)i) == 0);
    for (unsigned int i = 0; i < NR_PIECES; i++) {
        paddr_t start = ROOM_START + i * PIECE;

        EXPECT_EQ(memory_add(map, start, start + PIECE, NODE_NONE), 0);
        take_and_give(10, start + PIECE);
        __atomic_store_n(&memory_end, start + PIECE, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&memory_end, 0, __ATOMIC_RELEASE);
    for (unsigned int i = 1; i < NR_THREADS; i++)
        pthread_join(thread[i], NULL);
    EXPECT_EQ(nr_above, 0);
    expect_sound();
}

static struct page_info *got;
static bool is_done; /* atomic */

static void *ask_below_the_end(void *data)
{
    (void)data;
    hosted_set_cpu_id(1);
    got = alloc_heap_pages(10, RAM_END, HEAP_NO_SCRUB, NULL);
    __atomic_store_n(&is_done, true, __ATOMIC_RELEASE);

    return NULL;
}

/* He asked when all memory was below his limit, and waits for what CPU 0 has at
 * hand. It plugs memory in before it answers. */
TEST(memory_add_threads, nor_does_who_waits_while_it_joins)
{
    unsigned long before;
    struct page_info *pg;
    pthread_t thread;

    start_machine(1);
    some_cpus(2);
    while (alloc_heap_pages(CHUNK_ORDER, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL))
        continue;
    pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(pg != NULL);
    free_heap_pages(pg, 0, TLB_NO_DEBT);
    before = hosted_nr_interrupts();
    hosted_answer_at_once(false);
    REQUIRE(pthread_create(&thread, NULL, ask_below_the_end, NULL) == 0);
    while (hosted_nr_interrupts() == before)
        cpu_relax();
    EXPECT_EQ(memory_add(map, ROOM_START, ROOM_START + GIB, NODE_NONE), 0);
    while (!__atomic_load_n(&is_done, __ATOMIC_ACQUIRE))
        smp_answer();
    pthread_join(thread, NULL);
    EXPECT(got == NULL);
    expect_sound();
}
