/* SPDX-License-Identifier: MIT */
/* Takes memory into use that was plugged in. */
#include <xen/arch.h>
#include <xen/bits.h>
#include <xen/bootmem.h>
#include <xen/bug.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/frame_table_add.h>
#include <xen/m2p.h>
#include <xen/memory_add.h>
#include <xen/memory_room.h>
#include <xen/numa.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/spinlock.h>

#include "heap_tables.h"

_Static_assert(ROOM_UNIT == SUPERPAGE_SIZE && ROOM_UNIT == CHUNK_FRAMES
                                                               << PAGE_SHIFT,
               "room begins amid a chunk, or a page of the table");

/* Memory that is to join, and the part of it that is put under the tables. */
struct addition {
    paddr_t start, end;
    unsigned int node;
    mfn_t mfn;
    unsigned long nr;               /* frames */
    unsigned long nr_m2p, nr_table; /* superpages */
    paddr_t tables_start, tables_end;
};

static unsigned int node_for(paddr_t start, paddr_t end, unsigned int node)
{
    return node == NODE_NONE ? numa_node_of_range(start, end) : node;
}

static struct addition describe(paddr_t start, paddr_t end, unsigned int node)
{
    struct addition a = {
        .start = start,
        .end = end,
        .node = node_for(start, end, node),
        .mfn = maddr_to_mfn(start),
        .nr = (end - start) >> PAGE_SHIFT,
    };

    a.nr_m2p = m2p_lacks(a.mfn, a.nr);
    a.nr_table = frame_table_lacks(a.mfn, a.nr);

    return a;
}

static int refuse(paddr_t start, paddr_t end, int rc, const char *why)
{
    printk(LOG_WARNING, "memory: [%#lx, %#lx) cannot be added: %s\n", start,
           end, why);

    return rc;
}

/* Say what is where there should be room. */
static int refuse_map(const struct memory_map *map, paddr_t start, paddr_t end)
{
    const struct memory_range *range;
    paddr_t at = start;

    while ((range = memory_map_find(map, at)) && range->kind == MEMORY_ROOM)
        at = range->end;
    if (!range)
        return refuse(start, end, -ENOSPC, "the map has no room there");
    printk(LOG_WARNING,
           "memory: [%#lx, %#lx) cannot be added: at %#lx is %s (%s)\n", start,
           end, at, memory_kind_name(range->kind),
           memory_reason_text(range->reason));

    return range->kind == MEMORY_RAM ? -EEXIST : -EINVAL;
}

int memory_add_check(const struct memory_map *map, paddr_t start, paddr_t end,
                     unsigned int node)
{
    struct addition a;

    if (start >= end || end > PADDR_MAX || !IS_ALIGNED(start | end, ROOM_UNIT))
        return refuse(start, end, -EINVAL,
                      "it begins or ends at no multiple of 2 MiB");
    if (!memory_map_is_room(map, start, end))
        return refuse_map(map, start, end);
    if (map->nr + 2 > MEMORY_MAP_MAX_RANGES)
        return refuse(start, end, -ENOSPC, "the map has too many ranges");
    if (node_for(start, end, node) >= nr_nodes)
        return refuse(start, end, -EINVAL,
                      "it is of several nodes, or of none that is known");
    a = describe(start, end, node);
    if ((a.nr_m2p + a.nr_table) * SUPERPAGE_FRAMES >= a.nr)
        return refuse(start, end, -EINVAL, "its entries would take all of it");

    return 0;
}

/* The first frame at @at or above that is reserved, and the one behind it;
 * false if there is none below @end. */
static bool next_reserved(paddr_t at, paddr_t end, paddr_t *from, paddr_t *to)
{
    const struct bootmem_reservation *r;
    bool found = false;

    for (unsigned int i = 0; (r = bootmem_reservation(i)) != NULL; i++) {
        if (r->end <= at || r->start >= end || (found && r->start >= *from))
            continue;
        *from = ALIGN_DOWN(r->start > at ? r->start : at, PAGE_SIZE);
        *to = r->end < end ? ALIGN_UP(r->end, PAGE_SIZE) : end;
        found = true;
    }

    return found;
}

