/* SPDX-License-Identifier: MIT */
/*
 * What each CPU has for itself. GS leads to it, on each CPU to its own.
 *
 * CPU 0's is part of the image. The others' stand in the region CPU_AREAS,
 * stacks with their guards first, and only for CPUs that there are.
 */
#ifndef CPU_PERCPU_H
#define CPU_PERCPU_H

/* Where assembly finds it in struct cpu; CPU_YIELD is in <asm/processor.h>. */
#define CPU_STACK_TOP 8

#ifndef __ASSEMBLY__

#include <asm/processor.h>
#include <cpu/descriptors.h>
#include <cpu/layout.h>
#include <cpu/stacks.h>
#include <xen/config.h>
#include <xen/types.h>

enum cpu_state {
    CPU_ABSENT,   /* was not started, or there is no memory for it */
    CPU_STARTING, /* has been started, and has not answered */
    CPU_GIVEN_UP, /* has not answered in time, and is not wanted any more */
    CPU_UP,       /* joins, or has joined */
    CPU_PARKED,   /* has left, and waits to be told to join again */
};

/* What a CPU was doing when an NMI asked it. */
struct cpu_where {
    unsigned int asked, told; /* how often */
    uintptr_t rip;
};

struct cpu {
    struct cpu *self;
    uintptr_t stack_top;
    bool yield;      /* atomic; what it does for a guest should stop soon */
    unsigned int id; /* our number of it */
    void *heap;      /* what the heap keeps for it */
    uint32_t apic_id;
    enum cpu_state state; /* atomic */
    bool halting;         /* waits for an interrupt in the idle loop */
    bool woken;      /* an interrupt came since the idle loop last looked */
    bool shall_park; /* atomic */
    struct cpu_where where;
    struct cpu_stacks *stacks;
    struct cpu_tables tables;
};
_Static_assert(offsetof(struct cpu, stack_top) == CPU_STACK_TOP,
               "assembly has the wrong place");
_Static_assert(offsetof(struct cpu, yield) == CPU_YIELD,
               "cpu_must_yield() has the wrong place");
_Static_assert(offsetof(struct cpu, heap) == CPU_HEAP,
               "cpu_heap() has the wrong place");

struct cpu_area {
    struct cpu_stacks stacks;
    struct cpu cpu __aligned(PAGE_SIZE);
};
_Static_assert(sizeof(struct cpu_area) <= CPU_AREA_SIZE, "areas overlap");

extern struct cpu boot_cpu;

static inline struct cpu *this_cpu(void)
{
    struct cpu *self;

    asm volatile("movq %%gs:0, %0" : "=r"(self));
    return self;
}

/* The area of CPU @cpu, which is not 0; there may be nothing mapped. */
static inline struct cpu_area *cpu_area(unsigned int cpu)
{
    return (struct cpu_area *)(CPU_AREAS + (uintptr_t)cpu * CPU_AREA_SIZE);
}

/* Acquire: who sees a state sees what led to it. Pairs with the release in
 * cpu_set_state(), and with that in leave_starting(). */
static inline enum cpu_state cpu_state(const struct cpu *cpu)
{
    return __atomic_load_n(&cpu->state, __ATOMIC_ACQUIRE);
}

/* Release: pairs with the acquire in cpu_state(), and in leave_starting(). */
static inline void cpu_set_state(struct cpu *cpu, enum cpu_state state)
{
    __atomic_store_n(&cpu->state, state, __ATOMIC_RELEASE);
}

/*
 * Ask @cpu to stop what it does for a guest, and note that this one has done
 * so. Relaxed: nothing is told by it. A CPU that was asked just before it stops
 * has lost nothing.
 */
static inline void cpu_request_yield(struct cpu *cpu)
{
    __atomic_store_n(&cpu->yield, true, __ATOMIC_RELAXED);
}

static inline void cpu_has_yielded(void)
{
    __atomic_store_n(&this_cpu()->yield, false, __ATOMIC_RELAXED);
}

/* CPU @cpu, or NULL: it has no area. */
struct cpu *cpu_of(unsigned int cpu);

/**
 * percpu_alloc - make an area for the CPU @cpu, which is known as @apic_id.
 *
 * Boot only. Returns it, or NULL if there is not enough memory; nothing has
 * changed then.
 */
__must_check struct cpu *percpu_alloc(unsigned int cpu, uint32_t apic_id);

#endif /* __ASSEMBLY__ */
#endif /* CPU_PERCPU_H */
