/* SPDX-License-Identifier: MIT */
/*
 * The shape of what is free right after boot, as a count of blocks by tier and
 * order: what the core needs for itself comes from the end of a range of RAM,
 * in one piece, and leaves the rest as it is.
 */
#include <string.h>

#include <xen/heap_statistics.h>
#include <xen/m2p.h>
#include <xen/numa.h>
#include <xen/page_alloc.h>

#include "../model/fake_nodes.h"
#include "frame_table_boot.h"

/* RAM as a PC has it: conventional memory, below the hole, and above it. */
#define NR_RAM 3U
static const struct ram ram[NR_RAM] = {
    { 0, FRAMES(640UL << 10) },
    { FRAMES(MIB), FRAMES(3 * GIB - MIB) },
    { FRAMES(4 * GIB), FRAMES(3 * GIB) },
};

/* The image, which is where it is. */
#define IMAGE_START (2 * MIB)
#define IMAGE_END   (5 * MIB + 1)

/* What the tables have of each range. */
static unsigned long nr_taken[NR_RAM];

static void count_taken(void)
{
    const struct bootmem_reservation *r;

    memset(nr_taken, 0, sizeof(nr_taken));
    for (unsigned int n = 0; (r = bootmem_reservation(n)) != NULL; n++)
        for (unsigned int i = 0; i < NR_RAM; i++)
            if (strcmp(r->owner, "image") != 0 &&
                FRAMES(r->start) >= ram[i].start &&
                FRAMES(r->start) < ram[i].start + ram[i].nr)
                nr_taken[i] += FRAMES(r->end - r->start);
}

static enum heap_tier tier_of(unsigned long mfn)
{
    return mfn < FRAMES(16 * MIB)  ? TIER_BELOW_16M
           : mfn < FRAMES(4 * GIB) ? TIER_BELOW_4G
                                   : TIER_ABOVE_4G;
}

/* The fewest blocks that [@mfn, @end) can be. */
static void count_blocks(struct heap_node_statistics *s, unsigned long mfn,
                         unsigned long end)
{
    while (mfn < end) {
        unsigned int order = MAX_ORDER;

        while (mfn % BIT(order) != 0 || mfn + BIT(order) > end)
            order--;
        s->nr_blocks[tier_of(mfn)][order]++;
        mfn += BIT(order);
    }
}

static void expect_shape(void)
{
    struct heap_node_statistics got, want = { 0 };

    count_taken();
    count_blocks(&want, 1, ram[0].nr - nr_taken[0]);
    count_blocks(&want, ram[1].start, FRAMES(IMAGE_START));
    count_blocks(&want, FRAMES(IMAGE_END) + 1,
                 ram[1].start + ram[1].nr - nr_taken[1]);
    count_blocks(&want, ram[2].start, ram[2].start + ram[2].nr - nr_taken[2]);
    heap_sum_statistics(&got);
    for (unsigned int tier = 0; tier < NR_TIERS; tier++)
        for (unsigned int order = 0; order < NR_ORDERS; order++)
            EXPECT_EQ(got.nr_blocks[tier][order], want.nr_blocks[tier][order]);
    EXPECT_EQ(got.nr_cached, 0);
    EXPECT_EQ(heap_check(), 0);
}

static struct srat srat;

/* As the machine boots, up to its heap; of @nr nodes. */
static void start(unsigned int nr)
{
    static const struct fake_node node[] = {
        { 0, FRAMES(4 * GIB), 0 },
        { FRAMES(4 * GIB), FRAMES(3 * GIB), 1 },
    };

    srat_begin(&srat);
    for (unsigned int i = 0; i < nr; i++)
        srat_add_memory(&srat, node[i].start << PAGE_SHIFT,
                        node[i].nr << PAGE_SHIFT, node[i].domain, false);
    frame_table_set_homes(&srat);
    REQUIRE(bootmem_reserve(IMAGE_START, IMAGE_END, "image") == 0);
    REQUIRE(boot(map_of(ram, NR_RAM)) == 0 && m2p_init() == 0);
    if (nr > 1)
        fake_nodes(&map_copy, node, nr);
    heap_init();
}

/* Row 4280d3ee4c. Here low memory is left alone. */
TEST(heap_shape, after_boot_nothing_of_low_memory_is_in_pieces)
{
    start(1);
    expect_shape();
    EXPECT(nr_taken[0] == 0 && nr_taken[1] == 0 && nr_taken[2] > 0);
}

/* And here all but the end of each node. */
TEST(heap_shape, nor_is_a_node_with_its_own_entries)
{
    start(2);
    expect_shape();
    EXPECT_EQ(nr_nodes, 2);
    EXPECT(nr_taken[0] == 0 && nr_taken[1] > 0 && nr_taken[2] > 0);
}
