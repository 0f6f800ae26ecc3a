/* SPDX-License-Identifier: MIT */
/* Model-specific registers (AMD APM, "Model-Specific Registers (MSRs)"). */
#ifndef X86_MSR_H
#define X86_MSR_H

#define MSR_APIC_BASE 0x0000001b
#define MSR_EFER      0xc0000080
#define MSR_GS_BASE   0xc0000101

#define APIC_BASE_X2APIC 0x400 /* reached by MSRs, not in memory */

#define EFER_LME 0x100 /* long mode, once paging is on */
#define EFER_LMA 0x400 /* in long mode; read-only */
#define EFER_NXE 0x800 /* PTE_NX holds */

#endif /* X86_MSR_H */
