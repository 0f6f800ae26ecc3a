/* SPDX-License-Identifier: MIT */
/* A machine with two nodes and room for more RAM, for tests that plug it in. */
#ifndef PLUGGED_MACHINE_H
#define PLUGGED_MACHINE_H

#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/audit.h>
#include <xen/bootmem.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/heap_statistics.h>
#include <xen/m2p.h>
#include <xen/memory_add.h>
#include <xen/memory_room.h>
#include <xen/numa.h>
#include <xen/page_alloc.h>

#include "../model/fake_nodes.h"
#include "../model/naive_memory_map.h"
#include "../model/small_machine.h"

#define MIB   (1UL << 20)
#define GIB   (1UL << 30)
#define GROUP FRAMES_PER_GROUP

#define FRAMES(bytes) ((bytes) >> PAGE_SHIFT)

/* What entries take of memory, in bytes: those of the frame table for a group
 * and for a GiB, and those of the M2P for a GiB. */
#define TABLES_OF_GROUP GROUP_TABLE_SIZE
#define TABLES_OF_GIB   (FRAMES(GIB) / GROUP * GROUP_TABLE_SIZE)
#define M2P_OF_GIB      SUPERPAGE_SIZE

#define RAM_END    (512 * MIB)
#define ROOM_START (4 * GIB)
#define ROOM_END   (10 * GIB)

static struct memory_map *map;

/* Node 0 is firmware's domain 0, with the lower half of the RAM; node 1, of
 * domain 7, has the other and firmware's word for all of the room. */
static inline void start_machine(unsigned int nr)
{
    static const struct ram ram[] = { { 1, FRAMES(RAM_END) - 1 } };
    static const struct ram room[] = { { FRAMES(ROOM_START),
                                         FRAMES(ROOM_END - ROOM_START) } };
    static char for_auditor[64 << 10] __aligned(16);
    struct srat *srat = fake_srat();

    audit_lend(for_auditor, sizeof(for_auditor));
    map = small_machine_with_room(ram, 1, room, 1);
    EXPECT_EQ(m2p_init(), 0);
    srat_begin(srat);
    srat_add_memory(srat, 0, nr > 1 ? RAM_END / 2 : RAM_END, 0, false);
    if (nr > 1) {
        srat_add_memory(srat, RAM_END / 2, RAM_END / 2, 7, false);
        srat_add_memory(srat, ROOM_START, ROOM_END - ROOM_START, 7, true);
    }
    numa_init(map, srat);
    EXPECT_EQ(nr_nodes, nr);
    heap_add(_mfn(ram[0].start), ram[0].nr);
    hosted_console_clear();
}

static inline bool says(const char *text)
{
    return strstr(hosted_console(), text) != NULL;
}

static inline void expect_sound(void)
{
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(audit_heap(), 0);
    EXPECT_EQ(frame_table_check(map), 0);
    EXPECT(memory_map_broken_rule(map) == NULL);
}

#endif /* PLUGGED_MACHINE_H */
