/* SPDX-License-Identifier: MIT */
/* What a CPU does that has nothing to do, and how it is told to leave. */
#ifndef CPU_IDLE_H
#define CPU_IDLE_H

#include <xen/compiler.h>
#include <xen/types.h>

/* Background work, and halting, for ever. With interrupts on. */
_Noreturn void idle_loop(void);

/* Idle, but look every few milliseconds whether something is over that does not
 * interrupt. */
void idle_until(bool (*is_over)(void));

/**
 * cpu_park - have @cpu leave as soon as it idles, and stay away.
 *
 * Waits a bounded time. False: it is CPU 0, absent, or parked already; or it
 * has not idled yet, and will still leave when it does.
 */
__must_check bool cpu_park(unsigned int cpu);

/* Have it join again. False: it did not, or it was not parked. */
__must_check bool cpu_unpark(unsigned int cpu);

#endif /* CPU_IDLE_H */
