/* SPDX-License-Identifier: MIT */
/* Lets requests fail that would not, by their number. */
#include <xen/bits.h>
#include <xen/printk.h>

#include "heap.h"
#include "heap_fault.h"

/* No request's limit is above it: so none takes a short way. */
#define REACH_OF_NO_REQUEST (~0UL)

unsigned long heap_fault_in;

/* From one that fails to the next; and how many have. Atomic. */
static unsigned long interval, nr_faults;

static void set_reach(paddr_t reach)
{
    __atomic_store_n(&heap.reach, reach, __ATOMIC_RELAXED);
}

void heap_fail_at(unsigned long nth, unsigned long every)
{
    __atomic_store_n(&heap_fault_in, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&interval, every, __ATOMIC_RELAXED);
    __atomic_store_n(&nr_faults, 0, __ATOMIC_RELAXED);
    set_reach(nth > 0 ? REACH_OF_NO_REQUEST : heap_true_reach());
    /* Release: pairs with heap_fault_is_due(). */
    __atomic_store_n(&heap_fault_in, nth, __ATOMIC_RELEASE);
}

unsigned long heap_nr_faults(void)
{
    return __atomic_load_n(&nr_faults, __ATOMIC_RELAXED);
}

bool heap_fault_is_due(unsigned int order)
{
    unsigned long in = __atomic_load_n(&heap_fault_in, __ATOMIC_ACQUIRE);
    unsigned long next, nr;

    do {
        if (in == 0)
            return false;
        next = in > 1 ? in - 1 : __atomic_load_n(&interval, __ATOMIC_RELAXED);
    } while (!__atomic_compare_exchange_n(&heap_fault_in, &in, next, true,
                                          __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE));
    if (in > 1)
        return false;
    if (next == 0)
        set_reach(heap_true_reach());
    nr = __atomic_add_fetch(&nr_faults, 1, __ATOMIC_RELAXED);
    if (is_power_of_2(nr))
        printk(LOG_INFO,
               "heap: a request of order %u fails, as was asked for; %lu so "
               "far\n",
               order, nr);

    return true;
}
