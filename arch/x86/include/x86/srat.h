/* SPDX-License-Identifier: MIT */
/*
 * ACPI Specification: "System Resource Affinity Table", signature "SRAT", and
 * "System Locality Information Table", signature "SLIT".
 */
#ifndef X86_SRAT_H
#define X86_SRAT_H

#include <x86/acpi.h>

struct acpi_srat {
    struct acpi_header header;
    uint32_t one; /* it is 1 */
    uint64_t reserved;
} __packed;

/* Before this revision a domain's number has 8 bits. */
#define SRAT_REVISION_WIDE 2U

/* What follows, one behind the other. */
struct srat_entry {
    uint8_t type, length;
} __packed;

#define SRAT_CPU    0U
#define SRAT_MEMORY 1U
#define SRAT_X2APIC 2U

/* The flags of each of them; those of memory alone. */
#define SRAT_ENABLED 0x1U
#define SRAT_HOTPLUG 0x2U /* may be plugged in, or out */

struct srat_cpu {
    struct srat_entry entry;
    uint8_t domain_low, apic_id;
    uint32_t flags;
    uint8_t eid;
    uint8_t domain_high[3];
    uint32_t clock;
} __packed;

struct srat_memory {
    struct srat_entry entry;
    uint32_t domain;
    uint16_t reserved_1;
    uint64_t start, size;
    uint32_t reserved_2;
    uint32_t flags;
    uint64_t reserved_3;
} __packed;

struct srat_x2apic {
    struct srat_entry entry;
    uint16_t reserved_1;
    uint32_t domain, apic_id, flags, clock, reserved_2;
} __packed;

/* Behind it one byte a pair: row by row, from the row's to the column's. */
struct acpi_slit {
    struct acpi_header header;
    uint64_t nr; /* of domains: 0 to @nr - 1 */
} __packed;

/* From a domain to itself; all others are more. */
#define SLIT_LOCAL 10U

_Static_assert(sizeof(struct acpi_srat) == 48, "see the specification");
_Static_assert(sizeof(struct srat_cpu) == 16, "see there");
_Static_assert(sizeof(struct srat_memory) == 40, "see there");
_Static_assert(sizeof(struct srat_x2apic) == 24, "see there");
_Static_assert(sizeof(struct acpi_slit) == 44, "see there");

#endif /* X86_SRAT_H */
