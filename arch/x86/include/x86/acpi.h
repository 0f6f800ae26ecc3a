/* SPDX-License-Identifier: MIT */
/*
 * ACPI Specification: "Root System Description Pointer", "System Description
 * Table Header", "Fixed ACPI Description Table", "Firmware ACPI Control
 * Structure", and where a BIOS leaves the root pointer ("Finding the RSDP on
 * IA-PC Systems").
 */
#ifndef X86_ACPI_H
#define X86_ACPI_H

#include <xen/compiler.h>
#include <xen/types.h>

#define ACPI_RSDP_SIGNATURE "RSD PTR "
#define ACPI_RSDP_ALIGN     16U

struct acpi_rsdp {
    char signature[8];
    uint8_t checksum; /* makes the sum of the first 20 bytes 0 */
    char oem[6];
    uint8_t revision; /* 0: the fields behind rsdt are not there */
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t extended_checksum; /* makes the sum of all bytes 0 */
    uint8_t reserved[3];
} __packed;

#define ACPI_RSDP_OLD_SIZE offsetof(struct acpi_rsdp, length)

/* The BIOS data area tells the segment of the extended one (EBDA). */
#define ACPI_EBDA_POINTER 0x40eU
#define ACPI_EBDA_SEARCH  0x400U
#define ACPI_BIOS_START   0xe0000U
#define ACPI_BIOS_END     0x100000U

struct acpi_header {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum; /* makes the sum of all bytes of the table 0 */
    char oem[6];
    char oem_table[8];
    uint32_t oem_revision;
    char creator[4];
    uint32_t creator_revision;
} __packed;

/* The FADT, whose signature is "FACP". Only what leads to other tables. */
struct acpi_fadt {
    struct acpi_header header;
    uint32_t facs, dsdt;
    uint8_t skipped[88];
    uint64_t long_facs, long_dsdt; /* instead of the short ones, if not 0 */
} __packed;

/* The FACS has no checksum. */
struct acpi_facs {
    char signature[4];
    uint32_t length;
    uint8_t skipped[56];
} __packed;

_Static_assert(ACPI_RSDP_OLD_SIZE == 20, "see the specification");
_Static_assert(sizeof(struct acpi_rsdp) == 36, "see there");
_Static_assert(sizeof(struct acpi_header) == 36, "see there");
_Static_assert(offsetof(struct acpi_fadt, long_facs) == 132, "see there");
_Static_assert(sizeof(struct acpi_facs) == 64, "see there");

#endif /* X86_ACPI_H */
