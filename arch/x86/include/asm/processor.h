/* SPDX-License-Identifier: MIT */
/* The inline half of the seam, on bare metal. */
#ifndef ASM_PROCESSOR_H
#define ASM_PROCESSOR_H

#include <stdbool.h>

#include <asm/compare_exchange.h>

/*
 * To be called on each turn of a loop that waits for another CPU. Without it an
 * emulator that runs CPUs by turns spends the whole turn waiting.
 */
static inline void cpu_relax(void)
{
    __builtin_ia32_pause();
}

/* Keep interrupts out. Returns whether they could come before, which is what
 * interrupts_restore() wants to know. NMIs come all the same. */
static inline bool interrupts_disable(void)
{
    unsigned long flags;

    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");

    return flags >> 9 & 1;
}

static inline void interrupts_restore(bool enabled)
{
    if (enabled)
        __asm__ volatile("sti" : : : "memory");
}

/* Where GS leads, on each CPU to its own area, stands whether it should stop
 * what it does for a guest, as soon as that can be left; and a pointer of the
 * heap's (cpu/percpu.h). */
#define CPU_YIELD 16
#define CPU_HEAP  24

static inline bool cpu_must_yield(void)
{
    bool yield;

    __asm__ volatile("cmpb $0, %%gs:%c1" : "=@ccne"(yield) : "i"(CPU_YIELD));

    return yield;
}

/* A pointer that each CPU has for itself; to heap_nobody until it sets it. */
static inline void *cpu_heap(void)
{
    void *found;

    __asm__ volatile("movq %%gs:%c1, %0" : "=r"(found) : "i"(CPU_HEAP));

    return found;
}

static inline void cpu_set_heap(void *to)
{
    __asm__ volatile("movq %0, %%gs:%c1" : : "r"(to), "i"(CPU_HEAP));
}

#endif /* ASM_PROCESSOR_H */
