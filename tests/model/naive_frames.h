/* SPDX-License-Identifier: MIT */
/*
 * The oracle of a heap with nodes: of each frame of a small part of the machine
 * where it is. What follows from that, it counts afresh each time.
 */
#ifndef NAIVE_FRAMES_H
#define NAIVE_FRAMES_H

#include <stdbool.h>

#include <xen/page_alloc.h>

#define NAIVE_FIRST 3584U /* frame numbers; a tier begins in the middle */
#define NAIVE_END   5632U
#define NAIVE_NODES 3U

struct naive_frame {
    bool is_ram;
    bool used;   /* by somebody */
    bool off;    /* out, or to leave when it comes back */
    bool broken; /* for good */
    unsigned int node;
};

/* Frame @mfn; the part is [NAIVE_FIRST, NAIVE_END). */
struct naive_frame *naive_frame(unsigned long mfn);

struct naive_counts {
    unsigned long nr_free[NAIVE_NODES], nr_out[NAIVE_NODES], nr_pending;
};

struct naive_counts naive_count_frames(void);

/* Frames that were free, or were in use, all of them. */
bool naive_frames_take(unsigned long mfn, unsigned long nr);
bool naive_frames_give(unsigned long mfn, unsigned long nr);

/* Has the node a block of free frames, which ends at or below @limit? */
bool naive_frames_have(unsigned int node, unsigned int order, paddr_t limit);

/* The blocks that the free frames form where nothing is cached. */
void naive_frames_blocks(unsigned long nr_blocks[NR_ORDERS]);

#endif /* NAIVE_FRAMES_H */
