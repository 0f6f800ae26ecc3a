/* SPDX-License-Identifier: MIT */
/* Domains with claims, on a machine of some nodes and CPUs. */
#ifndef CLAIMING_DOMAINS_H
#define CLAIMING_DOMAINS_H

#include <test.h>
#include <xen/audit.h>
#include <xen/claim.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/m2p.h>
#include <xen/page_ref.h>
#include <xen/relinquish.h>

#include "../../common/magazine.h"
#include "../model/fake_nodes.h"
#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define FIRST   1024UL
#define NR_NODE 1024UL /* frames of each node */
#define QUOTA   (1UL << 40)

static struct domain *d, *other;
static char audit_memory[1 << 17] __aligned(16);

/* Node 0 has one more chunk, of which the domains themselves are. */
static inline void machine(unsigned int nodes, unsigned int cpus)
{
    const struct ram ram[] = { { FIRST - 512, 512 + nodes * NR_NODE } };
    const struct fake_node node[] = { { 0, FIRST + NR_NODE, 0 },
                                      { FIRST + NR_NODE, NR_NODE, 1 } };

    some_cpus(cpus);
    small_machine(ram, 1);
    if (nodes > 1)
        fake_nodes(small_machine_map(ram, 1), node, nodes);
    REQUIRE(nr_nodes == nodes);
    heap_add(_mfn(ram[0].start), ram[0].nr);
    hosted_arena_init();
    REQUIRE(m2p_init() == 0 && domains_init() == 0);
    REQUIRE(domain_create(1, 1, QUOTA, &d) == 0);
    REQUIRE(domain_create(2, 1, QUOTA, &other) == 0);
    audit_lend(audit_memory, sizeof(audit_memory));
    heap_drain();
}

static inline unsigned long available(unsigned int node)
{
    return heap_nodes[node].nr_available;
}

static inline int claim(unsigned int node, unsigned long nr)
{
    return claim_pages(d, &(struct claim){ node, nr }, 1);
}

static inline struct page_info *get(struct domain *who, unsigned int order)
{
    return alloc_domheap_pages(who, order, HEAP_NO_LIMIT, 0);
}

static inline void put(struct page_info *pg)
{
    EXPECT_EQ(release_pages(domain_of_page(pg), &pg, 1), 1);
}

/* As if all were used: the last frame, which nobody has promised, can be had.
 */
static inline unsigned long take_all(struct domain *who)
{
    unsigned long nr = 0;

    while (get(who, 0))
        nr++;

    return nr;
}

#define EXPECT_SOUND()                                                         \
    do {                                                                       \
        EXPECT_EQ(audit_heap(), 0);                                            \
        EXPECT_EQ(heap_check(), 0);                                            \
    } while (0)

#endif /* CLAIMING_DOMAINS_H */
