/* SPDX-License-Identifier: MIT */
/* What the parsers of boot information have in common. */
#include <xen/boot_info.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/text.h>

const char *boot_info_add_module(struct boot_info *info, uint64_t start,
                                 uint64_t end, const char *text, size_t max)
{
    struct boot_module *module;

    if (end < start)
        return "it ends before it starts";
    if (end > PADDR_MAX)
        return "it ends past the last address";
    if (info->nr_modules == BOOT_MAX_MODULES)
        return "there are too many";

    module = &info->module[info->nr_modules];
    module->start = start;
    module->end = end;
    (void)copy_text(module->name, sizeof(module->name), text, max);
    if (module->name[0] == '\0')
        snprintf(module->name, sizeof(module->name), "module %u",
                 info->nr_modules);
    info->nr_modules++;

    return NULL;
}

void boot_info_add_extent(struct boot_info *info, paddr_t start, uint64_t size,
                          const char *what)
{
    if (size == 0 || info->nr_extents == BOOT_MAX_EXTENTS)
        return;

    info->extent[info->nr_extents++] =
        (struct boot_extent){ start, start + size, what };
}
