/* SPDX-License-Identifier: MIT */
/* Clear whole frames: most of what start-up does, so in one instruction. */
#ifndef CPU_CLEAR_H
#define CPU_CLEAR_H

#include <xen/mm-frame.h>

static inline void clear_frames(void *va, unsigned long nr)
{
    unsigned long longs = nr << (PAGE_SHIFT - 3);

    asm volatile("rep stosq" : "+D"(va), "+c"(longs) : "a"(0UL) : "memory");
}

#endif /* CPU_CLEAR_H */
