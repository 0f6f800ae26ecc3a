/* SPDX-License-Identifier: MIT */
/*
 * The machine-to-physical table: what a guest calls each of its frames.
 *
 * One 8-byte entry a machine frame, which guests read and their owners write
 * (MMU_MACHPHYS_UPDATE). The hypervisor keeps it for them and never believes
 * it. There is memory under it only where there is under the frame table.
 */
#ifndef XEN_M2P_H
#define XEN_M2P_H

#include <xen/compiler.h>
#include <xen/mm-frame.h>
#include <xen/types.h>

#define M2P_INVALID (~0UL) /* nobody has named it */

/* Needs the frame table and the heap. Boot only, once. Returns 0, -ENOMEM. */
__must_check int m2p_init(void);

/* @mfn is valid (mfn_valid()). Relaxed: guests see it whenever they do. */
void m2p_set(mfn_t mfn, unsigned long gfn);
unsigned long m2p_get(mfn_t mfn);

#endif /* XEN_M2P_H */
