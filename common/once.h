/* SPDX-License-Identifier: MIT */
/*
 * What is done once, by the CPU that first needs it: a bit in each of two maps.
 *
 * No lock is held while it is done, so it may take long; nor may those hold one
 * that the doer takes who wait for it.
 */
#ifndef ONCE_H
#define ONCE_H

#include <xen/bits.h>

#include <asm/processor.h>

/* Returns whether it was set before. */
static inline bool once_set(unsigned long *map, unsigned long i)
{
    /* Release: pairs with once_is_done(). */
    return __atomic_fetch_or(&map[i / BITS_PER_LONG], BIT(i % BITS_PER_LONG),
                             __ATOMIC_ACQ_REL) >>
               (i % BITS_PER_LONG) &
           1;
}

/* Is it done? Then what was done is seen. */
static inline bool once_is_done(const unsigned long *done, unsigned long i)
{
    return bitmap_test_acquire(done, i);
}

/* True: the caller is to do it, and then to set the bit in @done. False: it is
 * done; by another CPU that was waited for, maybe. */
static inline bool once_begin(unsigned long *begun, const unsigned long *done,
                              unsigned long i)
{
    if (once_is_done(done, i))
        return false;
    if (!once_set(begun, i))
        return true;
    while (!once_is_done(done, i))
        cpu_relax();

    return false;
}

#endif /* ONCE_H */
