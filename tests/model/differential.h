/* SPDX-License-Identifier: MIT */
/*
 * Random use of the core by domains that share one CPU, compared with the model
 * of <naive_guests.h> after each step: every result, every count, every word.
 *
 * A call may be interrupted wherever the core asks. Then the guest goes on, or
 * does something else, or another vCPU runs: so states that are half done stay,
 * for good. Of them must hold that all counts follow from who holds what, and
 * that, with all that is half done undone, they are those of the model. When a
 * call comes to its end, the state is to the bit as if it had never been
 * interrupted.
 *
 * What does not agree is reported by test_fail().
 */
#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#include <stdbool.h>

/* Build the machine. Each decision is @draw's. */
void differential_start(unsigned int (*draw)(unsigned int below));

/*
 * From no domain: they come and go by themselves, at most @nr of them, of which
 * the first is privileged if @privileged. With @grants they also grant frames
 * to one another, of which the model knows nothing: then there is the auditor
 * alone.
 */
void differential_reset(unsigned int nr, bool privileged, bool grants);

/* One call, with all of its continuations; or a domain comes or goes. */
void differential_step(void);

/* Destroy all domains: then all memory must be back. */
void differential_finish(void);

#endif /* DIFFERENTIAL_H */
