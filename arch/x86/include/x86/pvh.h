/* SPDX-License-Identifier: MIT */
/*
 * The PVH boot protocol: Xen's documentation, "x86/HVM direct boot ABI", and
 * the public header arch-x86/hvm/start_info.h.
 */
#ifndef X86_PVH_H
#define X86_PVH_H

/* The ELF note of this type and name holds the 32-bit entry point. */
#define PVH_NOTE_ENTRY 18
#define PVH_NOTE_NAME  "Xen"

#define PVH_START_MAGIC 0x336ec578

#ifndef __ASSEMBLY__

#include <xen/compiler.h>
#include <xen/types.h>

struct pvh_start_info {
    uint32_t magic, version, flags;
    uint32_t nr_modules;
    uint64_t module_list;
    uint64_t command_line; /* 0: none, as for the others */
    uint64_t rsdp;
    /* From version 1 on. */
    uint64_t memory_map;
    uint32_t nr_memory_map;
    uint32_t reserved;
} __packed;

#define PVH_START_INFO_SIZE_0 offsetof(struct pvh_start_info, memory_map)

struct pvh_module {
    uint64_t address, size;
    uint64_t command_line;
    uint64_t reserved;
} __packed;

/* Types are those of e820. */
struct pvh_memory_map_entry {
    uint64_t address, size;
    uint32_t type, reserved;
} __packed;

_Static_assert(PVH_START_INFO_SIZE_0 == 40, "see the public header");
_Static_assert(sizeof(struct pvh_start_info) == 56, "see there");
_Static_assert(sizeof(struct pvh_module) == 32, "see there");
_Static_assert(sizeof(struct pvh_memory_map_entry) == 24, "see there");

#endif /* __ASSEMBLY__ */

#endif /* X86_PVH_H */
