/* SPDX-License-Identifier: MIT */
/*
 * Requests for memory that fail on purpose: to see what their callers do then.
 *
 * While some request is to fail, all of them go the long way, where they are
 * counted; so this costs nothing where none is.
 */
#ifndef XEN_HEAP_FAULT_H
#define XEN_HEAP_FAULT_H

/**
 * heap_fail_at - let the @nth request for memory from now on fail, 1 or more.
 *
 * And each @every requests after it another one, if that is not 0. It replaces
 * what was said before; with 0 no more fail. A stream's frames are requests of
 * one each. While CPUs use the heap, some requests may not be counted.
 */
void heap_fail_at(unsigned long nth, unsigned long every);

/* How many have failed so, since heap_fail_at(). */
unsigned long heap_nr_faults(void);

#endif /* XEN_HEAP_FAULT_H */
