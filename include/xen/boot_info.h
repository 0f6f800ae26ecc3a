/* SPDX-License-Identifier: MIT */
/*
 * What a boot loader tells, whichever it was: the same structure from
 * multiboot2 and from PVH. Everything is copied, so that the loader's memory
 * may go; addresses are machine addresses, sizes are in bytes.
 */
#ifndef XEN_BOOT_INFO_H
#define XEN_BOOT_INFO_H

#include <xen/compiler.h>
#include <xen/e820.h>
#include <xen/types.h>

#define BOOT_MAX_MODULES  32U
#define BOOT_COMMAND_LINE 2048U

struct boot_module {
    paddr_t start, end; /* [start, end) */
    char name[64];      /* its command line, cut to fit, or "module N" */
};

struct boot_framebuffer {
    bool present;
    paddr_t address;
    uint32_t pitch, width, height; /* pitch in bytes, the others in pixels */
    uint8_t bits_per_pixel;
    uint8_t type; /* Multiboot2: 0 indexed, 1 RGB, 2 EGA text */
};

/* Memory that holds what the loader told: of use until it has been read. */
struct boot_extent {
    paddr_t start, end;
    const char *what;
};
#define BOOT_MAX_EXTENTS 8U

struct boot_info {
    char loader[64];                      /* "GRUB 2.06-13", "PVH" */
    char command_line[BOOT_COMMAND_LINE]; /* without the image's name */

    unsigned int nr_modules;
    struct boot_module module[BOOT_MAX_MODULES];

    bool efi;                /* the map came from EFI's own */
    struct e820_map map;     /* the map that decides */
    uint64_t other_ram_size; /* what the map that lost claims as RAM; 0 if
                                there was one map only */

    paddr_t rsdp;          /* where ACPI's root pointer is; 0 if unknown */
    uint8_t rsdp_copy[36]; /* the loader's copy, if it gave one; an old one */
    bool has_rsdp_copy;    /* has 20 bytes, and zeros follow */

    struct boot_framebuffer framebuffer;

    unsigned int nr_extents;
    struct boot_extent extent[BOOT_MAX_EXTENTS];
};

/*
 * A window on memory, for parsers that follow addresses: the bytes of
 * [start, start + size) stand at @base. The machine's own window is the direct
 * map of its first 4 GiB, a test's is a buffer.
 */
struct memory_window {
    const uint8_t *base;
    paddr_t start;
    uint64_t size;
};

/* The @size bytes at @address, or NULL if not all of them are in @window. */
static inline const void *window_at(const struct memory_window *window,
                                    paddr_t address, uint64_t size)
{
    if (address < window->start || size > window->size ||
        address - window->start > window->size - size)
        return NULL;

    return window->base + (address - window->start);
}

/**
 * boot_info_add_module, boot_info_add_extent - for the parsers: append one.
 *
 * @text has at most @max bytes, less if one is zero. An extent of no size, or
 * one too many, is left out: they only keep memory from being used early.
 *
 * A module that breaks a rule is left out, and the answer is that rule in
 * words; else it is NULL.
 */
__must_check const char *boot_info_add_module(struct boot_info *info,
                                              uint64_t start, uint64_t end,
                                              const char *text, size_t max);
void boot_info_add_extent(struct boot_info *info, paddr_t start, uint64_t size,
                          const char *what);

#endif /* XEN_BOOT_INFO_H */
