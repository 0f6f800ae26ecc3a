/* SPDX-License-Identifier: MIT */
/*
 * What a guest points at, in its own address space.
 *
 * The address is any number at all. What is there is read once, into memory of
 * the hypervisor's, and looked at only there: the guest may change it
 * meanwhile. An address that the current guest could not use itself gets
 * -EFAULT, and so does one in the hypervisor's part of the address space; then
 * nothing, or a part, was copied.
 */
#ifndef XEN_GUEST_ACCESS_H
#define XEN_GUEST_ACCESS_H

#include <xen/compiler.h>
#include <xen/types.h>

/* May a guest use all of [@address, @address + @size)? Canonical, without a
 * wrap, and outside of the hypervisor's slots. Pure. */
bool guest_range_ok(uint64_t address, uint64_t size);

/* Each returns 0 or -EFAULT. */
__must_check int copy_from_guest(void *to, uint64_t from, size_t size);
__must_check int copy_to_guest(uint64_t to, const void *from, size_t size);

/* Element @index of an array at @base: the address is checked as a whole, so
 * that no index makes it wrap. */
__must_check int copy_element_from_guest(void *to, uint64_t base,
                                         uint64_t index, size_t size);
__must_check int copy_element_to_guest(uint64_t base, uint64_t index,
                                       const void *from, size_t size);

#endif /* XEN_GUEST_ACCESS_H */
