/* SPDX-License-Identifier: MIT */
/*
 * Single pages at fixed addresses, from FIXED_MAP on: devices, and mappings
 * that do not last. One table holds them all, so mapping never takes memory.
 *
 * A slot has one user at a time, and nothing here flushes: who maps another
 * frame in a slot that was used before sees to it that no CPU remembers.
 */
#ifndef CPU_FIXED_MAP_H
#define CPU_FIXED_MAP_H

#include <cpu/layout.h>
#include <xen/mm-frame.h>

#define FIXED_LAPIC     0U
#define FIXED_TEMPORARY 1U /* this and all above it */
#define NR_FIXED        512U

/* Where the page of @slot stands. */
static inline void *fixed_page(unsigned int slot)
{
    return (void *)(FIXED_MAP + slot * PAGE_SIZE);
}

/* Memory: readable, writable, not executable. */
void fixed_map(unsigned int slot, mfn_t mfn);

/* Registers, which no cache may keep. */
void fixed_map_device(unsigned int slot, mfn_t mfn);

void fixed_unmap(unsigned int slot);

#endif /* CPU_FIXED_MAP_H */
