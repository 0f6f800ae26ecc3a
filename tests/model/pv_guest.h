/* SPDX-License-Identifier: MIT */
/*
 * The kernel of a PV guest, for tests of hypercalls: it has memory to point at,
 * and makes a call as often as it takes. After each time everything is counted.
 */
#ifndef PV_GUEST_H
#define PV_GUEST_H

#include <public/memory.h>
#include <public/xen.h>
#include <xen/hypercall.h>

#include "pv_machine.h"

/* Where its memory is for the guest, and all that it can point at. */
#define GUEST_MEMORY      0x7f0000000000UL
#define GUEST_MEMORY_SIZE 0x40000UL

extern char pv_memory[GUEST_MEMORY_SIZE];

/* The guest's address of something in its memory. */
static inline uint64_t pv_address(const void *at)
{
    return GUEST_MEMORY + (uint64_t)((const char *)at - pv_memory);
}

/* @size bytes of its memory, all zero, that nobody has been given yet. */
void *guest_new(size_t size);

/* @v runs on CPU 0 from now on, nobody else does. */
void guest_run(struct vcpu *v);

/* One time: executes the instruction. Whatever comes of it, all is well then:
 * audit_heap(). */
void guest_try(struct hypercall *call);

/* Until it has a result, which it returns; guest_rounds is how often. */
extern unsigned int guest_rounds;
long guest_call(unsigned long number, unsigned long a0, unsigned long a1,
                unsigned long a2, unsigned long a3);

/* Whose tables and whose frames an update is about: to pass as @fd. */
#define FD_SELF               ((unsigned long)DOMID_SELF)
#define FD_TABLES(id, frames) (((unsigned long)(id) + 1) << 16 | (frames))

/* Those calls whose arguments are a list; guest_done is what they say. */
extern unsigned int guest_done;
long guest_mmu_update(const struct mmu_update *list, unsigned int nr,
                      unsigned long fd);
long guest_mmuext(const struct mmuext_op *list, unsigned int nr,
                  unsigned long fd);

/* A list of one. */
long guest_update(uint64_t ptr, uint64_t val);
long guest_op(unsigned int command, unsigned long arg1, unsigned long arg2);

static inline uint64_t guest_slot(const struct page_info *table,
                                  unsigned int slot)
{
    return mfn_to_maddr(page_to_mfn(table)) + slot * PTE_SIZE;
}

static inline unsigned long guest_mfn(const struct page_info *pg)
{
    return mfn_x(page_to_mfn(pg));
}

/* An oracle for hosted_yield(): whoever asks must. */
bool guest_always_yields(void);

#endif /* PV_GUEST_H */
