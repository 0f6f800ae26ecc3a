/* SPDX-License-Identifier: MIT */
/*
 * Scrubbing: free memory is made zero before anybody asks for it.
 *
 * Whoever takes memory gets zeroes, and who takes it scrubs it if nobody has
 * done so before. CPUs that idle do it beforehand, in bounded steps. They take
 * dirty frames as anybody takes free ones, so nothing has to be broken off: a
 * request that finds too little while they hold some waits for their step.
 *
 * Whole chunks become the scrubber's own for a while, as chunks are that a CPU
 * takes from; a request that would fail gets them back. There is one scrubber
 * for each node: of several idle CPUs one that is of it, or any if it has none.
 *
 * Frames above CONTENTS_LIMIT cannot be scrubbed: they stay dirty.
 *
 * Invariants (docs/invariants.md):
 *
 *   H15  What is clean contains zeroes: the chunks that the node says are, and
 *        the free frames that are not dirty.
 *   H16  Between two steps the scrubber has no frame, and at most one chunk of
 *        each node is its own.
 */
#ifndef XEN_SCRUB_H
#define XEN_SCRUB_H

#include <xen/types.h>

/* When memory is scrubbed that is given back. */
enum scrub_mode {
    SCRUB_IDLE,  /* by CPUs that idle */
    SCRUB_EAGER, /* at once, if it owes no TLB flush; else as SCRUB_IDLE */
    SCRUB_OFF,   /* when it is taken */
};

extern enum scrub_mode scrub_mode;

/* Choose; before the heap is used. */
void scrub_set_mode(enum scrub_mode mode);

/* From now on CPUs that idle scrub, unless it is SCRUB_OFF. Boot only, once;
 * what is to be done is logged. */
void scrub_start(void);

/**
 * scrub_step - do a piece of what there is to be scrubbed.
 *
 * At most SCRUB_STEP frames, which may take a TLB flush, or a look at as many
 * chunks. No lock may be held. Returns whether there may be more for this CPU.
 */
#define SCRUB_STEP 16U
bool scrub_step(void);

/* Wait until no CPU scrubs, and let none begin until scrub_go_on(): for who
 * counts what is free. */
void scrub_pause(void);
void scrub_go_on(void);

/* What CPUs that idle have done: frames that they have made zero. */
unsigned long scrub_nr_done(void);

#endif /* XEN_SCRUB_H */
