/* SPDX-License-Identifier: MIT */
/*
 * QEMU's memory-hotplug block, which tells of DIMMs (QEMU's
 * docs/specs/acpi_mem_hotplug.rst, "ACPI Memory Hotplug Interface"). Registers
 * are of 32 bits, but the last of 8; what they tell is of the slot selected.
 */
#ifndef X86_DIMM_H
#define X86_DIMM_H

#define DIMM_PORT 0xa00

/* To read, by their distance from the port. */
#define DIMM_ADDRESS_LOW  0x00
#define DIMM_ADDRESS_HIGH 0x04
#define DIMM_SIZE_LOW     0x08
#define DIMM_SIZE_HIGH    0x0c
#define DIMM_DOMAIN       0x10
#define DIMM_STATUS       0x14

/* To write. */
#define DIMM_SELECT  0x00
#define DIMM_CONTROL 0x14

#define DIMM_STATUS_ENABLED  0x01 /* there is one */
#define DIMM_STATUS_INSERTED 0x02 /* and nobody has acknowledged it */
#define DIMM_STATUS_RESERVED 0xe0 /* always 0 */
#define DIMM_CONTROL_SEEN    0x02 /* acknowledges that */

#define DIMM_MAX_SLOTS 256

/* Who made the ACPI tables of a machine that may have the block. */
#define DIMM_ACPI_OEM "BOCHS "

#endif /* X86_DIMM_H */
