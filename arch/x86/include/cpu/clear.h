/* SPDX-License-Identifier: MIT */
/* Fill whole frames: most of what start-up does, so in one instruction. */
#ifndef CPU_CLEAR_H
#define CPU_CLEAR_H

#include <xen/mm-frame.h>

static inline void fill_frames(void *va, unsigned long nr, uint64_t with)
{
    unsigned long longs = nr << (PAGE_SHIFT - 3);

    asm volatile("rep stosq" : "+D"(va), "+c"(longs) : "a"(with) : "memory");
}

static inline void clear_frames(void *va, unsigned long nr)
{
    fill_frames(va, nr, 0);
}

#endif /* CPU_CLEAR_H */
