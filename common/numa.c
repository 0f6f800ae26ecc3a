/* SPDX-License-Identifier: MIT */
/* Makes nodes of firmware's domains, and knows what is of which. */
#include <xen/bits.h>
#include <xen/config.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/numa.h>
#include <xen/printk.h>
#include <xen/string.h>

/* A piece is no smaller than what the heap has as its unit, 2 MiB ... */
#define MIN_SHIFT SUPERPAGE_ORDER
/* ... and no larger, 128 MiB, for the sake of RAM that may be added. */
#define MAX_HOTPLUG_SHIFT 15U

unsigned int nr_nodes = 1;
uint8_t node_of_piece[NODE_PIECES];
unsigned int node_shift = MIN_SHIFT;

/* What the nodes were made of, NULL if there is one; by the domain's index. */
static const struct srat *known;
static uint8_t node_of_domain[SRAT_MAX_DOMAINS];

/* By node. */
static uint8_t domain_of_node[MAX_NODES];
static uint8_t order[MAX_NODES][MAX_NODES];
static unsigned long nr_frames[MAX_NODES];

static uint8_t cpu_node[CONFIG_NR_CPUS];

_Static_assert(MAX_NODES < NODE_NONE, "node numbers are 8 bits");
_Static_assert(FRAME_TABLE_REACH >> MAX_HOTPLUG_SHIFT >= NODE_PIECES,
               "hot-add would never be limited");

unsigned int node_of_cpu(unsigned int cpu)
{
    return cpu < CONFIG_NR_CPUS ? cpu_node[cpu] : 0;
}

unsigned int node_in_order(unsigned int node, unsigned int i)
{
    return order[node][i];
}

unsigned int node_distance(unsigned int from, unsigned int to)
{
    return known ? known->distance[domain_of_node[from]][domain_of_node[to]]
                 : DISTANCE_LOCAL;
}

unsigned long node_nr_frames(unsigned int node)
{
    return nr_frames[node];
}

const struct srat *numa_source(void)
{
    return known;
}

unsigned int node_domain(unsigned int node)
{
    return domain_of_node[node];
}

static void make_one_node(const struct memory_map *map)
{
    known = NULL;
    nr_nodes = 1;
    node_shift = MIN_SHIFT;
    memset(node_of_domain, 0, sizeof(node_of_domain));
    memset(cpu_node, 0, sizeof(cpu_node));
    memset(nr_frames, 0, sizeof(nr_frames));
    order[0][0] = 0;
    nr_frames[0] = memory_map_size(map, MEMORY_RAM) >> PAGE_SHIFT;
}

/* Is each byte of RAM of a domain? If not, that is said. */
static bool covers_all(const struct srat *srat, const struct memory_map *map)
{
    const struct memory_range *ram = memory_map_next_ram(map, 0);

    for (; ram; ram = memory_map_next_ram(map, ram->end)) {
        for (paddr_t at = ram->start; at < ram->end;) {
            const struct srat_range *range = srat_next_range(srat, at);

            if (!range || range->start > at) {
                printk(LOG_WARNING,
                       "numa: one node: RAM at %#llx is in no domain\n",
                       (unsigned long long)at);
                return false;
            }
            at = range->end;
        }
    }

    return true;
}

unsigned int numa_shift_for(unsigned long nr)
{
    unsigned int shift = MIN_SHIFT;

    while (nr > NODE_PIECES << shift)
        shift++;

    return shift;
}

/* Pieces as small as can be. They reach to where RAM may be added if that does
 * not take coarse ones. */
static void choose_shift(const struct srat *srat)
{
    node_shift = numa_shift_for(nr_pdxs);
    for (unsigned int i = 0; i < srat->nr_ranges; i++) {
        mfn_t last = maddr_to_mfn(srat->range[i].end - 1);
        unsigned int shift;

        if (!srat->range[i].hotplug || !mfn_has_pdx(last) ||
            mfn_to_pdx(last) >= FRAME_TABLE_REACH)
            continue;
        shift = numa_shift_for(mfn_to_pdx(last) + 1);
        if (shift > node_shift && shift <= MAX_HOTPLUG_SHIFT)
            node_shift = shift;
    }
}

/* Nodes get their numbers in the order in which they are asked for. */
static uint8_t number_domain(unsigned int domain)
{
    if (node_of_domain[domain] == NODE_NONE) {
        domain_of_node[nr_nodes] = (uint8_t)domain;
        node_of_domain[domain] = (uint8_t)nr_nodes++;
    }

    return node_of_domain[domain];
}

/* Who deals out pieces, at rising PDXs. */
struct dealer {
    unsigned long next; /* the pieces below it have a node */
    unsigned long nr_moved;
};

/* Give the frames of RAM from the PDX @start to @end to @domain, but for those
 * in a piece that frames below have begun. */
static void deal(struct dealer *dealer, unsigned long start, unsigned long end,
                 unsigned int domain)
{
    unsigned long border = dealer->next << node_shift;
    uint8_t node;

    if (start < border) {
        node = node_of_piece[start >> node_shift];
        border = border < end ? border : end;
        nr_frames[node] += border - start;
        if (node != node_of_domain[domain])
            dealer->nr_moved += border - start;
        start = border;
    }
    if (start == end)
        return;

    node = number_domain(domain);
    nr_frames[node] += end - start;
    dealer->next = ((end - 1) >> node_shift) + 1;
    start >>= node_shift;
    memset(&node_of_piece[start], node, dealer->next - start);
}

/* Deal out a range of RAM. A frame is of the domain that its first byte is of.
 * The PDXs of a range of RAM follow one another. */
