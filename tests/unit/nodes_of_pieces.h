/* SPDX-License-Identifier: MIT */
/* What the tests of nodes are written with: RAM and domains, by the piece. */
#ifndef NODES_OF_PIECES_H
#define NODES_OF_PIECES_H

#include <stdio.h>

#include <hosted.h>
#include <test.h>
#include <xen/config.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/numa.h>

#include "../model/fake_nodes.h"
#include "../model/small_machine.h"
#include "blob.h"

#define PIECE  (1UL << SUPERPAGE_ORDER)
#define PIECES (PIECE << PAGE_SHIFT)

static struct memory_map map;
static struct srat *srat;

static inline bool says(const char *text)
{
    return strstr(hosted_console(), text) != NULL;
}

/* RAM of @nr pieces, from @first on. */
static inline void start_machine(unsigned long first, unsigned long nr)
{
    const struct ram ram[] = { { first * PIECE, nr * PIECE } };

    map = *small_machine_map(ram, 1);
    pdx_init(&map, FRAME_TABLE_REACH);
    nr_pdxs = ALIGN_UP(pdx_compression.nr, FRAMES_PER_GROUP);
    srat = fake_srat();
    srat_begin(srat);
    hosted_console_clear();
}

/* Pieces of RAM, or of what may be plugged in. */
static inline void add(unsigned long first, unsigned long nr, uint32_t domain)
{
    srat_add_memory(srat, first * PIECES, nr * PIECES, domain, false);
}

static inline void add_hotplug(unsigned long first, unsigned long nr,
                               uint32_t domain)
{
    srat_add_memory(srat, first * PIECES, nr * PIECES, domain, true);
}

static inline void set_distance(unsigned int from, unsigned int to,
                                unsigned int distance)
{
    srat->distance[from][to] = (uint8_t)distance;
}

static inline uint32_t number(unsigned int node)
{
    return srat->domain[node_domain(node)];
}

#endif /* NODES_OF_PIECES_H */
