/* SPDX-License-Identifier: MIT */
/* Opens groups of the frame table: clears their entries, when first needed. */
#include <xen/arch.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>

#include "once.h"

/* Groups that somebody is at, or was. Bits are set atomically. */
static unsigned long begun[BITMAP_LONGS(FRAME_TABLE_MAX_GROUPS)];

unsigned long frame_table_open_size(void)
{
    unsigned long size = 0;

    for (unsigned long pdx = 0; pdx < nr_pdxs; pdx += FRAMES_PER_GROUP)
        if (pdx_valid(pdx))
            size += GROUP_TABLE_SIZE;

    return size;
}

void frame_table_open(mfn_t mfn)
{
    unsigned long group;

    if (!mfn_has_place(mfn))
        return;
    group = mfn_to_pdx(mfn) / FRAMES_PER_GROUP;
    if (!once_begin(begun, valid_groups, group))
        return;
    arch_open_frame_table((char *)frame_table + group * GROUP_TABLE_SIZE,
                          GROUP_TABLE_SIZE);
    m2p_open(mfn);
    once_set(valid_groups, group);
}
