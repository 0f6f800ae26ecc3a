/* SPDX-License-Identifier: MIT */
/* Nodes as a test likes them. */
#include <xen/numa.h>

#include "fake_nodes.h"

static struct srat srat;

struct srat *fake_srat(void)
{
    return &srat;
}

void fake_nodes(const struct memory_map *map, const struct fake_node *node,
                unsigned int nr)
{
    srat_begin(&srat);
    for (unsigned int i = 0; i < nr; i++)
        srat_add_memory(&srat, node[i].start << PAGE_SHIFT,
                        node[i].nr << PAGE_SHIFT, node[i].domain, false);
    numa_init(map, &srat);
}

static bool is_ram(const struct memory_map *map, unsigned long mfn)
{
    for (unsigned int i = 0; i < map->nr; i++)
        if (map->range[i].kind == MEMORY_RAM &&
            map->range[i].start >> PAGE_SHIFT <= mfn &&
            mfn < map->range[i].end >> PAGE_SHIFT)
            return true;

    return false;
}

uint32_t naive_node_domain(const struct memory_map *map,
                           const struct fake_node *node, unsigned int nr,
                           unsigned long mfn)
{
    unsigned long pdx = mfn_to_pdx(_mfn(mfn));
    unsigned long at = pdx / (1UL << node_shift) * (1UL << node_shift);

    while (at < pdx && !is_ram(map, mfn_x(pdx_to_mfn(at))))
        at++;
    for (unsigned int i = 0; i < nr; i++)
        if (node[i].start <= mfn_x(pdx_to_mfn(at)) &&
            mfn_x(pdx_to_mfn(at)) < node[i].start + node[i].nr)
            return node[i].domain;

    return UINT32_MAX;
}
