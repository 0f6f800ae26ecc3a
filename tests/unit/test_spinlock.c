/* SPDX-License-Identifier: MIT */
/* Mutual exclusion, turn by turn, and the lock order. */
#include <pthread.h>

#include <hosted.h>
#include <test.h>
#include <xen/spinlock.h>

#define NR_THREADS 4U
#define NR_ROUNDS  20000U

static spinlock_t heap_rank = SPINLOCK_INIT(LOCK_RANK_HEAP);
static spinlock_t heap_rank_too = SPINLOCK_INIT(LOCK_RANK_HEAP);
static spinlock_t console_rank = SPINLOCK_INIT(LOCK_RANK_CONSOLE);

/* Not atomic on purpose: only the lock keeps the sum right. */
static unsigned long sum;

static void *add_many(void *cpu)
{
    hosted_set_cpu_id((unsigned int)(uintptr_t)cpu);
    for (unsigned int i = 0; i < NR_ROUNDS; i++) {
        spin_lock(&heap_rank);
        sum++;
        spin_unlock(&heap_rank);
    }

    return NULL;
}

TEST(spinlock, only_one_cpu_at_a_time_is_inside)
{
    pthread_t thread[NR_THREADS];

    for (uintptr_t i = 0; i < NR_THREADS; i++)
        EXPECT_EQ(pthread_create(&thread[i], NULL, add_many, (void *)i), 0);
    for (unsigned int i = 0; i < NR_THREADS; i++)
        pthread_join(thread[i], NULL);
    EXPECT_EQ(sum, NR_THREADS * NR_ROUNDS);
}

TEST(spinlock, a_lock_survives_the_wrap_of_its_tickets)
{
    spinlock_t lock = { UINT32_MAX, UINT32_MAX, LOCK_RANK_HEAP };

    for (unsigned int i = 0; i < 3; i++) {
        spin_lock(&lock);
        spin_unlock(&lock);
        EXPECT_EQ(lock.served, i);
        EXPECT_EQ(lock.next, i);
    }
}

TEST(spinlock, locks_taken_in_the_order_of_rank_are_fine)
{
    spin_lock(&heap_rank);
    spin_lock(&console_rank);
    spin_unlock(&heap_rank);
    spin_unlock(&console_rank);
    spin_lock(&heap_rank);
    spin_unlock(&heap_rank);
}

/* Each of these would hang, or let two in, in a build that does not check. */
static void against_the_order(void)
{
    spin_lock(&console_rank);
    spin_lock(&heap_rank);
}

static void two_of_one_rank(void)
{
    spin_lock(&heap_rank);
    spin_lock(&heap_rank_too);
}

static void twice(void)
{
    spin_lock(&heap_rank);
    spin_lock(&heap_rank);
}

static void not_held(void)
{
    spin_unlock(&heap_rank);
}

TEST(spinlock, a_lock_against_the_order_is_a_bug)
{
    if (!CONFIG_DEBUG)
        return;
    EXPECT_BUG(against_the_order());
    EXPECT_BUG(two_of_one_rank());
    EXPECT_BUG(twice());
    EXPECT_BUG(not_held());
}
