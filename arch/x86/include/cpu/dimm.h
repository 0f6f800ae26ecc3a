/* SPDX-License-Identifier: MIT */
/* DIMMs that are plugged in, by QEMU's memory-hotplug block. */
#ifndef CPU_DIMM_H
#define CPU_DIMM_H

#include <xen/types.h>

struct dimm {
    uint64_t start, size; /* in bytes; as the block says, so anything */
    uint32_t domain;      /* its proximity domain */
};

/* Is there such a block? It writes to the block's port: ask only on a machine
 * that may have one (DIMM_ACPI_OEM). */
bool dimm_block_is_there(void);

/* What is in @slot, below DIMM_MAX_SLOTS; false: nothing. From one CPU at a
 * time. */
bool dimm_read(unsigned int slot, struct dimm *dimm);

/* Acknowledge that it was inserted: it has joined. */
void dimm_acknowledge(unsigned int slot);

#endif /* CPU_DIMM_H */
