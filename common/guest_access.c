/* SPDX-License-Identifier: MIT */
/* Copies between the hypervisor and addresses that a guest has chosen. */
#include <public/xen.h>
#include <xen/arch.h>
#include <xen/errno.h>
#include <xen/guest_access.h>

/* Where the addresses that are canonical first stop. */
#define LOWER_HALF_END (1UL << 47)

bool guest_range_ok(uint64_t address, uint64_t size)
{
    if (address < LOWER_HALF_END)
        return size <= LOWER_HALF_END - address;

    /* The last byte of all is somebody's too: so no address behind it. */
    return address >= HYPERVISOR_VIRT_END && size <= -address;
}

int copy_from_guest(void *to, uint64_t from, size_t size)
{
    return guest_range_ok(from, size) ? arch_copy_from_guest(to, from, size)
                                      : -EFAULT;
}

int copy_to_guest(uint64_t to, const void *from, size_t size)
{
    return guest_range_ok(to, size) ? arch_copy_to_guest(to, from, size)
                                    : -EFAULT;
}

/* False: no address is that large. */
static bool element_address(uint64_t base, uint64_t index, size_t size,
                            uint64_t *address)
{
    return !__builtin_mul_overflow(index, size, address) &&
           !__builtin_add_overflow(base, *address, address);
}

int copy_element_from_guest(void *to, uint64_t base, uint64_t index,
                            size_t size)
{
    uint64_t from;

    return element_address(base, index, size, &from)
               ? copy_from_guest(to, from, size)
               : -EFAULT;
}

int copy_element_to_guest(uint64_t base, uint64_t index, const void *from,
                          size_t size)
{
    uint64_t to;

    return element_address(base, index, size, &to)
               ? copy_to_guest(to, from, size)
               : -EFAULT;
}
