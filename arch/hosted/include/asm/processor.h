/* SPDX-License-Identifier: MIT */
/* The inline half of the seam, in a process. */
#ifndef ASM_PROCESSOR_H
#define ASM_PROCESSOR_H

#include <stdbool.h>

/* Let the CPU that is waited for run. */
void cpu_relax(void);

/* Threads are not interrupted: they look by themselves. Simulated CPUs are. */
bool interrupts_disable(void);
void interrupts_restore(bool enabled);

#endif /* ASM_PROCESSOR_H */
