/* SPDX-License-Identifier: MIT */
/* Boot information by the PVH protocol. */
#include <x86/pvh.h>
#include <xen/errno.h>
#include <xen/pvh.h>
#include <xen/string.h>
#include <xen/text.h>
#include <xen/warn_limit.h>

struct reader {
    const struct memory_window *window;
    struct boot_info *info;
    struct pvh_start_info start;
    unsigned int nr_warnings;
};

/* In front of each printk() of a warning. */
static bool warn(struct reader *reader)
{
    return may_warn(&reader->nr_warnings, "PVH");
}

/*
 * Find the string at @address: sets *@max to the number of bytes that it may
 * have before the window ends. NULL if there is none.
 */
static const char *find_text(struct reader *reader, paddr_t address,
                             const char *what, size_t *max)
{
    const struct memory_window *window = reader->window;
    const char *text = window_at(window, address, 1);

    *max = 0;
    if (address == 0)
        return NULL;
    if (!text) {
        if (warn(reader))
            printk(LOG_WARNING, "PVH: %s at %#llx is out of reach\n", what,
                   (unsigned long long)address);
        return NULL;
    }

    *max = window->size - (address - window->start);
    return text;
}

/*
 * Find an array of @nr elements, and note its place. NULL if there is none, or
 * not all of it is in the window.
 */
static const uint8_t *find_array(struct reader *reader, paddr_t address,
                                 uint32_t nr, size_t element_size,
                                 const char *what)
{
    uint64_t size = (uint64_t)nr * element_size;
    const uint8_t *array = window_at(reader->window, address, size);

    if (nr == 0)
        return NULL;
    if (address == 0 || !array) {
        if (warn(reader))
            printk(LOG_WARNING,
                   "PVH: %s: ignored: %u entries at %#llx are out of reach\n",
                   what, nr, (unsigned long long)address);
        return NULL;
    }

    boot_info_add_extent(reader->info, address, size, what);
    return array;
}

static bool read_start_info(struct reader *reader, paddr_t address)
{
    struct pvh_start_info *start = &reader->start;
    const void *bytes =
        window_at(reader->window, address, PVH_START_INFO_SIZE_0);
    uint64_t size = PVH_START_INFO_SIZE_0;

    if (!bytes)
        return false;

    memcpy(start, bytes, size);
    if (start->magic != PVH_START_MAGIC)
        return false;
    if (start->version > 0) {
        size = sizeof(*start);
        bytes = window_at(reader->window, address, size);
        if (!bytes)
            return false;
        memcpy(start, bytes, size);
    }

    boot_info_add_extent(reader->info, address, size, "PVH start info");
    return true;
}

static void read_command_line(struct reader *reader)
{
    struct boot_info *info = reader->info;
    size_t max, size;
    const char *text =
        find_text(reader, reader->start.command_line, "command line", &max);

    if (!text)
        return;

    if (!copy_text(info->command_line, sizeof(info->command_line), text, max) &&
        warn(reader))
        printk(LOG_WARNING, "PVH: command line: cut to %zu characters\n",
               sizeof(info->command_line) - 1);
    size = strlen(info->command_line) + 1;
    boot_info_add_extent(info, reader->start.command_line,
                         size < max ? size : max, "command line");
}

static void read_module(struct reader *reader, const struct pvh_module *module)
{
    size_t max;
    const char *text =
        find_text(reader, module->command_line, "module's command line", &max);
    const char *broken = "its size exceeds 64 bits of address";
    uint64_t end;

    if (!__builtin_add_overflow(module->address, module->size, &end))
        broken = boot_info_add_module(reader->info, module->address, end,
                                      text ? text : "", max);
    if (broken && warn(reader))
        printk(LOG_WARNING,
               "PVH: module of %#llx bytes at %#llx: ignored: %s\n",
               (unsigned long long)module->size,
               (unsigned long long)module->address, broken);
}

static void read_modules(struct reader *reader)
{
    uint32_t nr = reader->start.nr_modules;
    struct pvh_module module;
    const uint8_t *list = find_array(reader, reader->start.module_list, nr,
                                     sizeof(module), "module list");

    if (!list)
        return;
    if (nr > BOOT_MAX_MODULES) {
        printk(LOG_WARNING, "PVH: of %u modules the first %u are taken\n", nr,
               BOOT_MAX_MODULES);
        nr = BOOT_MAX_MODULES;
    }

    for (uint32_t i = 0; i < nr; i++) {
        memcpy(&module, list + i * sizeof(module), sizeof(module));
        read_module(reader, &module);
    }
}

static void read_memory_map(struct reader *reader)
{
    uint32_t nr = reader->start.nr_memory_map;
    struct pvh_memory_map_entry entry;
    const uint8_t *array = find_array(reader, reader->start.memory_map, nr,
                                      sizeof(entry), "memory map");

    if (!array)
        return;

    for (uint32_t i = 0; i < nr; i++) {
        memcpy(&entry, array + i * sizeof(entry), sizeof(entry));
        e820_add(&reader->info->map, entry.address, entry.size, entry.type);
    }
}

int pvh_parse(const struct memory_window *window, paddr_t address,
              struct boot_info *info)
{
    struct reader reader = { .window = window, .info = info };

    memset(info, 0, sizeof(*info));
    if (!read_start_info(&reader, address)) {
        printk(LOG_ERROR, "PVH: there is no start info at %#llx\n",
               (unsigned long long)address);
        return -EINVAL;
    }

    (void)copy_text(info->loader, sizeof(info->loader), "PVH", 3);
    info->rsdp = reader.start.rsdp;
    read_command_line(&reader);
    read_modules(&reader);
    read_memory_map(&reader);
    if (info->map.nr == 0) {
        printk(LOG_ERROR, "PVH: there is no memory map\n");
        return -EINVAL;
    }

    return 0;
}
