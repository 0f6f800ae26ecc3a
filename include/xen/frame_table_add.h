/* SPDX-License-Identifier: MIT */
/* What the frame table does for memory that joins later, as <xen/memory_add.h>
 * has it. */
#ifndef XEN_FRAME_TABLE_ADD_H
#define XEN_FRAME_TABLE_ADD_H

#include <xen/compiler.h>
#include <xen/mm-frame.h>

/* The indices of all frames that may be plugged in, and maybe of others, are in
 * [room_first, room_end); it is empty if none may. Set once, at boot. */
extern unsigned long room_first, room_end;

/*
 * frame_table_lacks - how many superpages of memory the table lacks for the
 * frames [@start, @start + @nr), which have indices that follow one another.
 *
 * frame_table_add - put those from @memory on there; then each of the frames
 * has a place. One at a time. Returns 0, or what arch_map_frame_table() does:
 * then nothing has changed.
 */
unsigned long frame_table_lacks(mfn_t start, unsigned long nr);
__must_check int frame_table_add(mfn_t start, unsigned long nr, mfn_t memory);

#endif /* XEN_FRAME_TABLE_ADD_H */
