/* SPDX-License-Identifier: MIT */
/*
 * Real threads as CPUs, which need entries of the same groups at once: each
 * group is opened once, and nobody goes on before it is. The thread sanitizer
 * looks on.
 */
#include <pthread.h>
#include <unistd.h>

#include <hosted.h>
#include <test.h>
#include <xen/background.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>

#include <asm/processor.h>

#include "../model/small_machine.h"

#define NR_THREADS 4U
#define NR_GROUPS  64UL
#define GROUP      FRAMES_PER_GROUP
#define NAME       0x1234UL

static const struct ram ram[] = { { GROUP, NR_GROUPS *GROUP } };
static pthread_barrier_t barrier;

static void start(void *(*run)(void *))
{
    pthread_t thread[NR_THREADS];

    pthread_barrier_init(&barrier, NULL, NR_THREADS);
    for (unsigned long i = 0; i < NR_THREADS; i++)
        REQUIRE(pthread_create(&thread[i], NULL, run, (void *)i) == 0);
    for (unsigned int i = 0; i < NR_THREADS; i++)
        pthread_join(thread[i], NULL);
}

static unsigned int nr_opened;

/* Let the others come, while the group is not open yet. */
static void count_and_wait(void)
{
    __atomic_fetch_add(&nr_opened, 1, __ATOMIC_RELAXED);
    usleep(1000);
}

/* Each its own entry, and its own name, as soon as the group is open. */
static void *open_each(void *number)
{
    unsigned long i = (unsigned long)number;

    hosted_set_cpu_id((unsigned int)i);
    for (unsigned long g = 1; g <= NR_GROUPS; g++) {
        mfn_t mfn = _mfn(g * GROUP + i * 64);

        pthread_barrier_wait(&barrier);
        frame_table_open(mfn);
        EXPECT(mfn_valid(mfn));
        EXPECT(page_info_is_zero(mfn_to_page(mfn)));
        EXPECT_EQ(m2p_get(mfn), M2P_INVALID);
        mfn_to_page(mfn)->count_info = g;
        m2p_set(mfn, NAME + i);
    }

    return NULL;
}

TEST(open_threads, nobody_loses_what_was_written_to_an_open_group)
{
    small_machine(ram, 1);
    EXPECT_EQ(m2p_init(), 0);
    hosted_at_open(count_and_wait);
    start(open_each);
    EXPECT_EQ(nr_opened, NR_GROUPS);
    for (unsigned long g = 1; g <= NR_GROUPS; g++) {
        for (unsigned long i = 0; i < NR_THREADS; i++) {
            mfn_t mfn = _mfn(g * GROUP + i * 64);

            EXPECT_EQ(mfn_to_page(mfn)->count_info, g);
            EXPECT_EQ(m2p_get(mfn), NAME + i);
        }
    }
}

static unsigned int nr_done;

/* Chunks of the same groups, with an idle CPU at them as well. */
static void *take_chunks(void *number)
{
    struct page_info *pg;

    hosted_set_cpu_id((unsigned int)(unsigned long)number);
    pthread_barrier_wait(&barrier);
    while ((pg = alloc_heap_pages(CHUNK_ORDER, HEAP_NO_LIMIT, HEAP_NO_SCRUB,
                                  NULL)) != NULL) {
        EXPECT(mfn_valid(page_to_mfn(pg)));
        EXPECT(page_info_is_zero(pg));
        if (number == (void *)0)
            background_step();
    }
    /* Who finds nothing asks CPU 0 for what it has, until the last is through.
     */
    __atomic_fetch_add(&nr_done, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&nr_done, __ATOMIC_ACQUIRE) < NR_THREADS) {
        smp_answer();
        cpu_relax();
    }

    return NULL;
}

TEST(open_threads, chunks_are_taken_while_their_groups_are_opened)
{
    small_machine_heap(ram, 1);
    heap_open_when_idle();
    start(take_chunks);
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(heap_nr_free(), 0);
}
