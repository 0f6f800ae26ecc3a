/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's page tables, entry by entry: for who fills them
 * (paging_init.c). All others use <cpu/paging.h>.
 */
#ifndef CPU_PAGING_TABLES_H
#define CPU_PAGING_TABLES_H

#include <cpu/paging.h>

/* Make the table of level 4, empty, and that of the fixed map. Returns 0, or
 * -ENOMEM. Or give them up: they are not in force, and nothing is mapped. */
__must_check int paging_begin(void);
void paging_give_up(void);

/* The entry of @level for @va, with the tables above it; NULL: no memory. */
uint64_t *paging_entry(uintptr_t va, unsigned int level);

/**
 * paging_map_range - map [@address, @address + @size), whole frames, at @va.
 *
 * In leaves of up to @max_level. Nothing was mapped there before. Returns 0, or
 * -ENOMEM: a part may have been mapped.
 */
__must_check int paging_map_range(uintptr_t va, paddr_t address, uint64_t size,
                                  enum paging_rights rights,
                                  unsigned int max_level);

/* Give tables of level 2 back that map nothing, for [@va, @va + @size): where
 * none was made but to map something (not so paging_prepare()). With no lock
 * held, once there is a heap. */
void paging_free_tables(uintptr_t va, uint64_t size);

#endif /* CPU_PAGING_TABLES_H */
