/* SPDX-License-Identifier: MIT */
/*
 * SRAT and SLIT, and the nodes that come of them.
 *
 * The input is four numbers of frames, of two ranges of RAM and of the holes in
 * front of them; the length of the SRAT, and then both tables. The oracle looks
 * at each frame of that RAM, and through all ranges, for the node that it
 * should be of.
 */
#include <string.h>

#include <xen/frame_table.h>
#include <xen/memory_room.h>
#include <xen/numa.h>

#include "fuzz.h"

struct input {
    uint16_t hole_1, nr_1, hole_2, nr_2, srat_size;
};

static struct memory_map map;
static struct srat srat;

static void check_tables(void)
{
    EXPECT(srat.nr_domains <= SRAT_MAX_DOMAINS);
    EXPECT(srat.nr_ranges <= SRAT_MAX_RANGES);
    for (unsigned int i = 0; i < srat.nr_domains; i++) {
        for (unsigned int j = 0; j < srat.nr_domains; j++) {
            EXPECT((srat.domain[i] == srat.domain[j]) == (i == j));
            EXPECT(i == j ? srat.distance[i][j] == DISTANCE_LOCAL
                          : srat.distance[i][j] > DISTANCE_LOCAL);
        }
    }
    for (unsigned int i = 0; i < srat.nr_ranges; i++) {
        const struct srat_range *range = &srat.range[i];

        EXPECT(range->start < range->end && range->end <= PADDR_MAX);
        EXPECT(range->domain < srat.nr_domains);
        if (i > 0)
            EXPECT(range[-1].end <= range->start);
        if (i > 0 && range[-1].end == range->start)
            EXPECT(range[-1].domain != range->domain ||
                   range[-1].hotplug != range->hotplug);
    }
    for (unsigned int i = 0; i < NR_APIC_IDS; i++)
        EXPECT(srat.refused || srat.domain_of_cpu[i] == SRAT_NO_DOMAIN ||
               srat.domain_of_cpu[i] < srat.nr_domains);
}

static void add_ram(unsigned long start, unsigned long nr)
{
    if (nr > 0)
        map.range[map.nr++] =
            (struct memory_range){ start << PAGE_SHIFT,
                                   (start + nr) << PAGE_SHIFT, MEMORY_RAM,
                                   REASON_FIRMWARE };
}

/* The domain of the byte at @address, or SRAT_NO_DOMAIN. */
static unsigned int domain_at(paddr_t address)
{
    for (unsigned int i = 0; i < srat.nr_ranges; i++)
        if (srat.range[i].start <= address && address < srat.range[i].end)
            return srat.range[i].domain;

    return SRAT_NO_DOMAIN;
}

static void check_frames(void)
{
    unsigned long piece = ~0UL, sum = 0;
    unsigned int expected = 0;

    for (unsigned int i = 0; i < map.nr; i++) {
        unsigned long mfn = map.range[i].start >> PAGE_SHIFT;

        for (; mfn < map.range[i].end >> PAGE_SHIFT; mfn++) {
            unsigned int domain = domain_at(mfn << PAGE_SHIFT);

            EXPECT(node_of_pdx(mfn) < nr_nodes);
            if (nr_nodes == 1)
                continue;
            EXPECT(domain != SRAT_NO_DOMAIN);
            if (piece != mfn >> node_shift)
                expected = domain;
            piece = mfn >> node_shift;
            EXPECT(node_domain(node_of_pdx(mfn)) == expected);
        }
    }
    for (unsigned int i = 0; i < nr_nodes; i++)
        sum += node_nr_frames(i);
    EXPECT(sum == memory_map_size(&map, MEMORY_RAM) >> PAGE_SHIFT);
}

static void check_order(void)
{
    for (unsigned int node = 0; node < nr_nodes; node++) {
        uint64_t seen = 0;

        EXPECT(node_in_order(node, 0) == node);
        for (unsigned int i = 0; i < nr_nodes; i++) {
            unsigned int other = node_in_order(node, i);

            EXPECT(other < nr_nodes && !(seen & BIT(other)));
            seen |= BIT(other);
            EXPECT(i == 0 || node_distance(node, node_in_order(node, i - 1)) <=
                                 node_distance(node, other));
        }
    }
}

/* Room is whole units, is where no RAM is, and where a range of the SRAT is
 * that memory can be plugged into. Then it can be plugged in and taken away. */
static void check_room(paddr_t limit)
{
    unsigned long sum = 0, ram = memory_map_size(&map, MEMORY_RAM);
    unsigned int nr = map.nr;

    memory_map_room_of_srat(&map, &srat, limit);
    for (unsigned int i = 0; i < map.nr; i++) {
        const struct memory_range *range = &map.range[i];

        EXPECT(range->start < range->end);
        EXPECT(i == 0 || range[-1].end <= range->start);
        if (range->kind != MEMORY_ROOM)
            continue;
        EXPECT(IS_ALIGNED(range->start | range->end, ROOM_UNIT));
        EXPECT(range->end <= limit);
        EXPECT(domain_at(range->start) != SRAT_NO_DOMAIN);
        EXPECT(domain_at(range->end - 1) != SRAT_NO_DOMAIN);
        sum += range->end - range->start;
    }
    EXPECT(ram + sum == memory_map_size(&map, MEMORY_RAM) +
                            memory_map_size(&map, MEMORY_ROOM));
    if (sum > 0) {
        const struct memory_range *room = map.range;

        while (room->kind != MEMORY_ROOM)
            room++;
        EXPECT(memory_map_plug(&map, room->start, room->start + ROOM_UNIT));
        EXPECT(memory_map_size(&map, MEMORY_RAM) == ram + ROOM_UNIT);
        EXPECT(memory_map_size(&map, MEMORY_ROOM) == sum - ROOM_UNIT);
    }
    memory_map_drop_room(&map);
    EXPECT(memory_map_size(&map, MEMORY_ROOM) == 0);
    EXPECT(map.nr <= nr + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory_window window;
    struct input in;

    if (size < sizeof(in))
        return 0;
    memcpy(&in, data, sizeof(in));
    data += sizeof(in);
    size -= sizeof(in);
    if (in.srat_size > size)
        in.srat_size = (uint16_t)size;

    window = fuzz_window(data, in.srat_size, 0);
    srat_parse(window.base, window.size, &srat);
    fuzz_window_free(&window);
    window = fuzz_window(data + in.srat_size, size - in.srat_size, 0);
    slit_parse(window.base, window.size, &srat);
    fuzz_window_free(&window);
    check_tables();

    map.nr = 0;
    add_ram(in.hole_1, in.nr_1 % 4096);
    add_ram((unsigned long)in.hole_1 + in.nr_1 % 4096 + in.hole_2 + 1,
            in.nr_2 % 4096);
    nr_pdxs = ALIGN_UP(1UL << 18, FRAMES_PER_GROUP);
    numa_init(&map, &srat);
    for (unsigned int i = 0; i < 8; i++) {
        numa_set_cpu(i, i);
        EXPECT(node_of_cpu(i) < nr_nodes);
    }
    check_frames();
    check_order();
    numa_print(8);
    check_room(BIT(40));
    check_room(PADDR_MAX);

    return 0;
}
