/* SPDX-License-Identifier: MIT */
/*
 * Questions that a CPU answers whatever it does, with interrupts off or in an
 * endless loop: where are you? And: stop.
 */
#ifndef CPU_NMI_H
#define CPU_NMI_H

#include <cpu/traps.h>
#include <xen/compiler.h>

/* From trap(): false if nobody has asked, so that the NMI came from outside. */
bool nmi_answer(const struct trap_frame *frame);

/**
 * ask_where_cpus_are - have each other CPU that has joined tell where it is.
 *
 * Waits a bounded time. Their answers are in struct cpu then; one that is too
 * late has told fewer times than it was asked. One CPU may ask at a time.
 */
void ask_where_cpus_are(void);

/**
 * stop_other_cpus - stop all CPUs but this one, for good.
 *
 * For who is about to say that the hypervisor is wrong. If another CPU was
 * first to call it, this one stops here. Waits a bounded time.
 */
__cold void stop_other_cpus(void);

/* Print where those were that did not idle. */
__cold void print_stopped_cpus(void);

#endif /* CPU_NMI_H */
