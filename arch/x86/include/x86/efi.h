/* SPDX-License-Identifier: MIT */
/*
 * UEFI Specification, "EFI_BOOT_SERVICES.GetMemoryMap()": descriptors of the
 * memory map, their types and attributes.
 */
#ifndef X86_EFI_H
#define X86_EFI_H

#include <xen/compiler.h>
#include <xen/types.h>

enum efi_memory_type {
    EFI_RESERVED,
    EFI_LOADER_CODE,
    EFI_LOADER_DATA,
    EFI_BOOT_SERVICES_CODE,
    EFI_BOOT_SERVICES_DATA,
    EFI_RUNTIME_SERVICES_CODE,
    EFI_RUNTIME_SERVICES_DATA,
    EFI_CONVENTIONAL,
    EFI_UNUSABLE,
    EFI_ACPI_RECLAIM,
    EFI_ACPI_NVS,
    EFI_MEMORY_MAPPED_IO,
    EFI_MEMORY_MAPPED_IO_PORTS,
    EFI_PAL_CODE,
    EFI_PERSISTENT,
    EFI_UNACCEPTED,
};

#define EFI_ATTRIBUTE_WRITE_BACK (1ULL << 3)
#define EFI_ATTRIBUTE_RUNTIME    (1ULL << 63)

/* EFI's pages are of 4 KiB on every machine. */
#define EFI_PAGE_SHIFT 12U

struct efi_memory_descriptor {
    uint32_t type, padding;
    uint64_t address, virtual_address;
    uint64_t nr_pages;
    uint64_t attributes;
} __packed;

_Static_assert(sizeof(struct efi_memory_descriptor) == 40,
               "see the specification");

#endif /* X86_EFI_H */
