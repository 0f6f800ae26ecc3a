/* SPDX-License-Identifier: MIT */
/*
 * Boot information by the PVH protocol, as QEMU's -kernel gives it (Xen's
 * public "HVM start info", version 0 and 1). Formats are in <x86/pvh.h>.
 */
#ifndef XEN_PVH_H
#define XEN_PVH_H

#include <xen/boot_info.h>
#include <xen/compiler.h>

/**
 * pvh_parse - read the start info at machine address @address into @info.
 *
 * Trusts nothing: what does not lie in @window, or breaks a rule, is named in a
 * warning and left out. Returns 0, or -EINVAL: no start info, or no map in it.
 */
__must_check int pvh_parse(const struct memory_window *window, paddr_t address,
                           struct boot_info *info);

#endif /* XEN_PVH_H */
