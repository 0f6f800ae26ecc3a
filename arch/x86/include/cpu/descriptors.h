/* SPDX-License-Identifier: MIT */
/* The GDT, the TSS and the IDT. */
#ifndef CPU_DESCRIPTORS_H
#define CPU_DESCRIPTORS_H

#include <cpu/stacks.h>
#include <x86/desc.h>
#include <xen/types.h>

/* What each CPU needs for itself: its TSS, and so a GDT that points at it. */
struct cpu_tables {
    uint64_t gdt[SELECTOR_TSS / 8 + 2];
    struct tss tss;
};

/* Fill in @tables for a CPU with @stacks, and have this CPU use them. */
void descriptors_load(struct cpu_tables *tables, struct cpu_stacks *stacks);

/* Let each vector lead to its stub in entry.S, on this CPU. */
void idt_load(void);

/* For the CPU that boots: fill in the IDT, and do both. */
void traps_init(void);

#endif /* CPU_DESCRIPTORS_H */
