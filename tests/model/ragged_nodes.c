/* SPDX-License-Identifier: MIT */
/* Draws the machine, and boots it as far as a heap and domains need. */
#include <hosted.h>
#include <xen/audit.h>
#include <xen/bug.h>
#include <xen/m2p.h>
#include <xen/numa.h>
#include <xen/offline.h>
#include <xen/scrub.h>

#include "fake_nodes.h"
#include "naive_frames.h"
#include "ragged_nodes.h"
#include "small_machine.h"
#include "some_cpus.h"

#define MAX_RANGES 24U
#define MAX_FRAMES 1600U

struct domain *ragged_domain[RAGGED_DOMAINS];

static struct ram ram[MAX_RANGES];
static unsigned int nr_ranges;
static char audit_memory[1 << 17] __aligned(16);

/* Most machines are small: so a step can be looked at from all sides at little
 * cost, and often there is nothing left. In the others large blocks are whole.
 */
static void draw_size(unsigned long *left, unsigned int *longest, draw_fn *draw)
{
    bool is_large = draw(4) == 0;

    *left = is_large ? MAX_FRAMES / 2 + draw(MAX_FRAMES / 2) : 60 + draw(400);
    *longest = is_large ? MAX_FRAMES : 600;
}

/* Some end where a chunk does; those between two such ends are whole ones. */
static void draw_ram(draw_fn *draw)
{
    unsigned long at = NAIVE_FIRST + (draw(2) ? draw(300) : 0), left;
    unsigned int longest;

    draw_size(&left, &longest, draw);
    while (nr_ranges < MAX_RANGES && left > 0) {
        unsigned long end = at + 1 + draw(draw(2) ? 30 : longest);

        if (draw(2))
            end = ALIGN_UP(end, CHUNK_FRAMES);
        if (end > at + left)
            end = at + left;
        if (end > NAIVE_END)
            end = NAIVE_END;
        ram[nr_ranges++] = (struct ram){ at, end - at };
        left -= end - at;
        at = end + 1 + draw(draw(3) ? 20 : 300);
        if (draw(3) == 0)
            at = ALIGN_UP(at, CHUNK_FRAMES);
        if (at >= NAIVE_END)
            break;
    }
}

/* Each has a third of the RAM, or more, or none; the borders are anywhere, or
 * near the ends, or where a chunk ends. */
static void draw_nodes(draw_fn *draw)
{
    unsigned long first = ram[0].start,
                  second = ram[nr_ranges - 1].start + ram[nr_ranges - 1].nr;
    unsigned int most = (unsigned int)(second - first) / 2;
    struct fake_node node[NAIVE_NODES];

    if (draw(3) == 0 && most > 30)
        most = 30;
    first += 1 + draw(most);
    second -= 1 + draw(most - 1);
    if (draw(2) && ALIGN_UP(first, CHUNK_FRAMES) < second)
        first = ALIGN_UP(first, CHUNK_FRAMES);
    if (draw(2))
        second = ALIGN_UP(second, CHUNK_FRAMES);
    node[0] = (struct fake_node){ 0, first, 0 };
    node[1] = (struct fake_node){ first, second - first, 1 };
    node[2] = (struct fake_node){ second, 1UL << 20, 2 };
    fake_nodes(small_machine_map(ram, nr_ranges), node, NAIVE_NODES);
    BUG_ON(nr_nodes != NAIVE_NODES);
    for (unsigned int i = 0; i < nr_ranges; i++)
        for (unsigned long n = 0; n < ram[i].nr; n++) {
            struct naive_frame *frame = naive_frame(ram[i].start + n);
            uint32_t domain =
                naive_node_domain(small_machine_map(ram, nr_ranges), node,
                                  NAIVE_NODES, ram[i].start + n);

            frame->is_ram = true;
            for (frame->node = 0;
                 fake_srat()->domain[node_domain(frame->node)] != domain;)
                frame->node++;
        }
}

/* What the domains themselves are of is in use, and stays so. */
static void make_domains(void)
{
    BUG_ON(m2p_init() || domains_init());
    for (unsigned int i = 0; i < RAGGED_DOMAINS; i++)
        BUG_ON(domain_create((domid_t)(i + 1), 1, RAGGED_QUOTA,
                             &ragged_domain[i]));
    heap_drain();
    for (unsigned long mfn = NAIVE_FIRST; mfn < NAIVE_END; mfn++)
        naive_frame(mfn)->used = naive_frame(mfn)->is_ram &&
                                 query_page(_mfn(mfn)).place == PAGE_IN_USE;
}

void ragged_nodes(draw_fn *draw)
{
    draw_ram(draw);
    small_machine(ram, nr_ranges);
    draw_nodes(draw);
    hosted_arena_init();
    some_cpus(RAGGED_CPUS);
    for (unsigned int i = 0; i < RAGGED_CPUS; i++) {
        srat_add_cpu(fake_srat(), i, i);
        numa_set_cpu(i, i);
    }
    scrub_set_mode(draw(8) ? SCRUB_IDLE : SCRUB_EAGER);
    for (unsigned int i = 0; i < nr_ranges; i++)
        heap_add(_mfn(ram[i].start), ram[i].nr);
    audit_lend(audit_memory, sizeof(audit_memory));
    make_domains();
}
