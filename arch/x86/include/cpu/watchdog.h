/* SPDX-License-Identifier: MIT */
/*
 * The watchdog: while it is on, a machine on which nothing is printed for too
 * long is taken for one that hangs. It then tells where each CPU is, and stops.
 */
#ifndef CPU_WATCHDOG_H
#define CPU_WATCHDOG_H

#include <cpu/traps.h>

/* On, and off again. Does nothing without a local APIC. */
void watchdog_start(unsigned int seconds);
void watchdog_stop(void);

/* From its interrupt. */
void watchdog_look(const struct trap_frame *frame);

#endif /* CPU_WATCHDOG_H */
