/* SPDX-License-Identifier: MIT */
/*
 * The machine-to-physical table: what a guest calls each of its frames.
 *
 * One 8-byte entry a machine frame, which guests read and their owners write
 * (MMU_MACHPHYS_UPDATE). The hypervisor keeps it for them and never believes
 * it. There is memory under it only where there is under the frame table; and
 * it is filled, and shown to guests, when the first group of a GiB is opened.
 */
#ifndef XEN_M2P_H
#define XEN_M2P_H

#include <xen/compiler.h>
#include <xen/mm-frame.h>
#include <xen/types.h>

#define M2P_INVALID (~0UL) /* nobody has named it */

/* Needs the frame table, and the boot allocator. Boot only, once. Returns 0,
 * -ENOMEM, or -EFAULT (the memory keeps nothing). */
__must_check int m2p_init(void);

/* Let the entries of @mfn's group be there: for frame_table_open(). */
void m2p_open(mfn_t mfn);

/* As frame_table_lacks() and frame_table_add(), which is called after it. Undo
 * it, before that: the entries lack @memory again. */
unsigned long m2p_lacks(mfn_t start, unsigned long nr);
__must_check int m2p_add(mfn_t start, unsigned long nr, mfn_t memory);
void m2p_undo_add(mfn_t start, unsigned long nr);

/* @mfn is valid (mfn_valid()). Relaxed: guests see it whenever they do. */
void m2p_set(mfn_t mfn, unsigned long gfn);
unsigned long m2p_get(mfn_t mfn);

#endif /* XEN_M2P_H */
