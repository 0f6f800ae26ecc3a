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

/* A test decides when, through hosted_yield(); else nobody asks. */
extern bool hosted_yield_armed;
bool hosted_must_yield(void);

static inline bool cpu_must_yield(void)
{
    return __builtin_expect(hosted_yield_armed, 0) && hosted_must_yield();
}

#endif /* ASM_PROCESSOR_H */
