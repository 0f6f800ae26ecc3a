/* SPDX-License-Identifier: MIT */
/*
 * Sets of CPUs. CPU numbers are ours: 0 boots, the others count up as they are
 * found, up to nr_cpus - 1 (<xen/smp.h>).
 */
#ifndef XEN_CPUMASK_H
#define XEN_CPUMASK_H

#include <xen/bits.h>
#include <xen/config.h>
#include <xen/types.h>

#define CPUMASK_LONGS BITMAP_LONGS(CONFIG_NR_CPUS)

typedef struct {
    unsigned long bits[CPUMASK_LONGS];
} cpumask_t;

static inline bool cpumask_test(const cpumask_t *mask, unsigned int cpu)
{
    return __atomic_load_n(&mask->bits[cpu / BITS_PER_LONG],
                           __ATOMIC_RELAXED) >>
               (cpu % BITS_PER_LONG) &
           1;
}

/* For a mask that is one CPU's alone. */
static inline void cpumask_set(cpumask_t *mask, unsigned int cpu)
{
    mask->bits[cpu / BITS_PER_LONG] |= BIT(cpu % BITS_PER_LONG);
}

static inline void cpumask_clear(cpumask_t *mask, unsigned int cpu)
{
    mask->bits[cpu / BITS_PER_LONG] &= ~BIT(cpu % BITS_PER_LONG);
}

/* For a mask that several CPUs change: full barriers, as a locked one is. */
static inline void cpumask_set_atomic(cpumask_t *mask, unsigned int cpu)
{
    __atomic_fetch_or(&mask->bits[cpu / BITS_PER_LONG],
                      BIT(cpu % BITS_PER_LONG), __ATOMIC_SEQ_CST);
}

static inline void cpumask_clear_atomic(cpumask_t *mask, unsigned int cpu)
{
    __atomic_fetch_and(&mask->bits[cpu / BITS_PER_LONG],
                       ~BIT(cpu % BITS_PER_LONG), __ATOMIC_SEQ_CST);
}

/* Was it there, and taken out by this call? */
static inline bool cpumask_test_and_clear_atomic(cpumask_t *mask,
                                                 unsigned int cpu)
{
    return __atomic_fetch_and(&mask->bits[cpu / BITS_PER_LONG],
                              ~BIT(cpu % BITS_PER_LONG), __ATOMIC_SEQ_CST) >>
               (cpu % BITS_PER_LONG) &
           1;
}

/* Copy a mask that others may change meanwhile. */
static inline void cpumask_copy(cpumask_t *to, const cpumask_t *from)
{
    for (unsigned int i = 0; i < CPUMASK_LONGS; i++)
        to->bits[i] = __atomic_load_n(&from->bits[i], __ATOMIC_RELAXED);
}

static inline void cpumask_empty(cpumask_t *mask)
{
    *mask = (cpumask_t){ 0 };
}

static inline bool cpumask_is_empty(const cpumask_t *mask)
{
    for (unsigned int i = 0; i < CPUMASK_LONGS; i++) {
        if (mask->bits[i])
            return false;
    }

    return true;
}

/* Others may change @other meanwhile. */
static inline void cpumask_and(cpumask_t *mask, const cpumask_t *other)
{
    for (unsigned int i = 0; i < CPUMASK_LONGS; i++)
        mask->bits[i] &= __atomic_load_n(&other->bits[i], __ATOMIC_RELAXED);
}

static inline unsigned int cpumask_weight(const cpumask_t *mask)
{
    unsigned int weight = 0;

    for (unsigned int i = 0; i < CPUMASK_LONGS; i++)
        weight += count_bits(mask->bits[i]);

    return weight;
}

/* The first CPU of @mask from @cpu on, or CONFIG_NR_CPUS. */
static inline unsigned int cpumask_next(const cpumask_t *mask, unsigned int cpu)
{
    while (cpu < CONFIG_NR_CPUS) {
        unsigned long rest =
            mask->bits[cpu / BITS_PER_LONG] >> (cpu % BITS_PER_LONG);

        if (rest)
            return cpu + lowest_bit(rest);
        cpu = ALIGN_DOWN(cpu, BITS_PER_LONG) + BITS_PER_LONG;
    }

    return CONFIG_NR_CPUS;
}

#define for_each_cpu(cpu, mask)                                                \
    for ((cpu) = cpumask_next(mask, 0); (cpu) < CONFIG_NR_CPUS;                \
         (cpu) = cpumask_next(mask, (cpu) + 1))

#endif /* XEN_CPUMASK_H */
