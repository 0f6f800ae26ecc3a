/* SPDX-License-Identifier: MIT */
/* Guests' address spaces: what they have of ours. The rest is <xen/arch.h>. */
#ifndef CPU_GUEST_SPACE_H
#define CPU_GUEST_SPACE_H

/* Fill hypervisor_slots[], from the page tables as they are. Boot only, before
 * there is a guest. */
void guest_space_init(void);

#endif /* CPU_GUEST_SPACE_H */
