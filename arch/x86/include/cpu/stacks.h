/* SPDX-License-Identifier: MIT */
/*
 * The stacks of one CPU. Below each lies a page that is never mapped, so that a
 * stack that overflows faults at once instead of eating what is below it.
 *
 * Three exceptions have a stack of their own, for they come where the main one
 * cannot be trusted: a double fault (it may have overflowed), an NMI and a
 * machine check (they come at any instruction).
 */
#ifndef CPU_STACKS_H
#define CPU_STACKS_H

#define STACK_SIZE     0x4000
#define IST_STACK_SIZE 0x2000

/* Where the main stack ends in struct cpu_stacks; assembly starts there. */
#define MAIN_STACK_TOP (0x1000 + STACK_SIZE)

#ifndef __ASSEMBLY__

#include <x86/desc.h>
#include <xen/compiler.h>
#include <xen/mm-frame.h>
#include <xen/types.h>

struct cpu_stacks {
    struct {
        uint8_t guard[PAGE_SIZE];
        uint8_t stack[STACK_SIZE];
    } main;
    struct {
        uint8_t guard[PAGE_SIZE];
        uint8_t stack[IST_STACK_SIZE];
    } ist[NR_IST]; /* ist[IST_x - 1] */
} __aligned(PAGE_SIZE);

_Static_assert(sizeof(((struct cpu_stacks *)0)->main) == MAIN_STACK_TOP,
               "assembly has the wrong top");

/* Those of the CPU that boots. */
extern struct cpu_stacks boot_stacks;

/* The i-th guard page of @stacks, or NULL past the last. */
static inline void *stacks_guard(struct cpu_stacks *stacks, unsigned int i)
{
    if (i == 0)
        return stacks->main.guard;

    return i <= NR_IST ? stacks->ist[i - 1].guard : NULL;
}

/* Does @address lie in a guard page of @stacks? */
bool stacks_is_guard(struct cpu_stacks *stacks, uintptr_t address);

/* Do @size bytes at @address lie in one stack of @stacks, so can be read? */
bool stacks_hold(struct cpu_stacks *stacks, uintptr_t address, size_t size);

#endif /* __ASSEMBLY__ */
#endif /* CPU_STACKS_H */
