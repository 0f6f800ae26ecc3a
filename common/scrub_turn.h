/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is to scrub a node, and how others wait until it is over.
 *
 * Between scrub_begin() and scrub_end() a CPU may have taken frames, so that a
 * request does not find them. If it finds too little it looks here: has anybody
 * scrubbed in the meantime, or does somebody now? Then it has them pause, and
 * tries again.
 */
#ifndef SCRUB_TURN_H
#define SCRUB_TURN_H

#include <xen/types.h>

/* This CPU scrubs @node. False: another does, or all of them are to pause. */
bool scrub_begin(unsigned int node);
void scrub_end(unsigned int node);

/* Does anybody scrub? And how often has somebody done so? */
bool scrub_goes_on(void);
unsigned long scrub_nr_turns(void);

#endif /* SCRUB_TURN_H */
