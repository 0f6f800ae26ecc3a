/* SPDX-License-Identifier: MIT */
/*
 * Nodes: which memory is near to which CPUs.
 *
 * Nodes are numbered from 0 without gaps, in the order of their lowest frame;
 * those without memory come last. Each piece of RAM of 2^node_shift frames
 * belongs to one node: where firmware's border runs inside one, the piece goes
 * to the node of its first frame of RAM, and the log says so.
 *
 * Without firmware's word, or where that cannot be trusted, there is one node.
 *
 * Invariants (docs/invariants.md):
 *
 *   N1  Each frame of RAM is of one node, that of the firmware's range that it
 *       is in, or of its piece's first frame.
 *   N2  A node's order names each node once, itself first, and none before one
 *       that is nearer.
 *
 * Boot only, one CPU, no lock, but for what only reads.
 */
#ifndef XEN_NUMA_H
#define XEN_NUMA_H

#include <xen/compiler.h>
#include <xen/pdx.h>
#include <xen/srat.h>
#include <xen/types.h>

#define MAX_NODES SRAT_MAX_DOMAINS

/* How many there are. 1 until numa_init(), and where nothing is known. */
extern unsigned int nr_nodes;

/* The node of each piece of 2^node_shift frames, by PDX; NODE_NONE of one that
 * has no RAM and no room for it. Of use only where there is more than one node.
 */
#define NODE_PIECES (16UL << 10)
#define NODE_NONE   UINT8_MAX
extern uint8_t node_of_piece[NODE_PIECES];
extern unsigned int node_shift;

/* The node of the frame with a PDX of RAM. */
static inline unsigned int node_of_pdx(unsigned long pdx)
{
    return likely(nr_nodes == 1) ? 0 : node_of_piece[pdx >> node_shift];
}

/* The node of a CPU; 0 of one that nothing is known of. */
unsigned int node_of_cpu(unsigned int cpu);

/* The @i-th node to ask from @node on: itself for 0, then the next nearest. */
unsigned int node_in_order(unsigned int node, unsigned int i);

/* How far it is; 10 to the node itself, 255 where nothing gets through. */
unsigned int node_distance(unsigned int from, unsigned int to);

/* The frames of RAM that are of @node. */
unsigned long node_nr_frames(unsigned int node);

/* What the nodes were made of, NULL where there is one; and the index of the
 * domain that @node was made of, if it was. */
const struct srat *numa_source(void);
unsigned int node_domain(unsigned int node);

/**
 * numa_init - make nodes of what @srat says of the RAM in @map.
 *
 * Call it once the frame table is there. @srat must last: hot-add asks it.
 * NULL, or one that knows no domain: one node. If @srat was refused, or some
 * RAM is in none of its ranges, there is one node too, and a warning says why.
 */
void numa_init(const struct memory_map *map, const struct srat *srat);

/**
 * numa_fake - the same with @nr nodes of equal RAM, whatever there is.
 *
 * For numa=fake=. Fills @srat. CPUs go to the nodes by turns. If @nr is more
 * than MAX_NODES, or than there are pieces of RAM, the log says so, and there
 * are as many as can be.
 */
void numa_fake(const struct memory_map *map, struct srat *srat,
               unsigned int nr);

/* The least node_shift by which @nr PDXs fit node_of_piece. */
unsigned int numa_shift_for(unsigned long nr);

/* Tell which CPU it is that is known as @apic_id. */
void numa_set_cpu(unsigned int cpu, uint32_t apic_id);

/* Of which node memory in [@start, @end) would be; NODE_NONE if that is not
 * known, or it would be of several. It may be RAM or not. */
unsigned int numa_node_of_range(paddr_t start, paddr_t end);

/* The node that was made of firmware's domain @number; NODE_NONE if none was,
 * or if nodes were made up. */
unsigned int numa_node_of_domain(uint32_t number);

/**
 * numa_add_range - there is RAM of @node now in [@start, @end), whole frames.
 *
 * Its frames have PDXs that follow one another. Pieces that have a node keep
 * it. Returns 0; -EINVAL if there is no such node, or -ENOSPC if its PDXs are
 * more than node_of_piece holds: then nothing has changed. At any time, one at
 * a time.
 */
__must_check int numa_add_range(paddr_t start, paddr_t end, unsigned int node);

/* A line for each node: its ranges, RAM, CPUs of the first @nr, distances. */
void numa_print(unsigned int nr);

#endif /* XEN_NUMA_H */
