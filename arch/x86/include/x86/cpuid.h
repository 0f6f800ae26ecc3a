/* SPDX-License-Identifier: MIT */
/* What CPUID tells (Intel SDM, "CPUID"; AMD APM, "CPUID Specification"). */
#ifndef X86_CPUID_H
#define X86_CPUID_H

#define CPUID_FEATURES                   0x00000001
#define CPUID_FEATURES_EBX_APIC_ID_SHIFT 24         /* as it is after RESET */
#define CPUID_FEATURES_ECX_VIRTUAL       0x80000000 /* a hypervisor is below us */
#define CPUID_FEATURES_EDX_APIC          0x00000200 /* there, and switched on */
#define CPUID_FEATURES_EDX_MCE           0x00000080 /* machine checks, */
#define CPUID_FEATURES_EDX_MCA           0x00004000 /* and banks that tell of them */

#define CPUID_EXT_MAX          0x80000000
#define CPUID_EXT_FEATURES     0x80000001
#define CPUID_EXT_EDX_NX       0x00100000
#define CPUID_EXT_EDX_PAGE1GB  0x04000000
#define CPUID_EXT_EDX_LONGMODE 0x20000000

/* The widths of addresses, in bits: EAX has the physical one lowest. */
#define CPUID_WIDTHS                  0x80000008
#define CPUID_WIDTHS_EAX_PHYSICAL     0x000000ff
#define CPUID_WIDTHS_PHYSICAL_DEFAULT 36 /* of a CPU that does not say */

#endif /* X86_CPUID_H */
