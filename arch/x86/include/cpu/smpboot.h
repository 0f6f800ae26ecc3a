/* SPDX-License-Identifier: MIT */
/* How the other CPUs are started. */
#ifndef CPU_SMPBOOT_H
#define CPU_SMPBOOT_H

#include <xen/compiler.h>
#include <xen/madt.h>
#include <xen/mm-frame.h>

/* Where the start command may let a CPU begin, and what is no memory there. */
#define TRAMPOLINE_LIMIT 0xa0000

/**
 * smpboot_start - start the CPUs of @madt, of which number 0 is this one.
 *
 * Their first instructions go to the frame @trampoline, which they alone may
 * use from now on: one that comes late comes there, too. A CPU that does not
 * answer in a bounded time is named and left out; it will not join later. Boot
 * only, once, with a heap. Returns how long it took, in milliseconds.
 */
unsigned long smpboot_start(const struct madt *madt, mfn_t trampoline);

/* How many CPUs came that were not expected, or not any more. */
unsigned int smpboot_nr_refused(void);

/* Start the CPU with @apic_id once more, whatever it does. For tests. */
void smpboot_wake(uint32_t apic_id);

#endif /* CPU_SMPBOOT_H */
