/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables and the task-state segment of long mode (Intel SDM,
 * "Protected-Mode Memory Management" and "Interrupt and Exception Handling").
 * Assembly reads the selectors.
 */
#ifndef X86_DESC_H
#define X86_DESC_H

/* The hypervisor's segments, by their place in the GDT. */
#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define SELECTOR_TSS  0x18

/* Flat 64-bit code and data; marked as accessed, so nobody writes to them. */
#define GDT_CODE64 0x00af9b000000ffff
#define GDT_DATA   0x00cf93000000ffff

/* The exceptions that have a stack of their own, and which of the TSS's. */
#define IST_NONE          0
#define IST_DOUBLE_FAULT  1
#define IST_NMI           2
#define IST_MACHINE_CHECK 3
#define NR_IST            3

#define NR_EXCEPTIONS 32
#define NR_VECTORS    256 /* with the interrupts behind them */

#define VECTOR_NMI           2
#define VECTOR_DOUBLE_FAULT  8
#define VECTOR_GP_FAULT      13
#define VECTOR_PAGE_FAULT    14
#define VECTOR_MACHINE_CHECK 18

/* The error code of a page fault. */
#define PF_PRESENT  0x01 /* a right was missing, not the page */
#define PF_WRITE    0x02
#define PF_USER     0x04
#define PF_RESERVED 0x08 /* a reserved bit is set in a table */
#define PF_FETCH    0x10

#ifndef __ASSEMBLY__

#include <xen/compiler.h>
#include <xen/types.h>

/* What LGDT and LIDT read. */
struct desc_pointer {
    uint16_t limit; /* the last byte's offset */
    uint64_t base;
} __packed;

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3]; /* on entry to rings 0 to 2 */
    uint64_t reserved1;
    uint64_t ist[7]; /* ist[0] is the stack that gates call 1 */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_bitmap; /* beyond the limit: there is none */
} __packed;
_Static_assert(sizeof(struct tss) == 104, "the CPU fixes the layout");

struct tss_descriptor {
    uint16_t limit, base_0;
    uint8_t base_16, type; /* TSS_TYPE_AVAILABLE; the CPU sets it busy */
    uint8_t limit_16, base_24;
    uint32_t base_32, reserved;
};
#define TSS_TYPE_AVAILABLE 0x89
_Static_assert(sizeof(struct tss_descriptor) == 16, "two places in the GDT");

struct idt_gate {
    uint16_t offset_0, selector;
    uint8_t ist, type; /* GATE_INTERRUPT: comes with interrupts off */
    uint16_t offset_16;
    uint32_t offset_32, reserved;
};
#define GATE_INTERRUPT 0x8e
_Static_assert(sizeof(struct idt_gate) == 16, "the CPU fixes the layout");

#endif /* __ASSEMBLY__ */
#endif /* X86_DESC_H */
