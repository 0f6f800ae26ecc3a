/* SPDX-License-Identifier: MIT */
/* The inline half of the seam, in a process. */
#ifndef ASM_PROCESSOR_H
#define ASM_PROCESSOR_H

#include <sched.h>

/* There are more threads than CPUs: let the one that is waited for run. */
static inline void cpu_relax(void)
{
    sched_yield();
}

#endif /* ASM_PROCESSOR_H */
