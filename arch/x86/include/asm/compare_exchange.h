/* SPDX-License-Identifier: MIT */
/* The exchange that a CPU makes in what is its own: of the image, and of the
 * process that stands for it. */
#ifndef ASM_COMPARE_EXCHANGE_H
#define ASM_COMPARE_EXCHANGE_H

#include <xen/types.h>

/*
 * Exchange *@word for @new if it is @old; says whether it was. No interrupt of
 * this CPU comes in between; but what another CPU writes there may.
 */
static inline bool local_compare_exchange(unsigned long *word,
                                          unsigned long old, unsigned long new)
{
    bool done;

    __asm__ volatile("cmpxchgq %3, %1"
                     : "=@ccz"(done), "+m"(*word), "+a"(old)
                     : "r"(new)
                     : "memory");

    return done;
}

#endif /* ASM_COMPARE_EXCHANGE_H */
