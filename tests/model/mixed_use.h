/* SPDX-License-Identifier: MIT */
/*
 * Memory of three nodes that is taken and given back in each way there is: the
 * steps, each of which compares what the heap answers with what the model of
 * the frames says.
 *
 * The machine is that of ragged_nodes.h; a step is of the CPU that one is.
 */
#ifndef MIXED_USE_H
#define MIXED_USE_H

#include <test.h>

#include "naive_frames.h"
#include "ragged_nodes.h"

/* What is out, as one piece: a block, a range, or what a domain has of it. */
#define MIXED_SLOTS 48U
struct slot {
    unsigned long mfn, nr; /* 0: nothing */
    struct domain *owner;
    unsigned int order;
    bool is_range;
    bool uncleared; /* of its entries only the first says anything */
};
extern struct slot mixed_slots[MIXED_SLOTS];

/* How many of them are used: with few, most blocks are whole most of the time.
 */
extern unsigned int mixed_nr_slots;

/* What domains have claimed, by node, and in all. */
extern unsigned long mixed_claimed[RAGGED_DOMAINS][NAIVE_NODES];
unsigned long mixed_claims_of(unsigned int who);

/* What is free, by node, and not promised to others than @who; RAGGED_DOMAINS:
 * to anybody. */
struct by_node {
    unsigned long nr[NAIVE_NODES], sum;
};
struct by_node mixed_free_for(unsigned int who);

static inline unsigned int draw(unsigned int below)
{
    return (unsigned int)(test_random() >> 16) % below;
}

/* Fill an empty slot, if it can be; some of those that are empty. */
void mixed_take(struct slot *slot);
void mixed_take_range(struct slot *slot);
void mixed_take_owned(struct slot *slot);
void mixed_take_stream(void);
void mixed_take_owned_stream(void);
void mixed_end_stream(void);

/* As a whole, or half of it. */
void mixed_give(struct slot *slot);

/* Is it a frame whose entry says nothing yet? */
bool mixed_is_uncleared(unsigned long mfn);

#endif /* MIXED_USE_H */
