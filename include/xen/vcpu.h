/* SPDX-License-Identifier: MIT */
/* Virtual CPUs of domains: what each of them holds, and which CPU runs it. */
#ifndef XEN_VCPU_H
#define XEN_VCPU_H

#include <xen/compiler.h>
#include <xen/page_holder.h>
#include <xen/types.h>

#define GDT_FRAMES 14U /* of a guest's own descriptors */
#define LDT_FRAMES 16U

struct domain;

struct vcpu {
    struct domain *domain;
    unsigned int id;
    bool running; /* is the current one of some CPU */

    /* The root of its address space: full while there is one. */
    struct page_holder kernel_base, user_base;

    /*
     * Work that was put off when it had to be interrupted: half or full. It is
     * finished before its vCPU begins anything that may put off more, so one is
     * enough. Written by the CPU that the vCPU runs on, or by who destroys it.
     */
    struct page_holder deferred;

    /* Frames of segment descriptors: full, or none. */
    struct page_holder gdt[GDT_FRAMES], ldt[LDT_FRAMES];
    unsigned int gdt_entries;
    uintptr_t ldt_base; /* in the guest's address space */
    unsigned int ldt_entries;
};

/**
 * vcpu_enter, vcpu_leave - the calling CPU runs @v, or nobody, from now on.
 *
 * Of whom it ran before it forgets all that it has cached, and it no longer
 * counts as one that may have. It counts as such for @v's domain (dirty_cpus)
 * before @v's page tables are loaded, if it has any.
 *
 * vcpu_enter() returns 0, or -EBUSY: @v runs already, its domain is paused, or
 * it is not alive; then the CPU goes on with whom it ran.
 */
__must_check int vcpu_enter(struct vcpu *v);
void vcpu_leave(void);

/* Who runs on the calling CPU; NULL: nobody. */
struct vcpu *current_vcpu(void);

#endif /* XEN_VCPU_H */
