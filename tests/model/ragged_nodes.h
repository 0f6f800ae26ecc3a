/* SPDX-License-Identifier: MIT */
/*
 * A machine of three nodes and CPUs, drawn by lot: RAM that begins and ends
 * anywhere, with holes, and nodes that meet within a chunk.
 *
 * All of it is within the part that naive_frames.h knows, and what it knows is
 * what there is. A node may be without RAM, and so is what its CPU is near to.
 */
#ifndef RAGGED_NODES_H
#define RAGGED_NODES_H

#include <xen/domain.h>

#define RAGGED_CPUS    3U
#define RAGGED_DOMAINS 2U
#define RAGGED_QUOTA   800UL

extern struct domain *ragged_domain[RAGGED_DOMAINS];

/* Gives a number below another. */
typedef unsigned int draw_fn(unsigned int below);

/* Once in a process. */
void ragged_nodes(draw_fn *draw);

#endif /* RAGGED_NODES_H */