/* Choose the memory for the tables: the highest where nothing is reserved. */
static bool place_tables(struct addition *a)
{
    paddr_t size = (a->nr_m2p + a->nr_table) * SUPERPAGE_SIZE, from, to;

    for (a->tables_end = a->end; a->tables_end - a->start >= size;
         a->tables_end -= SUPERPAGE_SIZE) {
        a->tables_start = a->tables_end - size;
        if (!next_reserved(a->tables_start, a->tables_end, &from, &to))
            return true;
    }

    return false;
}

static int add_tables(const struct addition *a)
{
    mfn_t memory = maddr_to_mfn(a->tables_start);
    int rc = m2p_add(a->mfn, a->nr, memory);

    if (rc)
        return rc;
    rc = frame_table_add(a->mfn, a->nr,
                         mfn_add(memory, a->nr_m2p * SUPERPAGE_FRAMES));
    if (rc)
        m2p_undo_add(a->mfn, a->nr);

    return rc;
}

/* Give the heap what is not reserved of [@start, @end). */
static void give(paddr_t start, paddr_t end)
{
    while (start < end) {
        paddr_t from = end, to = end;

        (void)next_reserved(start, end, &from, &to);
        heap_add(maddr_to_mfn(start), (from - start) >> PAGE_SHIFT);
        start = to;
    }
}

/* CPUs that idle have something to open and to scrub. */
static void wake_others(void)
{
    heap_open_added();
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
        if (cpu != arch_cpu_id() && cpumask_test(&cpu_online_map, cpu))
            smp_kick(cpu);
}

/* The heap has it before the map tells: nobody takes a frame out of the machine
 * in between. */
static void join(struct memory_map *map, const struct addition *a)
{
    if (a->tables_start < a->tables_end &&
        bootmem_reserve(a->tables_start, a->tables_end, "entries of added RAM"))
        printk(LOG_WARNING, "memory: its tables are not on record: there are "
                            "too many reservations\n");
    BUG_ON(numa_add_range(a->start, a->end, a->node));
    give(a->start, a->tables_start);
    give(a->tables_end, a->end);
    BUG_ON(!memory_map_plug(map, a->start, a->end));
    wake_others();
    printk(LOG_INFO,
           "memory: [%#lx, %#lx) joins node %u: %lu MiB, %lu of them for its "
           "entries\n",
           a->start, a->end, a->node,
           (unsigned long)((a->end - a->start) >> 20),
           (unsigned long)((a->tables_end - a->tables_start) >> 20));
}

static int add(struct memory_map *map, paddr_t start, paddr_t end,
               unsigned int node)
{
    int rc = memory_add_check(map, start, end, node);
    struct addition a;

    if (rc)
        return rc;
    a = describe(start, end, node);
    if (!place_tables(&a))
        return refuse(start, end, -EINVAL,
                      "too much of it is reserved to hold its entries");
    rc = add_tables(&a);
    if (rc == -ENOMEM)
        return refuse(start, end, rc, "there is no memory for page tables");
    if (rc)
        return refuse(start, end, rc, "it does not keep what is written to it");
    join(map, &a);

    return 0;
}

int memory_add(struct memory_map *map, paddr_t start, paddr_t end,
               unsigned int node)
{
    static bool is_busy;
    int rc;

    ASSERT(spin_holds_none());
    if (__atomic_exchange_n(&is_busy, true, __ATOMIC_ACQUIRE))
        return refuse(start, end, -EBUSY, "another CPU is adding memory");
    rc = add(map, start, end, node);
    __atomic_store_n(&is_busy, false, __ATOMIC_RELEASE);

    return rc;
}
