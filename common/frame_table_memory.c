/* SPDX-License-Identifier: MIT */
/* Puts memory under the core's tables, near to the frames they describe. */
#include <xen/bootmem.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/printk.h>
#include <xen/srat.h>

#include "frame_table_memory.h"

static const struct srat *homes;

void frame_table_set_homes(const struct srat *srat)
{
    homes = srat->refused || srat->nr_domains < 2 ? NULL : srat;
}

bool frame_table_has_homes(void)
{
    return homes != NULL;
}

unsigned int frame_table_home(const struct memory_map *map, unsigned long group)
{
    paddr_t start = mfn_to_maddr(pdx_to_mfn(group * FRAMES_PER_GROUP));
    const struct memory_range *ram;
    const struct srat_range *range;

    if (!homes)
        return HOME_ANYWHERE;
    ram = memory_map_next_ram(map, start);
    if (ram && ram->start > start)
        start = ram->start;
    range = srat_next_range(homes, start);

    return range && range->start <= start ? range->domain : HOME_ANYWHERE;
}

/* Take @nr superpages in a row: INVALID_MFN if @home has none. They come from
 * nowhere else. */
static mfn_t take_memory(unsigned long nr, unsigned int home, const char *owner)
{
    mfn_t mfn = INVALID_MFN;

    nr *= SUPERPAGE_FRAMES;
    if (home == HOME_ANYWHERE)
        return bootmem_alloc(nr, SUPERPAGE_FRAMES, PADDR_MAX, owner);

    for (unsigned int i = homes->nr_ranges;
         i-- > 0 && mfn_eq(mfn, INVALID_MFN);) {
        const struct srat_range *range = &homes->range[i];

        if (range->domain == home)
            mfn = bootmem_alloc_in(nr, SUPERPAGE_FRAMES, range->start,
                                   range->end, owner);
    }

    return mfn;
}

static int no_memory(const struct table_kind *kind, const char *what,
                     unsigned long nr)
{
    printk(LOG_ERROR,
           "%s: no %s; wanted %lu MiB more in pieces of 2 MiB, aligned to "
           "that; %lu MiB are free in all\n",
           kind->name, what, nr * SUPERPAGE_SIZE >> 20,
           bootmem_nr_free() >> (20 - PAGE_SHIFT));

    return -ENOMEM;
}

/* The fewer pieces the fewer mappings; but in fragmented memory single
 * superpages will do. */
int table_back(const struct table_kind *kind, char *va, unsigned long nr,
               unsigned int home)
{
    unsigned long piece = nr;

    while (nr > 0) {
        mfn_t mfn;
        int rc;

        if (piece > nr)
            piece = nr;
        mfn = take_memory(piece, home, kind->name);
        if (mfn_eq(mfn, INVALID_MFN)) {
            if (piece == 1 && home == HOME_ANYWHERE)
                return no_memory(kind, "memory", nr);
            if (piece == 1)
                home = HOME_ANYWHERE;
            piece = piece > 1 ? piece / 2 : nr;
            continue;
        }
        rc = kind->map(va, mfn, piece * SUPERPAGE_FRAMES);
        if (rc)
            return rc == -ENOMEM ? no_memory(kind, "page tables", nr) : rc;
        printk(LOG_DEBUG, "%s: %lu MiB at %p\n", kind->name,
               piece * SUPERPAGE_SIZE >> 20, va);
        va += piece * SUPERPAGE_SIZE;
        nr -= piece;
    }

    return 0;
}
