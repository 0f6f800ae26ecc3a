/* SPDX-License-Identifier: MIT */
/*
 * The local APIC: how one CPU interrupts another.
 *
 * In xAPIC mode, through memory. What firmware left in x2APIC mode stays
 * unused, and so do the other CPUs.
 */
#ifndef CPU_LAPIC_H
#define CPU_LAPIC_H

#include <cpu/layout.h>

/* Where the registers are mapped, once lapic_init() has found them. */
#define LAPIC FIXED_MAP

/* Vectors of interrupts. The lower half of a class of 16 is as good as the
 * upper; the classes count up in priority. */
#define VECTOR_TICK     0xd0 /* the timer's: look up, or yield */
#define VECTOR_WATCHDOG 0xe0 /* the timer's, too */
#define VECTOR_ANSWER   0xf0 /* another CPU asks: smp_answer() */
#define VECTOR_SPURIOUS 0xff /* was withdrawn on its way; wants no EOI */

#ifndef __ASSEMBLY__

#include <xen/types.h>

/**
 * lapic_init - find this CPU's local APIC, and switch it on.
 *
 * @told is where ACPI says it is. Boot only. Returns false, with the reason in
 * a warning, if there is none that can be used; nothing else here may be called
 * then.
 */
bool lapic_init(paddr_t told);

/* Was one found that can be used? */
bool lapic_is_on(void);

/* Switch this CPU's on. Its timer, LINT0 (the old controller) and its errors
 * interrupt nobody; LINT1, the NMI line, stays as firmware left it. */
void lapic_enable(void);

/* The number of this CPU's. */
uint32_t lapic_id(void);

/* Send @command, with its vector, to the CPU with @apic_id. From anywhere. */
void lapic_send(uint32_t apic_id, uint32_t command);

/* This CPU has dealt with its interrupt. */
void lapic_end_of_interrupt(void);

/* Interrupt this CPU with @vector, again and again, after each @ticks of 16
 * bus cycles; 0: no longer. */
void lapic_set_timer(uint8_t vector, uint32_t ticks);

#endif /* __ASSEMBLY__ */
#endif /* CPU_LAPIC_H */
