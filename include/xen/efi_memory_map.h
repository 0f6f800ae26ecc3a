/* SPDX-License-Identifier: MIT */
/*
 * EFI's memory map as an e820 map (UEFI Specification, "GetMemoryMap"), as it
 * is after the end of boot services. Formats are in <x86/efi.h>.
 */
#ifndef XEN_EFI_MEMORY_MAP_H
#define XEN_EFI_MEMORY_MAP_H

#include <xen/compiler.h>
#include <xen/e820.h>

/**
 * efi_memory_map_parse - append what @size bytes of descriptors say to @map.
 *
 * @stride is the distance from one descriptor to the next, in bytes, and may
 * exceed the structure that we know. Conventional memory, the loader's and boot
 * services' is RAM if it is write-back and not needed at run time; what is
 * needed at run time is reserved, and what is not write-back is unusable.
 *
 * Returns 0, or -EINVAL: @stride is too small, and nothing was read.
 */
__must_check int efi_memory_map_parse(const void *descriptors, size_t size,
                                      size_t stride, struct e820_map *map);

#endif /* XEN_EFI_MEMORY_MAP_H */
