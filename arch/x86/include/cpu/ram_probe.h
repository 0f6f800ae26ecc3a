/* SPDX-License-Identifier: MIT */
/* Is it memory? */
#ifndef CPU_RAM_PROBE_H
#define CPU_RAM_PROBE_H

#include <xen/compiler.h>
#include <xen/types.h>

/**
 * ram_keeps_what_is_written - is there RAM at @va, which maps @address?
 *
 * Writes there. If there is none, that has been printed.
 */
__must_check bool ram_keeps_what_is_written(void *va, paddr_t address);

#endif /* CPU_RAM_PROBE_H */
