/* SPDX-License-Identifier: MIT */
/* Model-specific registers (AMD APM, "Model-Specific Registers (MSRs)"). */
#ifndef X86_MSR_H
#define X86_MSR_H

#define MSR_APIC_BASE 0x0000001b
/* Machine checks (Intel SDM, "Machine-Check Architecture"). */
#define MSR_MCG_CAP          0x00000179
#define MSR_MCG_STATUS       0x0000017a
#define MSR_MCG_CTL          0x0000017b
#define MSR_MC_CTL(bank)     (0x00000400 + 4 * (bank))
#define MSR_MC_STATUS(bank)  (0x00000401 + 4 * (bank))
#define MSR_MC_ADDRESS(bank) (0x00000402 + 4 * (bank))
#define MSR_MC_MISC(bank)    (0x00000403 + 4 * (bank))

#define MCG_CAP_NR_BANKS 0xffUL
#define MCG_CAP_CTL      (1UL << 8)
#define MCG_STATUS_RIPV  (1UL << 0) /* the interrupted code can go on */

#define MC_STATUS_VALID       (1UL << 63)
#define MC_STATUS_UNCORRECTED (1UL << 61)
#define MC_STATUS_HAS_MISC    (1UL << 59)
#define MC_STATUS_HAS_ADDRESS (1UL << 58)
#define MC_STATUS_CORRUPT     (1UL << 57) /* the CPU's own state */
#define MC_STATUS_SIGNALED    (1UL << 56)
#define MC_STATUS_ACT         (1UL << 55) /* it is needed at once */

#define MC_MISC_LOWEST_BIT 0x3fUL /* of the address, that says something */
#define MC_MISC_MODE       (7UL << 6)
#define MC_MISC_PHYSICAL   (2UL << 6)

#define MSR_EFER    0xc0000080
#define MSR_GS_BASE 0xc0000101

#define APIC_BASE_X2APIC 0x400 /* reached by MSRs, not in memory */

#define EFER_LME 0x100 /* long mode, once paging is on */
#define EFER_LMA 0x400 /* in long mode; read-only */
#define EFER_NXE 0x800 /* PTE_NX holds */

#endif /* X86_MSR_H */
