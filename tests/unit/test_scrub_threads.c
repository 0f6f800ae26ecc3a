/* SPDX-License-Identifier: MIT */
/* A CPU that scrubs beside two that take and give back: nobody finds another's
 * words in what he was given as zeroes, nor writes of another in what is his.
 */
#include <stdlib.h>

#include <cpu_threads.h>
#include <hosted.h>
#include <test.h>
#include <xen/arch.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/scrub.h>
#include <xen/smp.h>

#include <asm/contents.h>
#include <asm/processor.h>

#include "../model/small_machine.h"

#define NR_THREADS 3U
#define NR_ROUNDS  6000U
#define NR_HELD    12U
#define TOP        11U
#define NR         BIT(TOP)

struct held {
    struct page_info *pg;
    unsigned int order;
};

/* Of each frame the first word, and one that moves; plain, so that two at once
 * are a race for TSan too. */
static uint64_t *word_of(const struct held *held, unsigned long i,
                         unsigned int random)
{
    uint64_t *word = frame_contents(page_to_mfn(held->pg + i));

    return word + random % (PAGE_SIZE / sizeof(*word));
}

static void take(struct held *held, unsigned int random)
{
    held->order = random & 15;
    if (held->order > 9)
        held->order = 0;
    held->pg = alloc_heap_pages(held->order, HEAP_NO_LIMIT, 0, NULL);
    if (!held->pg)
        return;
    for (unsigned long i = 0; i < BIT(held->order); i++) {
        if (*word_of(held, i, 0) || *word_of(held, i, random))
            abort(); /* it is not zero */
        *word_of(held, i, 0) = *word_of(held, i, random) = random | 1;
    }
}

static void give_back(struct held *held)
{
    uint64_t with = *word_of(held, 0, 0);

    for (unsigned long i = 0; i < BIT(held->order); i++)
        if (*word_of(held, i, 0) != with || !with)
            abort(); /* somebody else wrote there */
    free_heap_pages(held->pg, held->order, TLB_NO_DEBT);
    held->pg = NULL;
}

static void use(unsigned int random)
{
    static _Thread_local struct held held[NR_HELD];
    struct held *one = &held[random >> 16 & 7];

    if ((random >> 24 & 63) == 0)
        heap_drain();
    else if (one->pg)
        give_back(one);
    else
        take(one, random >> 8);
    if (random >> 24 < 2 || random == 0)
        for (unsigned int i = 0; i < NR_HELD; i++)
            if (held[i].pg)
                give_back(&held[i]);
}

static unsigned int nr_done;

/* As long as there is something to come, and then to the end. */
static void scrub(void)
{
    while (__atomic_load_n(&nr_done, __ATOMIC_ACQUIRE) < NR_THREADS - 1) {
        if (!scrub_step())
            cpu_relax();
        smp_answer();
    }
    while (scrub_step())
        ;
}

static void use_many(unsigned int random)
{
    for (unsigned int round = 0; round < NR_ROUNDS; round++) {
        random = random * 1664525 + 1013904223;
        use(random);
        smp_answer();
    }
    use(0);
    __atomic_fetch_add(&nr_done, 1, __ATOMIC_RELEASE);
}

static void use_or_scrub(void)
{
    unsigned int me = arch_cpu_id();

    if (me == 0)
        scrub();
    else
        use_many(me + 1);
}

TEST(scrub_threads, what_is_handed_out_is_zero_and_nobody_elses)
{
    static const struct ram ram[] = { { NR, NR } };
    struct heap_statistics s;

    hosted_arena_init();
    small_machine_heap(ram, 1);
    cpu_threads_run(NR_THREADS, use_or_scrub);
    EXPECT(scrub_nr_done() > 0);
    EXPECT_EQ(heap_nr_free(), NR);
    EXPECT_EQ(heap_check(), 0);
    heap_drain();
    while (scrub_step())
        ;
    heap_statistics(&s);
    EXPECT_EQ(heap_nr_blocks(TOP), 1);
    EXPECT_EQ(heap_check(), 0);
}
