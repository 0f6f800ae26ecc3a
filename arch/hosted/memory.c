/* SPDX-License-Identifier: MIT */
/*
 * The frame table and the M2P of a process: address space that nobody may
 * touch, with memory only where the core asked for it. Touching an entry that
 * the core should not have ends the process, as it would end the machine.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include <hosted.h>
#include <xen/arch.h>
#include <xen/bits.h>
#include <xen/errno.h>

static unsigned int nr_maps_left = UINT_MAX;
static unsigned long nr_unmapped;

void hosted_fail_map_after(unsigned int nr)
{
    nr_maps_left = nr;
}

static void *reserve(size_t size)
{
    char *space = mmap(NULL, size + SUPERPAGE_SIZE, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (space == MAP_FAILED)
        return NULL;

    return space + (-(uintptr_t)space & (SUPERPAGE_SIZE - 1));
}

/* Afresh rather than by permission: what was there before must not stay. */
static bool map(void *va, size_t size, int permissions)
{
    return mmap(va, size, permissions,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
                0) != MAP_FAILED;
}

/* Nobody may touch it until it is opened. */
static int map_closed(void *va, unsigned long nr)
{
    if (nr_maps_left == 0)
        return -ENOMEM;
    if (nr_maps_left != UINT_MAX)
        nr_maps_left--;

    return map(va, nr << PAGE_SHIFT, PROT_NONE) ? 0 : -ENOMEM;
}

void arch_unmap_table(void *va, unsigned long nr)
{
    if (!map(va, nr << PAGE_SHIFT, PROT_NONE))
        arch_bug(__FILE__, __LINE__, "the host has no memory");
    nr_unmapped += nr;
}

unsigned long hosted_nr_unmapped(void)
{
    return nr_unmapped;
}

static void open_map(void *va, size_t size)
{
    if (!map(va, size, PROT_READ | PROT_WRITE))
        arch_bug(__FILE__, __LINE__, "the host has no memory");
}

void *arch_reserve_frame_table(size_t size)
{
    return reserve(size);
}

int arch_map_frame_table(void *va, mfn_t mfn, unsigned long nr)
{
    (void)mfn;
    return map_closed(va, nr);
}

static void (*at_open)(void);

void hosted_at_open(void (*look)(void))
{
    at_open = look;
}

void arch_open_frame_table(void *va, size_t size)
{
    if (at_open)
        at_open();
    open_map(va, size);
}

static struct hosted_table tables[4];
static unsigned int nr_tables;

const struct hosted_table *hosted_table(unsigned int i)
{
    return i < nr_tables ? &tables[i] : NULL;
}

void *arch_alloc_table(size_t size)
{
    char *table = reserve(size);

    if (!table || !map(table, size, PROT_READ | PROT_WRITE))
        return NULL;
    if (nr_tables < ARRAY_SIZE(tables))
        tables[nr_tables++] = (struct hosted_table){ table, size };

    return table;
}

void *arch_reserve_m2p(size_t size)
{
    return reserve(size);
}

int arch_map_m2p(void *va, mfn_t mfn, unsigned long nr)
{
    (void)mfn;
    return map_closed(va, nr);
}

void arch_open_m2p(void *va, size_t size)
{
    open_map(va, size);
    memset(va, 0xff, size);
}
