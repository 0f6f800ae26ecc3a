/* SPDX-License-Identifier: MIT */
/*
 * Watches: to be told when memory gets short, and when it no longer is.
 *
 * What counts is what is available: the free frames, but for those that CPUs
 * have cached and those that are claimed. So when a CPU takes or gives back
 * single frames, that is noticed as it fills or empties its cache, late by up
 * to some hundred frames for each CPU.
 *
 * Invariant (docs/invariants.md):
 *
 *   W1  A watch is low if no more than `low` frames are available, and is not
 *       if `high` or more are; in between it is what it was. It is called once
 *       for each change of that, as soon as what is available has changed.
 */
#ifndef XEN_HEAP_WATCH_H
#define XEN_HEAP_WATCH_H

#include <xen/types.h>

struct heap_watch {
    /* Frames, `low` less than `high`. With a `low` of 0 it is never called. */
    unsigned long low, high;

    /*
     * It has become low, or is no longer. Called with any lock held and on any
     * CPU, amid somebody's request or where he gives a block back: so it takes
     * no lock and no memory, but sets a flag or wakes somebody up. Two CPUs may
     * call it at once. So it goes by heap_watch_is_low(), not by which call it
     * is: then the last one to return leaves what is true.
     */
    void (*changed)(struct heap_watch *watch);

    /* The heap's own. */
    bool is_low;
    struct heap_watch *next;
};

/* Call @watch from now on, for good; at once, if it is low already. */
void heap_watch(struct heap_watch *watch);

/* By what @watch calls low, is it? */
static inline bool heap_watch_is_low(const struct heap_watch *watch)
{
    return __atomic_load_n(&watch->is_low, __ATOMIC_SEQ_CST);
}

#endif /* XEN_HEAP_WATCH_H */
