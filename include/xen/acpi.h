/* SPDX-License-Identifier: MIT */
/*
 * Where the ACPI tables are (ACPI Specification, "Root System Description
 * Pointer" and the chapter's tables). Formats are in <x86/acpi.h>.
 */
#ifndef XEN_ACPI_H
#define XEN_ACPI_H

#include <xen/boot_info.h>

/* Called for each table: "RSDP", "XSDT", "APIC", ... and where it is. */
typedef void acpi_visit_t(const char *name, paddr_t start, paddr_t end,
                          void *context);

/**
 * acpi_visit_tables - find every table from the root pointer on.
 *
 * Takes the pointer from @info, or looks where a BIOS leaves it. Follows only
 * what lies in @window; a bad checksum, a length that cannot be, a table listed
 * twice are named in a warning and left out. FACS and DSDT are found through
 * the FADT. Returns the number of tables.
 */
unsigned int acpi_visit_tables(const struct memory_window *window,
                               const struct boot_info *info,
                               acpi_visit_t *visit, void *context);

#endif /* XEN_ACPI_H */