static void deal_ram(struct dealer *dealer, const struct memory_range *ram)
{
    unsigned long frame = ram->start >> PAGE_SHIFT,
                  end = ram->end >> PAGE_SHIFT;
    unsigned long pdx = mfn_to_pdx(_mfn(frame));

    while (frame < end) {
        const struct srat_range *range =
            srat_next_range(known, frame << PAGE_SHIFT);
        unsigned long next = ALIGN_UP(range->end, PAGE_SIZE) >> PAGE_SHIFT;

        if (next > end)
            next = end;
        deal(dealer, pdx, pdx + (next - frame), range->domain);
        pdx += next - frame;
        frame = next;
    }
}

/* Number the domains, those with RAM first; and deal out the RAM. */
static void deal_all(const struct memory_map *map)
{
    const struct memory_range *ram = memory_map_next_ram(map, 0);
    struct dealer dealer = { 0 };

    nr_nodes = 0;
    memset(node_of_domain, NODE_NONE, sizeof(node_of_domain));
    memset(node_of_piece, NODE_NONE, sizeof(node_of_piece));
    memset(nr_frames, 0, sizeof(nr_frames));

    for (; ram; ram = memory_map_next_ram(map, ram->end))
        deal_ram(&dealer, ram);
    for (unsigned int i = 0; i < known->nr_ranges; i++)
        (void)number_domain(known->range[i].domain);
    for (unsigned int i = 0; i < known->nr_domains; i++)
        (void)number_domain(i);

    if (dealer.nr_moved > 0)
        printk(LOG_WARNING,
               "numa: %lu KiB of RAM are of the node below: borders run inside "
               "pieces of %lu MiB\n",
               dealer.nr_moved << (PAGE_SHIFT - 10),
               BIT(node_shift + PAGE_SHIFT) >> 20);
}

/* Sort the nodes by their distance from @node; of two alike the lower first. */
static void sort_by_distance(unsigned int node)
{
    uint8_t *sorted = order[node];
    unsigned int nr = 1;

    sorted[0] = (uint8_t)node;
    for (unsigned int other = 0; other < nr_nodes; other++) {
        unsigned int i = nr;

        if (other == node)
            continue;
        for (; i > 1 &&
               node_distance(node, sorted[i - 1]) > node_distance(node, other);
             i--)
            sorted[i] = sorted[i - 1];
        sorted[i] = (uint8_t)other;
        nr++;
    }
}

void numa_init(const struct memory_map *map, const struct srat *srat)
{
    make_one_node(map);
    if (!srat)
        return;
    if (srat->refused) {
        printk(LOG_WARNING, "numa: one node: the SRAT is refused: %s\n",
               srat->refused);
        return;
    }
    if (srat->nr_domains == 0 || !covers_all(srat, map))
        return;

    known = srat;
    choose_shift(srat);
    deal_all(map);
    for (unsigned int i = 0; i < nr_nodes; i++)
        sort_by_distance(i);
}

void numa_set_cpu(unsigned int cpu, uint32_t apic_id)
{
    unsigned int domain = SRAT_NO_DOMAIN;

    if (!known || cpu >= CONFIG_NR_CPUS)
        return;
    if (known->cpus_by_turns) {
        cpu_node[cpu] = (uint8_t)(cpu % nr_nodes);
        return;
    }
    if (apic_id < NR_APIC_IDS)
        domain = known->domain_of_cpu[apic_id];
    cpu_node[cpu] = domain == SRAT_NO_DOMAIN ? 0 : node_of_domain[domain];
    if (domain == SRAT_NO_DOMAIN && nr_nodes > 1)
        printk(LOG_WARNING,
               "numa: CPU %u (APIC number %u) is in no domain: node 0 is taken "
               "as its own\n",
               cpu, apic_id);
}

unsigned int numa_node_of_range(paddr_t start, paddr_t end)
{
    unsigned int domain;

    if (!known || nr_nodes == 1)
        return start < end ? 0 : NODE_NONE;
    domain = srat_domain_of_range(known, start, end);

    return domain == SRAT_NO_DOMAIN ? NODE_NONE : node_of_domain[domain];
}

unsigned int numa_node_of_domain(uint32_t number)
{
    for (unsigned int i = 0; known && i < known->nr_domains; i++)
        if (known->domain[i] == number && !known->cpus_by_turns)
            return node_of_domain[i];

    return NODE_NONE;
}

int numa_add_range(paddr_t start, paddr_t end, unsigned int node)
{
    unsigned long nr = (end - start) >> PAGE_SHIFT, pdx, next;

    if (node >= nr_nodes || !mfn_has_pdx(maddr_to_mfn(start)))
        return -EINVAL;
    pdx = mfn_to_pdx(maddr_to_mfn(start));
    if (nr_nodes > 1 && pdx + nr > NODE_PIECES << node_shift)
        return -ENOSPC;

    /* Pieces are looked at only if they are of several nodes. */
    if (nr_nodes == 1) {
        nr_frames[0] += nr;
        return 0;
    }
    for (; nr > 0; nr -= next - pdx, pdx = next) {
        uint8_t *piece = &node_of_piece[pdx >> node_shift];

        next = ALIGN_UP(pdx + 1, BIT(node_shift));
        if (next > pdx + nr)
            next = pdx + nr;
        if (*piece == NODE_NONE)
            __atomic_store_n(piece, (uint8_t)node, __ATOMIC_RELAXED);
        nr_frames[*piece] += next - pdx;
    }

    return 0;
}
