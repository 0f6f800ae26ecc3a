/* SPDX-License-Identifier: MIT */
/*
 * Boot information from a multiboot2 loader (Multiboot2 Specification 2.0,
 * "Boot information format"). Formats are in <x86/multiboot2.h>.
 */
#ifndef XEN_MULTIBOOT2_H
#define XEN_MULTIBOOT2_H

#include <xen/boot_info.h>
#include <xen/compiler.h>

/**
 * multiboot2_parse - read the tags at machine address @address into @info.
 *
 * Trusts nothing: each tag is checked against the whole, the whole against
 * @window. A tag that breaks a rule is named in a warning and left out, with
 * all behind it if its length cannot be believed. Where there is an EFI map it
 * decides, and @info->other_ram_size is what the other one claims.
 *
 * Returns 0, or -EINVAL: there is no information that could be read at all, or
 * no memory map in it. @info is then in no particular state.
 */
__must_check int multiboot2_parse(const struct memory_window *window,
                                  paddr_t address, struct boot_info *info);

#endif /* XEN_MULTIBOOT2_H */
