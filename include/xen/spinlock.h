/* SPDX-License-Identifier: MIT */
/*
 * Ticket locks: who asks first is served first.
 *
 * Not recursive, and not for use in interrupt handlers. Each lock has a rank
 * (<xen/lock_rank.h>); builds with CONFIG_DEBUG stop at a lock that is taken
 * against the order, twice by one CPU, or released by a CPU without it.
 */
#ifndef XEN_SPINLOCK_H
#define XEN_SPINLOCK_H

#include <xen/compiler.h>
#include <xen/lock_rank.h>
#include <xen/types.h>

typedef struct __lock_type {
    uint32_t next;   /* the ticket that the next to come draws */
    uint32_t served; /* the ticket whose turn it is */
    enum lock_rank rank;
} spinlock_t;

#define SPINLOCK_INIT(lock_rank)                                               \
    {                                                                          \
        .rank = (lock_rank)                                                    \
    }

void spin_lock(spinlock_t *lock) __acquires(*lock);
void spin_unlock(spinlock_t *lock) __releases(*lock);

/* Does this CPU hold no lock? Without CONFIG_DEBUG always so. */
bool spin_holds_none(void);

#endif /* XEN_SPINLOCK_H */
