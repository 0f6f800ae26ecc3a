/* SPDX-License-Identifier: MIT */
/*
 * The image in memory, as the linker laid it out. Each boundary is at a whole
 * page: the sections differ in what may be done with them.
 */
#ifndef CPU_IMAGE_H
#define CPU_IMAGE_H

#include <cpu/layout.h>
#include <xen/types.h>

extern const char image_start[], image_text_end[], image_rodata_end[];
extern const char image_end[]; /* of zeroed memory and stacks too */

/* The machine address of something in the image. */
static inline paddr_t image_maddr(const void *in_image)
{
    return (uintptr_t)in_image - IMAGE_WINDOW;
}

static inline bool is_image_text(uintptr_t va)
{
    return va >= (uintptr_t)image_start && va < (uintptr_t)image_text_end;
}

#endif /* CPU_IMAGE_H */
