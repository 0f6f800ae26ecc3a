/* SPDX-License-Identifier: MIT */
/* EFI's memory map, translated into e820's terms. */
#include <x86/efi.h>
#include <xen/efi_memory_map.h>
#include <xen/errno.h>
#include <xen/string.h>
#include <xen/warn_limit.h>

/* What firmware needs at run time must keep its place and its contents. */
static uint32_t ram_or_not(uint64_t attributes)
{
    if (attributes & EFI_ATTRIBUTE_RUNTIME)
        return E820_RESERVED;
    if (!(attributes & EFI_ATTRIBUTE_WRITE_BACK))
        return E820_UNUSABLE;

    return E820_RAM;
}

static uint32_t e820_type(const struct efi_memory_descriptor *descriptor)
{
    bool runtime = descriptor->attributes & EFI_ATTRIBUTE_RUNTIME;

    switch (descriptor->type) {
    case EFI_LOADER_CODE:
    case EFI_LOADER_DATA:
    case EFI_BOOT_SERVICES_CODE:
    case EFI_BOOT_SERVICES_DATA:
    case EFI_CONVENTIONAL: return ram_or_not(descriptor->attributes);
    case EFI_ACPI_RECLAIM: return runtime ? E820_RESERVED : E820_ACPI;
    case EFI_PERSISTENT: return runtime ? E820_RESERVED : E820_PERSISTENT;
    case EFI_ACPI_NVS: return E820_NVS;
    case EFI_UNUSABLE: return E820_UNUSABLE;
    case EFI_RESERVED:
    case EFI_RUNTIME_SERVICES_CODE:
    case EFI_RUNTIME_SERVICES_DATA:
    case EFI_MEMORY_MAPPED_IO:
    case EFI_MEMORY_MAPPED_IO_PORTS:
    case EFI_PAL_CODE:
    case EFI_UNACCEPTED: return E820_RESERVED;
    default: return E820_UNKNOWN;
    }
}

/* Add what one descriptor says. Returns false if its size cannot be. */
static bool add_descriptor(const struct efi_memory_descriptor *descriptor,
                           struct e820_map *map)
{
    uint64_t nr_pages = descriptor->nr_pages;

    if (nr_pages > UINT64_MAX >> EFI_PAGE_SHIFT) {
        e820_add(map, descriptor->address, UINT64_MAX, E820_RESERVED);
        return false;
    }

    e820_add(map, descriptor->address, nr_pages << EFI_PAGE_SHIFT,
             e820_type(descriptor));
    return true;
}

int efi_memory_map_parse(const void *descriptors, size_t size, size_t stride,
                         struct e820_map *map)
{
    struct efi_memory_descriptor descriptor;
    unsigned int nr_warnings = 0;

    if (stride < sizeof(descriptor)) {
        printk(LOG_WARNING,
               "EFI map: ignored: a descriptor has %zu bytes, not %zu\n",
               stride, sizeof(descriptor));
        return -EINVAL;
    }

    if (size % stride)
        printk(LOG_WARNING, "EFI map: ends inside a descriptor\n");

    for (size_t i = 0; i < size / stride; i++) {
        memcpy(&descriptor, (const uint8_t *)descriptors + i * stride,
               sizeof(descriptor));
        if (!add_descriptor(&descriptor, map) &&
            may_warn(&nr_warnings, "EFI map"))
            printk(LOG_WARNING,
                   "EFI map: descriptor %zu: %#llx pages exceed 64 bits of "
                   "address, so all from there on is reserved\n",
                   i, (unsigned long long)descriptor.nr_pages);
    }

    return 0;
}
