/* SPDX-License-Identifier: MIT */
/* Ticket locks, and in debug builds the check of the lock order. */
#include <xen/bug.h>
#include <xen/spinlock.h>

#include <asm/processor.h>

_Static_assert(NR_LOCK_RANKS <= 32, "held[] has a bit for each rank");

/* Which ranks each CPU holds, a bit each. Only the CPU itself looks. */
static uint32_t held[CONFIG_NR_CPUS];

static void rank_enter(enum lock_rank rank)
{
    if (CONFIG_DEBUG) {
        uint32_t *mine = &held[arch_cpu_id()];

        ASSERT(*mine >> rank == 0); /* neither this rank nor one above it */
        *mine |= 1U << rank;
    }
}

static void rank_leave(enum lock_rank rank)
{
    if (CONFIG_DEBUG) {
        uint32_t *mine = &held[arch_cpu_id()];

        ASSERT(*mine & 1U << rank);
        *mine &= ~(1U << rank);
    }
}

/* The analysis sees what a lock is, not what it is made of. */
__no_lock_analysis
void spin_lock(spinlock_t *lock)
{
    uint32_t ticket;

    rank_enter(lock->rank);
    ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

    /*
     * Acquire: pairs with the release in spin_unlock(), so that what the last
     * holder wrote is seen by this one.
     */
    while (__atomic_load_n(&lock->served, __ATOMIC_ACQUIRE) != ticket)
        cpu_relax();
}

__no_lock_analysis
void spin_unlock(spinlock_t *lock)
{
    rank_leave(lock->rank);

    /* Only the holder writes this member, so no locked addition is needed.
     * Release: pairs with the acquire in spin_lock(). */
    __atomic_store_n(&lock->served, lock->served + 1, __ATOMIC_RELEASE);
}

bool spin_holds_none(void)
{
    return !CONFIG_DEBUG || held[arch_cpu_id()] == 0;
}
