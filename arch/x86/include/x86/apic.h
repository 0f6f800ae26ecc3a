/* SPDX-License-Identifier: MIT */
/*
 * The local APIC in xAPIC mode (Intel SDM, "Advanced Programmable Interrupt
 * Controller"): registers of 32 bits, 16 bytes apart. Assembly reads this file
 * too.
 */
#ifndef X86_APIC_H
#define X86_APIC_H

#define LAPIC_ID           0x020
#define LAPIC_PRIORITY     0x080
#define LAPIC_EOI          0x0b0
#define LAPIC_SPURIOUS     0x0f0
#define LAPIC_COMMAND      0x300
#define LAPIC_DESTINATION  0x310 /* before the command, which sends */
#define LAPIC_LVT_TIMER    0x320
#define LAPIC_LVT_LINT0    0x350
#define LAPIC_LVT_ERROR    0x370
#define LAPIC_TIMER_START  0x380
#define LAPIC_TIMER_DIVIDE 0x3e0

/* Numbers stand in the top byte. */
#define LAPIC_ID_SHIFT 24

#define SPURIOUS_ENABLE 0x100

#define LVT_MASKED   0x10000
#define LVT_PERIODIC 0x20000

#define TIMER_DIVIDE_BY_16 0x3

/* Commands: what arrives, or'ed with a vector where it says so. */
#define COMMAND_VECTOR  0x04000 /* with the vector */
#define COMMAND_NMI     0x04400
#define COMMAND_INIT    0x04500
#define COMMAND_START   0x04600 /* with the frame number of the first code */
#define COMMAND_PENDING 0x01000 /* reads: the last one has not left yet */

#endif /* X86_APIC_H */
