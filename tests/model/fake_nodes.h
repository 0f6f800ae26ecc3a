/* SPDX-License-Identifier: MIT */
/* Nodes without firmware, for tests, and what they must be, frame by frame. */
#ifndef FAKE_NODES_H
#define FAKE_NODES_H

#include <xen/memory_map.h>
#include <xen/srat.h>

/* The frames [start, start + nr) are of a domain. */
struct fake_node {
    unsigned long start, nr;
    uint32_t domain;
};

/* Make nodes of them, for the RAM in @map. Afterwards fake_srat() is what
 * numa_init() was given. The frame table is there. */
void fake_nodes(const struct memory_map *map, const struct fake_node *node,
                unsigned int nr);
struct srat *fake_srat(void);

/**
 * naive_node_domain - of which domain should the frame @mfn of RAM be?
 *
 * Looks at each frame of its piece, from the first, until one is RAM, and then
 * through all ranges. Returns the domain's number, UINT32_MAX if it is in none.
 */
uint32_t naive_node_domain(const struct memory_map *map,
                           const struct fake_node *node, unsigned int nr,
                           unsigned long mfn);

#endif /* FAKE_NODES_H */
