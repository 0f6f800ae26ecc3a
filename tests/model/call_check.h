/* SPDX-License-Identifier: MIT */
/* Was it right what became of a hypercall? */
#ifndef CALL_CHECK_H
#define CALL_CHECK_H

#include "naive_calls.h"

/* One time that a guest executed the instruction. */
struct call_seen {
    unsigned int d, v;                         /* who */
    const struct hypercall *was, *call;        /* the registers before, after */
    const char *memory_before, *memory;        /* what they point at */
    const struct naive_guests *before, *after; /* what there was, and is */
    bool interrupted; /* this time, or when it was executed before this */
};

/* Compares all of that with what the model says, and counts how it ended. */
void check_call(const struct call_seen *seen);

/* What the model is to know of such a call, for another that is like it. */
struct naive_caller call_of(const struct call_seen *seen,
                            struct naive_guests *g);

/*
 * With all that is half done undone, and with who dies dead, is what there is
 * now what was expected? Neither changes.
 */
void expect_same_in_the_end(const struct naive_guests *now,
                            const struct naive_guests *expected);

/* Does the heap have such a block? */
bool heap_has(unsigned int order);

#endif /* CALL_CHECK_H */
