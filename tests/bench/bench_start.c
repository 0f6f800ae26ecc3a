/* SPDX-License-Identifier: MIT */
/* What it takes to have a heap, by the size of the RAM. */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <xen/bootmem.h>
#include <xen/frame_table.h>

#include "workloads.h"

#define RAM_START (1UL << 20)
#define ONE_GIB   (1UL << 30)

static struct memory_map map;

/* As the machine boots, up to the heap. */
static void boot(paddr_t end)
{
    static struct e820_map raw;

    e820_add(&raw, RAM_START, end - RAM_START, E820_RAM);
    memory_map_build(&map, &raw);
    for (unsigned int i = 0; i < map.nr; i++)
        if (map.range[i].kind == MEMORY_RAM)
            bootmem_add(map.range[i].start, map.range[i].end);
    BUG_ON(frame_table_init(&map) != 0);
}

static void take_over(unsigned long n)
{
    (void)n;
    tested->take_over();
}

/* One for each page that is touched for the first time. */
static unsigned long nr_faults(void)
{
    struct rusage usage;

    BUG_ON(getrusage(RUSAGE_SELF, &usage) != 0);

    return (unsigned long)usage.ru_minflt;
}

/* What is done once is counted as one operation. */
void heap_start(const struct run *run)
{
    unsigned long before;

    BUG_ON(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0);
    boot(run->n * ONE_GIB);
    tested->prepare(run->n * ONE_GIB >> PAGE_SHIFT);
    before = nr_faults();
    measure(take_over, 1, 1);
    printf("touched: %lu\n", (nr_faults() - before) * PAGE_SIZE);
}
