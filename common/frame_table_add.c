/* SPDX-License-Identifier: MIT */
/* Gives more frames a place in the frame table, when memory is added. */
#include <xen/arch.h>
#include <xen/frame_table.h>
#include <xen/frame_table_add.h>

#include "frame_table_memory.h"

#define SUPERPAGES_PER_GROUP (GROUP_TABLE_SIZE / SUPERPAGE_SIZE)

/* Groups, from @first on. */
struct groups {
    unsigned long first, nr;
};

/* Those of [@start, @start + @nr) that have no memory. Only where the frames
 * begin or end may a group have RAM of others, so they follow one another. */
static struct groups groups_lacking(mfn_t start, unsigned long nr)
{
    unsigned long group = mfn_to_pdx(start) / FRAMES_PER_GROUP;
    unsigned long last = (mfn_to_pdx(start) + nr - 1) / FRAMES_PER_GROUP;
    struct groups found = { 0, 0 };

    for (; group <= last; group++)
        if (!bitmap_test(ram_groups, group) && found.nr++ == 0)
            found.first = group;

    return found;
}

unsigned long frame_table_lacks(mfn_t start, unsigned long nr)
{
    return groups_lacking(start, nr).nr * SUPERPAGES_PER_GROUP;
}

int frame_table_add(mfn_t start, unsigned long nr, mfn_t memory)
{
    struct groups groups = groups_lacking(start, nr);
    char *va = (char *)frame_table + groups.first * GROUP_TABLE_SIZE;
    unsigned long nr_frames =
        groups.nr * SUPERPAGES_PER_GROUP * SUPERPAGE_FRAMES;
    int rc;

    if (groups.nr == 0)
        return 0;
    rc = arch_map_frame_table(va, memory, nr_frames);
    if (rc) {
        arch_unmap_table(va, nr_frames);
        return rc;
    }
    for (unsigned long i = 0; i < groups.nr; i++)
        frame_table_mark_group(groups.first + i);

    return 0;
}
