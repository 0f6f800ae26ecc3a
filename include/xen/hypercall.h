/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls: what a guest asks for, and how it is interrupted.
 *
 * A call that must yield does not return to its caller in the hypervisor. It
 * writes into the guest's registers what is left to do, and has the guest
 * execute the instruction anew: a continuation. What becomes of the vCPU in
 * between is anybody's business, and the guest may also choose to do something
 * else: so everything that is left half done must be good for ever.
 *
 * Invariants (docs/invariants.md):
 *
 *   C1  What a guest points at is used only where it might use it itself, and
 *       read once.
 *   C2  A number that a guest gives is the number of a frame of whom it must be
 *       of, before it is an index.
 *   C3  What a guest is told is done, is done, and no more than that; of what
 *       failed nothing is left.
 *   C4  A call that has to yield whenever it asks ends all the same.
 *   C5  A domain acts for itself alone, unless it is privileged.
 *   C6  A call begins with no deferred work, and ends with none.
 *   C7  A guest's segment descriptors give it no right that it lacks.
 *   C8  Memory that a guest asks for of a node is of it, or, if it need not be,
 *       of one that there is.
 */
#ifndef XEN_HYPERCALL_H
#define XEN_HYPERCALL_H

#include <xen/compiler.h>
#include <xen/domain.h>

#define HYPERCALL_ARGUMENTS 5U

struct hypercall {
    unsigned long number;
    unsigned long argument[HYPERCALL_ARGUMENTS];
    long result;  /* for the guest, unless: */
    bool restart; /* execute the instruction again, with these registers */
};

/**
 * hypercall - serve @call of the vCPU that runs on this CPU.
 *
 * First of all its deferred work is finished. Sets result or restart, and the
 * arguments in case of restart. May be preempted: that is what restart is for.
 * No lock may be held.
 */
void hypercall(struct hypercall *call);

/*
 * What continuations look like, which guests see but need not know.
 *
 * In the count of mmu_update and of mmuext_op: add to what is done. With no
 * list either, there is nothing left but to tell the result, which is the last
 * argument. In the command of memory_op the upper bits are the extents that are
 * done.
 */
#define MMU_UPDATE_PREEMPTED 0x80000000U
#define MEMOP_EXTENT_SHIFT   6
#define MEMOP_CMD_MASK       ((1UL << MEMOP_EXTENT_SHIFT) - 1)

/**
 * named_domain_get - the domain that an argument names by @id.
 *
 * DOMID_SELF is the caller, and so is its own number. Returns it with what
 * named_domain_put() gives back; NULL: there is none. The second knows those
 * that never run, too, as owners of frames.
 */
struct domain *named_domain_get(const struct vcpu *v, domid_t id);
struct domain *named_owner_get(const struct vcpu *v, domid_t id);
void named_domain_put(const struct vcpu *v, struct domain *d);

/* May @v's domain do to @d what it may do to itself? */
static inline bool may_act_for(const struct vcpu *v, const struct domain *d)
{
    return d == v->domain || v->domain->privileged;
}

/* Each serves one number, and sets result or restart: */
void do_mmu_update(struct vcpu *v, struct hypercall *call);
void do_mmuext_op(struct vcpu *v, struct hypercall *call);
void do_update_va_mapping(struct vcpu *v, struct hypercall *call);
void do_update_va_mapping_otherdomain(struct vcpu *v, struct hypercall *call);
void do_memory_op(struct vcpu *v, struct hypercall *call);
void do_update_descriptor(struct vcpu *v, struct hypercall *call);
void do_set_gdt(struct vcpu *v, struct hypercall *call);
void do_grant_table_op(struct vcpu *v, struct hypercall *call);

#endif /* XEN_HYPERCALL_H */
