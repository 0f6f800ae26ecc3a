/* SPDX-License-Identifier: MIT */
/* For who serves requests: must this one fail? */
#ifndef HEAP_FAULT_H
#define HEAP_FAULT_H

#include <xen/compiler.h>
#include <xen/heap_fault.h>
#include <xen/types.h>

/* How many requests it is to the next that must fail; 0: none must. Atomic. */
extern unsigned long heap_fault_in;

bool heap_fault_is_due(unsigned int order);

/* To be asked once for each request, on the long way. */
static inline bool heap_fault(unsigned int order)
{
    return unlikely(__atomic_load_n(&heap_fault_in, __ATOMIC_RELAXED) > 0) &&
           heap_fault_is_due(order);
}

#endif /* HEAP_FAULT_H */
