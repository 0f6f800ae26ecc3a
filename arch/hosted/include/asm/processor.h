/* SPDX-License-Identifier: MIT */
/* The inline half of the seam, in a process. */
#ifndef ASM_PROCESSOR_H
#define ASM_PROCESSOR_H

#include <stdbool.h>

#include <asm/compare_exchange.h>

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

/* A pointer that each CPU has for itself; to heap_nobody until it sets it. */
extern _Thread_local void *hosted_cpu_heap;
void cpu_set_heap(void *to);

static inline void *cpu_heap(void)
{
    return hosted_cpu_heap;
}

#endif /* ASM_PROCESSOR_H */
