/* SPDX-License-Identifier: MIT */
/*
 * Machine checks: the CPU tells that memory has failed, or itself.
 *
 * A frame whose memory has failed is noted in the exception, and taken out of
 * the machine later, by a CPU that idles. What cannot be gone on after stops
 * the machine.
 */
#ifndef CPU_MACHINE_CHECK_H
#define CPU_MACHINE_CHECK_H

#include <cpu/traps.h>

/* Let this CPU tell of errors. What it has to tell from before is dropped: that
 * was before us. */
void machine_check_enable(void);

/* Once: from now on frames that were noted are taken out. */
void machine_check_init(void);

/* From trap(). Returns if the interrupted code can go on. */
void machine_check(struct trap_frame *frame);

#endif /* CPU_MACHINE_CHECK_H */
