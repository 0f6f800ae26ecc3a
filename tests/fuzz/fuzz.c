/* SPDX-License-Identifier: MIT */
/* What fuzzers share. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

void fuzz_take(const uint8_t **data, size_t *left, void *to, size_t size)
{
    size_t there = size < *left ? size : *left;

    memset(to, 0, size);
    memcpy(to, *data, there);
    *data += there;
    *left -= there;
}

/* At an odd address, and AddressSanitizer guards both of its ends. */
struct memory_window fuzz_window(const uint8_t *data, size_t size,
                                 paddr_t start)
{
    uint8_t *odd = malloc(size + 1);

    EXPECT(odd);
    memcpy(odd + 1, data, size);
    return (struct memory_window){ odd + 1, start, size };
}

void fuzz_window_free(const struct memory_window *window)
{
    free((uint8_t *)(uintptr_t)window->base - 1);
}

static void check_modules(const struct boot_info *info)
{
    EXPECT(info->nr_modules <= BOOT_MAX_MODULES);
    for (unsigned int i = 0; i < info->nr_modules; i++) {
        const struct boot_module *module = &info->module[i];

        EXPECT(module->start <= module->end);
        EXPECT(module->end <= PADDR_MAX);
        EXPECT(module->name[0] != '\0');
        EXPECT(memchr(module->name, '\0', sizeof(module->name)));
    }
}

static void check_extents(const struct boot_info *info,
                          const struct memory_window *window)
{
    EXPECT(info->nr_extents > 0 && info->nr_extents <= BOOT_MAX_EXTENTS);
    for (unsigned int i = 0; i < info->nr_extents; i++) {
        const struct boot_extent *extent = &info->extent[i];

        EXPECT(extent->start < extent->end);
        EXPECT(window_at(window, extent->start, extent->end - extent->start));
        EXPECT(extent->what && extent->what[0] != '\0');
    }
}

void fuzz_check_boot_info(const struct boot_info *info,
                          const struct memory_window *window)
{
    EXPECT(memchr(info->loader, '\0', sizeof(info->loader)));
    EXPECT(memchr(info->command_line, '\0', sizeof(info->command_line)));
    check_modules(info);
    check_extents(info, window);
    EXPECT(info->map.nr > 0 && info->map.nr <= E820_MAX_ENTRIES);
    EXPECT(!info->efi || e820_ram_size(&info->map) > 0);
    EXPECT(info->efi || info->other_ram_size == 0);
}
