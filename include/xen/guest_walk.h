/* SPDX-License-Identifier: MIT */
/* Where a guest's address leads, by the tables that it has. */
#ifndef XEN_GUEST_WALK_H
#define XEN_GUEST_WALK_H

#include <xen/compiler.h>
#include <xen/domain.h>

/**
 * guest_walk - find the entry of level 1 that translates @va for @v.
 *
 * From its kernel's base pointer on. Reads what other CPUs may change at the
 * same time: what it finds is a frame of the domain's that a table of level 2
 * named just now. It may be anything by the time it is used, and who uses it
 * looks. Returns the frame with a general reference and sets *@slot; NULL:
 * there is no base pointer, nothing is there, or it is no address of a guest's.
 */
__must_check struct page_info *guest_walk(const struct vcpu *v, uintptr_t va,
                                          unsigned int *slot);

#endif /* XEN_GUEST_WALK_H */
