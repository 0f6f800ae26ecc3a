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

static int map(void *va, unsigned long nr)
{
    if (nr_maps_left == 0)
        return -ENOMEM;
    if (nr_maps_left != UINT_MAX)
        nr_maps_left--;

    /* Map afresh rather than permit: what was there before must not stay. */
    if (mmap(va, nr << PAGE_SHIFT, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
             0) == MAP_FAILED)
        return -ENOMEM;

    return 0;
}

void *arch_reserve_frame_table(size_t size)
{
    return reserve(size);
}

int arch_map_frame_table(void *va, mfn_t mfn, unsigned long nr)
{
    (void)mfn;
    return map(va, nr);
}

void *arch_reserve_m2p(size_t size)
{
    return reserve(size);
}

int arch_map_m2p(void *va, mfn_t mfn, unsigned long nr)
{
    int rc = map(va, nr);

    (void)mfn;
    if (rc)
        return rc;
    memset(va, 0xff, nr << PAGE_SHIFT);

    return 0;
}
