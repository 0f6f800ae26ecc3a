/* SPDX-License-Identifier: MIT */
/*
 * Segment descriptors of guests: what they may be, and the frames that hold
 * them.
 *
 * The CPU loads segments from a guest's own descriptors, so each must be one
 * that gives the guest nothing that it lacks. A frame is examined as a whole
 * when it begins to be used as descriptors; from then on nobody writes to it
 * but update_descriptor, which examines each. Not one is ever taken apart, so
 * this is never interrupted.
 *
 * A global table is up to GDT_FRAMES frames that the guest names, all held
 * while it is set. A local one is a range of the guest's addresses, and each
 * page of it is held from when the CPU first needs it until the table or the
 * base pointer changes.
 */
#ifndef XEN_DESCRIPTORS_H
#define XEN_DESCRIPTORS_H

#include <xen/compiler.h>
#include <xen/domain.h>
#include <xen/mm-frame.h>
#include <xen/page_holder.h>

#define DESCRIPTOR_SIZE       8U
#define DESCRIPTORS_PER_FRAME ((unsigned int)(PAGE_SIZE / DESCRIPTOR_SIZE))
#define LDT_MAX_ENTRIES       (LDT_FRAMES * DESCRIPTORS_PER_FRAME)

/**
 * descriptor_check - may *@descriptor be a guest's? Pure.
 *
 * Any that is not present may, and code and data, which are made to be of ring
 * 3, where a guest's kernel runs too. Of the others only call gates, to a
 * selector that is the guest's: their privilege is made 0, so that using one is
 * a fault that its kernel can look into.
 */
__must_check bool descriptor_check(uint64_t *descriptor);

/**
 * get_page_descriptors - use a frame as segment descriptors.
 *
 * @h holds it HOLD_READ_ONLY, and HOLD_FULL if this returns 0. -EINVAL: it is
 * in use as something else, or a descriptor will not do; -EBUSY: its count is
 * full. No lock may be held. put_holder() drops it, and is not interrupted.
 */
__must_check int get_page_descriptors(struct page_holder *h);

/* Drop what @nr holders hold that are no tables: nothing interrupts that. */
void put_descriptors(struct page_holder *h, unsigned int nr);

/**
 * vcpu_load_ldt - the CPU needs descriptor @index of @v's local table.
 *
 * For the fault that it takes while that is not there. False: it is the guest's
 * own fault: there is no such descriptor, or no good one.
 */
__must_check bool vcpu_load_ldt(struct vcpu *v, unsigned int index);

/* Drop all frames of @v's tables; @v does not run, or has left its segments. */
void vcpu_drop_gdt(struct vcpu *v);
void vcpu_drop_ldt(struct vcpu *v);

#endif /* XEN_DESCRIPTORS_H */
