/* SPDX-License-Identifier: MIT */
/*
 * Memory under the core's two large tables: the frame table, and the M2P. Both
 * in 2 MiB pages.
 */
#include <cpu/clear.h>
#include <cpu/layout.h>
#include <cpu/paging.h>
#include <cpu/ram_probe.h>
#include <xen/arch.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>

_Static_assert(FRAME_TABLE_SIZE / PAGE_INFO_SIZE >= FRAME_TABLE_REACH,
               "there is no room for the frame table");

/* Map it, see whether it is memory, and fill it. */
static int map(void *va, mfn_t mfn, unsigned long nr, uint64_t with)
{
    int rc = paging_map(va, mfn, nr, PAGING_WRITE);

    if (rc)
        return rc;
    for (unsigned long i = 0; i < nr; i += SUPERPAGE_FRAMES)
        if (!ram_keeps_what_is_written((char *)va + (i << PAGE_SHIFT),
                                       mfn_to_maddr(mfn_add(mfn, i))))
            return -EFAULT;
    fill_frames(va, nr, with);

    return 0;
}

void *arch_reserve_frame_table(size_t size)
{
    return size <= FRAME_TABLE_SIZE ? (void *)FRAME_TABLE : NULL;
}

int arch_map_frame_table(void *va, mfn_t mfn, unsigned long nr)
{
    return map(va, mfn, nr, 0);
}

void *arch_reserve_m2p(size_t size)
{
    return size <= M2P_SIZE ? (void *)M2P : NULL;
}

/* Guests see it only once it holds nothing of others. */
int arch_map_m2p(void *va, mfn_t mfn, unsigned long nr)
{
    void *guests = (void *)((uintptr_t)va - M2P + GUESTS_M2P);
    int rc = map(va, mfn, nr, M2P_INVALID);

    return rc ?: paging_map(guests, mfn, nr, PAGING_GUESTS_READ);
}
