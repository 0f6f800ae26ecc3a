/* SPDX-License-Identifier: MIT */
/*
 * The guest's interface: numbers of domains, hypercalls and their commands.
 *
 * It is Xen's, for 64-bit PV guests, as far as it goes. This header includes
 * nothing, and those beside it only this one, so that a guest can use them as
 * they are; a test compares them with the headers that guests are built with.
 */
#ifndef PUBLIC_XEN_H
#define PUBLIC_XEN_H

typedef unsigned short domid_t;
typedef unsigned long xen_pfn_t;   /* a frame's number */
typedef unsigned long xen_ulong_t; /* the same in all guests */

/* Numbers of domains that can be created are below the first of these. */
#define DOMID_FIRST_RESERVED 0x7ff0U
#define DOMID_SELF           0x7ff0U /* the caller */
#define DOMID_IO             0x7ff1U /* frames of devices */
#define DOMID_XEN            0x7ff2U /* frames that the hypervisor exports */
#define DOMID_INVALID        0x7ff4U /* nobody */

/* Hypercalls: the number in RAX; arguments in RDI, RSI, RDX, R10 and R8. */
#define __HYPERVISOR_mmu_update                    1
#define __HYPERVISOR_set_gdt                       2
#define __HYPERVISOR_update_descriptor             10
#define __HYPERVISOR_memory_op                     12
#define __HYPERVISOR_multicall                     13
#define __HYPERVISOR_update_va_mapping             14
#define __HYPERVISOR_grant_table_op                20
#define __HYPERVISOR_update_va_mapping_otherdomain 22
#define __HYPERVISOR_mmuext_op                     26

/* The machine-to-physical table, as a guest reads it. */
#define MACH2PHYS_VIRT_START 0xffff800000000000UL
#define MACH2PHYS_VIRT_END   0xffff804000000000UL
#define MACH2PHYS_NR_ENTRIES ((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)

/* And all that is the hypervisor's, up to the end. */
#define HYPERVISOR_VIRT_START 0xffff800000000000UL
#define HYPERVISOR_VIRT_END   0xffff880000000000UL

/*
 * mmu_update(struct mmu_update *list, count, unsigned int *done, whose)
 *
 * Each element's ptr is a machine address, aligned to 8, with a command in its
 * low bits. The low half of whose names the owner of the frames that go into
 * tables; the upper half, less 1, the tables' own, if it is not 0.
 */
#define MMU_NORMAL_PT_UPDATE       0 /* *ptr = val, an entry of a table */
#define MMU_MACHPHYS_UPDATE        1 /* the frame at ptr is called val */
#define MMU_PT_UPDATE_PRESERVE_AD  2 /* accessed and dirty bits stay */
#define MMU_PT_UPDATE_NO_TRANSLATE 3 /* the first, for these guests */

struct mmu_update {
    unsigned long ptr;
    unsigned long val;
};

/* mmuext_op(struct mmuext_op *list, count, unsigned int *done, whose) */
#define MMUEXT_PIN_L1_TABLE       0
#define MMUEXT_PIN_L2_TABLE       1
#define MMUEXT_PIN_L3_TABLE       2
#define MMUEXT_PIN_L4_TABLE       3
#define MMUEXT_UNPIN_TABLE        4
#define MMUEXT_NEW_BASEPTR        5
#define MMUEXT_TLB_FLUSH_LOCAL    6
#define MMUEXT_INVLPG_LOCAL       7
#define MMUEXT_TLB_FLUSH_MULTI    8
#define MMUEXT_INVLPG_MULTI       9
#define MMUEXT_TLB_FLUSH_ALL      10
#define MMUEXT_INVLPG_ALL         11
#define MMUEXT_FLUSH_CACHE        12
#define MMUEXT_SET_LDT            13
#define MMUEXT_NEW_USER_BASEPTR   15
#define MMUEXT_CLEAR_PAGE         16
#define MMUEXT_COPY_PAGE          17
#define MMUEXT_FLUSH_CACHE_GLOBAL 18
#define MMUEXT_MARK_SUPER         19
#define MMUEXT_UNMARK_SUPER       20

struct mmuext_op {
    unsigned int cmd;
    union {
        xen_pfn_t mfn;             /* of tables, clear and copy */
        unsigned long linear_addr; /* of INVLPG and SET_LDT */
    } arg1;
    union {
        unsigned int nr_ents; /* of SET_LDT */
        const void *vcpumask; /* of MULTI: a bit for each vCPU */
        xen_pfn_t src_mfn;    /* of COPY_PAGE */
    } arg2;
};

/*
 * update_va_mapping(va, value, flags)
 *
 * Flags: what to flush, and whose. The rest of them, if it is neither LOCAL nor
 * ALL, is the address of a bitmap of vCPUs.
 */
#define UVMF_NONE           0UL
#define UVMF_TLB_FLUSH      1UL
#define UVMF_INVLPG         2UL
#define UVMF_FLUSHTYPE_MASK 3UL
#define UVMF_MULTI          0UL
#define UVMF_LOCAL          0UL
#define UVMF_ALL            4UL

/* multicall(struct multicall_entry *list, count) */
struct multicall_entry {
    xen_ulong_t op, result;
    xen_ulong_t args[6];
};

/* set_gdt(const xen_pfn_t *frames, entries): how many may be a guest's. */
#define FIRST_RESERVED_GDT_PAGE  14U
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_PAGE * 512U)

#endif /* PUBLIC_XEN_H */
