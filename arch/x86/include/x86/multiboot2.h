/* SPDX-License-Identifier: MIT */
/*
 * Multiboot2 Specification 2.0, "OS image format" and "Boot information
 * format": the numbers and structures.
 */
#ifndef X86_MULTIBOOT2_H
#define X86_MULTIBOOT2_H

/* "OS image format": the header that a loader looks for in the image. */
#define MULTIBOOT2_HEADER_MAGIC             0xe85250d6
#define MULTIBOOT2_HEADER_ALIGN             8
#define MULTIBOOT2_ARCHITECTURE_I386        0
#define MULTIBOOT2_HEADER_TAG_END           0
#define MULTIBOOT2_HEADER_TAG_REQUEST       1 /* tags that we want to be told */
#define MULTIBOOT2_HEADER_TAG_ENTRY         3
#define MULTIBOOT2_HEADER_TAG_FRAMEBUFFER   5
#define MULTIBOOT2_HEADER_TAG_ALIGN_MODULES 6

/* A flag of a header tag: the loader may skip it. */
#define MULTIBOOT2_HEADER_TAG_OPTIONAL 1

/* "Machine state": what EAX holds at the entry point. */
#define MULTIBOOT2_LOADER_MAGIC 0x36d76289

/* "Boot information format": types of tags. */
#define MULTIBOOT2_TAG_END          0
#define MULTIBOOT2_TAG_COMMAND_LINE 1
#define MULTIBOOT2_TAG_LOADER       2
#define MULTIBOOT2_TAG_MODULE       3
#define MULTIBOOT2_TAG_MEMORY_MAP   6
#define MULTIBOOT2_TAG_FRAMEBUFFER  8
#define MULTIBOOT2_TAG_OLD_RSDP     14
#define MULTIBOOT2_TAG_NEW_RSDP     15
#define MULTIBOOT2_TAG_EFI_MAP      17

/* Each tag starts at a multiple of this, counted from the first one. */
#define MULTIBOOT2_TAG_ALIGN 8

#define MULTIBOOT2_FRAMEBUFFER_INDEXED 0
#define MULTIBOOT2_FRAMEBUFFER_RGB     1
#define MULTIBOOT2_FRAMEBUFFER_TEXT    2

/* The only version of EFI's memory descriptor so far. */
#define MULTIBOOT2_EFI_MAP_VERSION 1

#ifndef __ASSEMBLY__

#include <xen/compiler.h>
#include <xen/types.h>

struct multiboot2_info {
    uint32_t total_size; /* of all, with this header, in bytes */
    uint32_t reserved;
} __packed;

struct multiboot2_tag {
    uint32_t type;
    uint32_t size; /* with this header, without padding behind the tag */
} __packed;

struct multiboot2_module {
    struct multiboot2_tag tag;
    uint32_t start, end;
    /* a string follows */
} __packed;

struct multiboot2_memory_map {
    struct multiboot2_tag tag;
    uint32_t entry_size, entry_version;
    /* entries follow */
} __packed;

struct multiboot2_memory_map_entry {
    uint64_t address, size;
    uint32_t type, reserved;
} __packed;

struct multiboot2_framebuffer {
    struct multiboot2_tag tag;
    uint64_t address;
    uint32_t pitch, width, height;
    uint8_t bits_per_pixel, type, reserved;
    /* what the colours mean follows */
} __packed;

struct multiboot2_efi_map {
    struct multiboot2_tag tag;
    uint32_t descriptor_size, descriptor_version;
    /* descriptors follow */
} __packed;

_Static_assert(sizeof(struct multiboot2_info) == 8, "see the specification");
_Static_assert(sizeof(struct multiboot2_module) == 16, "see there");
_Static_assert(sizeof(struct multiboot2_memory_map) == 16, "see there");
_Static_assert(sizeof(struct multiboot2_memory_map_entry) == 24, "see there");
_Static_assert(sizeof(struct multiboot2_framebuffer) == 31, "see there");
_Static_assert(sizeof(struct multiboot2_efi_map) == 16, "see there");

#endif /* __ASSEMBLY__ */

#endif /* X86_MULTIBOOT2_H */
