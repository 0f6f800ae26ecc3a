/* SPDX-License-Identifier: MIT */
/* ACPI Specification: "Multiple APIC Description Table", signature "APIC". */
#ifndef X86_MADT_H
#define X86_MADT_H

#include <x86/acpi.h>

struct acpi_madt {
    struct acpi_header header;
    uint32_t lapic; /* where the registers of each CPU's local APIC are */
    uint32_t flags; /* whether there are two 8259s; we mask them anyway */
} __packed;

/* What follows, one behind the other. */
struct madt_entry {
    uint8_t type, length;
} __packed;

#define MADT_LAPIC          0U
#define MADT_LAPIC_OVERRIDE 5U
#define MADT_X2APIC         9U

/* The flags of a CPU. */
#define MADT_CPU_ENABLED 0x1U
#define MADT_CPU_CAPABLE 0x2U /* not there, but may be plugged in */

struct madt_lapic {
    struct madt_entry entry;
    uint8_t uid, apic_id;
    uint32_t flags;
} __packed;

struct madt_lapic_override {
    struct madt_entry entry;
    uint16_t reserved;
    uint64_t lapic; /* counts instead of the short one */
} __packed;

struct madt_x2apic {
    struct madt_entry entry;
    uint16_t reserved;
    uint32_t apic_id, flags, uid;
} __packed;

_Static_assert(sizeof(struct acpi_madt) == 44, "see the specification");
_Static_assert(sizeof(struct madt_lapic) == 8, "see there");
_Static_assert(sizeof(struct madt_lapic_override) == 12, "see there");
_Static_assert(sizeof(struct madt_x2apic) == 16, "see there");

#endif /* X86_MADT_H */
