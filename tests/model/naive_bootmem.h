/* SPDX-License-Identifier: MIT */
/*
 * The oracle of the boot allocator: of each frame of a small machine whether
 * it is RAM, reserved, or allocated.
 */
#ifndef NAIVE_BOOTMEM_H
#define NAIVE_BOOTMEM_H

#include <stdbool.h>

#include <xen/types.h>

#define NAIVE_BOOTMEM_FRAMES 4096U

void naive_bootmem_add(paddr_t start, paddr_t end);
void naive_bootmem_reserve(paddr_t start, paddr_t end);

/* The frame that an allocation must start with, 0 if it must fail. */
unsigned long naive_bootmem_alloc(unsigned long nr, unsigned long align,
                                  paddr_t limit);

/* The highest run of free frames, which are then no longer so; 0: none. */
unsigned long naive_bootmem_take(unsigned long *start);

bool naive_bootmem_is_free(unsigned long frame);
bool naive_bootmem_is_reserved(unsigned long frame);
unsigned long naive_bootmem_nr_free(void);

#endif /* NAIVE_BOOTMEM_H */
