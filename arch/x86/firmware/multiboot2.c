/* SPDX-License-Identifier: MIT */
/*
 * Boot information from a multiboot2 loader.
 *
 * A tag is checked against its row of the table below, then read by the row's
 * function, into the boot information or, for the memory maps, to be read when
 * it is known which of them there are.
 */
#include <x86/acpi.h>
#include <x86/multiboot2.h>
#include <xen/bits.h>
#include <xen/efi_memory_map.h>
#include <xen/errno.h>
#include <xen/multiboot2.h>
#include <xen/string.h>
#include <xen/text.h>
#include <xen/warn_limit.h>

/* All of one tag, its header included. */
struct tag {
    const uint8_t *bytes; /* NULL: there was none */
    uint32_t size;
};

struct reader {
    struct boot_info *info;
    struct tag memory_map, efi_map, old_rsdp, new_rsdp;
    uint32_t seen; /* a bit for each type of tag that may come but once */
    unsigned int nr_warnings;
};

/* In front of each printk() of a warning. */
static bool warn(struct reader *reader)
{
    return may_warn(&reader->nr_warnings, "multiboot2");
}

static void read_text(struct reader *reader, const struct tag *tag,
                      const char *what, char *to, size_t to_size)
{
    const char *text = (const char *)tag->bytes + sizeof(struct multiboot2_tag);
    size_t size = tag->size - sizeof(struct multiboot2_tag);

    if (strnlen(text, size) == size && warn(reader))
        printk(LOG_WARNING, "multiboot2: %s: has no end\n", what);
    if (!copy_text(to, to_size, text, size) && warn(reader))
        printk(LOG_WARNING, "multiboot2: %s: cut to %zu characters\n", what,
               to_size - 1);
}

static void read_command_line(struct reader *reader, const struct tag *tag)
{
    read_text(reader, tag, "command line", reader->info->command_line,
              sizeof(reader->info->command_line));
}

static void read_loader(struct reader *reader, const struct tag *tag)
{
    read_text(reader, tag, "loader's name", reader->info->loader,
              sizeof(reader->info->loader));
}

static void read_module(struct reader *reader, const struct tag *tag)
{
    struct multiboot2_module module;
    const char *broken;

    memcpy(&module, tag->bytes, sizeof(module));
    broken = boot_info_add_module(reader->info, module.start, module.end,
                                  (const char *)tag->bytes + sizeof(module),
                                  tag->size - sizeof(module));
    if (broken && warn(reader))
        printk(LOG_WARNING, "multiboot2: module %#x-%#x: ignored: %s\n",
               module.start, module.end, broken);
}

static void read_framebuffer(struct reader *reader, const struct tag *tag)
{
    struct multiboot2_framebuffer from;

    memcpy(&from, tag->bytes, sizeof(from));
    if (from.type > MULTIBOOT2_FRAMEBUFFER_TEXT) {
        if (warn(reader))
            printk(LOG_WARNING,
                   "multiboot2: framebuffer: ignored: type %u is unknown\n",
                   from.type);
        return;
    }

    reader->info->framebuffer = (struct boot_framebuffer){
        .present = true,
        .address = from.address,
        .pitch = from.pitch,
        .width = from.width,
        .height = from.height,
        .bits_per_pixel = from.bits_per_pixel,
        .type = from.type,
    };
}

static void keep_memory_map(struct reader *reader, const struct tag *tag)
{
    reader->memory_map = *tag;
}

static void keep_efi_map(struct reader *reader, const struct tag *tag)
{
    reader->efi_map = *tag;
}

static void keep_old_rsdp(struct reader *reader, const struct tag *tag)
{
    reader->old_rsdp = *tag;
}

static void keep_new_rsdp(struct reader *reader, const struct tag *tag)
{
    reader->new_rsdp = *tag;
}

#define HEADER_SIZE sizeof(struct multiboot2_tag)

static const struct tag_rule {
    uint32_t type;
    bool repeats;
    size_t min_size;
    const char *name;
    void (*read)(struct reader *reader, const struct tag *tag);
} tag_rules[] = {
    { MULTIBOOT2_TAG_COMMAND_LINE, false, HEADER_SIZE, "command line",
      read_command_line },
    { MULTIBOOT2_TAG_LOADER, false, HEADER_SIZE, "loader's name", read_loader },
    { MULTIBOOT2_TAG_MODULE, true, sizeof(struct multiboot2_module), "module",
      read_module },
    { MULTIBOOT2_TAG_MEMORY_MAP, false, sizeof(struct multiboot2_memory_map),
      "memory map", keep_memory_map },
    { MULTIBOOT2_TAG_FRAMEBUFFER, false, sizeof(struct multiboot2_framebuffer),
      "framebuffer", read_framebuffer },
    { MULTIBOOT2_TAG_OLD_RSDP, false, HEADER_SIZE + ACPI_RSDP_OLD_SIZE,
      "old RSDP", keep_old_rsdp },
    { MULTIBOOT2_TAG_NEW_RSDP, false, HEADER_SIZE + sizeof(struct acpi_rsdp),
      "new RSDP", keep_new_rsdp },
    { MULTIBOOT2_TAG_EFI_MAP, false, sizeof(struct multiboot2_efi_map),
      "EFI map", keep_efi_map },
};

/* The first rule that @tag breaks, in words, or NULL. */
static const char *broken_rule(const struct reader *reader,
                               const struct tag_rule *rule,
                               const struct tag *tag)
{
    if (tag->size < rule->min_size)
        return "it is too short";
    if (!rule->repeats && (reader->seen & BIT(rule->type)))
        return "there was one before";

    return NULL;
}

/* Types of tags that have no row are of no interest. */
static void read_tag(struct reader *reader, uint32_t type,
                     const struct tag *tag)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(tag_rules); i++) {
        const struct tag_rule *rule = &tag_rules[i];
        const char *broken;

        if (rule->type != type)
            continue;

        broken = broken_rule(reader, rule, tag);
        if (!broken) {
            reader->seen |= (uint32_t)BIT(type);
            rule->read(reader, tag);
        } else if (warn(reader)) {
            printk(LOG_WARNING, "multiboot2: %s: ignored: %s\n", rule->name,
                   broken);
        }
        return;
    }
}

/*
 * Read the tags in the @size bytes at @tags, up to the one that ends them.
 *
 * Each turn advances by at least the size of a header, so the loop ends.
 */
static void read_tags(struct reader *reader, const uint8_t *tags, uint64_t size)
{
    uint64_t offset = 0;

    while (offset < size && size - offset >= HEADER_SIZE) {
        struct multiboot2_tag header;

        memcpy(&header, tags + offset, sizeof(header));
        if (header.type == MULTIBOOT2_TAG_END)
            return;
        if (header.size < HEADER_SIZE || header.size > size - offset) {
            printk(LOG_WARNING,
                   "multiboot2: tag of type %u: its size cannot be %u, so it "
                   "and what is behind it are ignored\n",
                   header.type, header.size);
            return;
        }

        read_tag(reader, header.type,
                 &(struct tag){ tags + offset, header.size });
        offset += ALIGN_UP((uint64_t)header.size, MULTIBOOT2_TAG_ALIGN);
    }

    printk(LOG_WARNING, "multiboot2: there is no tag that ends the others\n");
}

static void forget_map(struct e820_map *map)
{
    map->nr = 0;
    map->nr_dropped = 0;
}

/* Entries may have grown since the specification, in steps of 8 bytes. */
static void read_memory_map(struct reader *reader)
{
    const struct tag *tag = &reader->memory_map;
    struct multiboot2_memory_map header;
    struct multiboot2_memory_map_entry entry;

    if (!tag->bytes)
        return;

    memcpy(&header, tag->bytes, sizeof(header));
    if (header.entry_size < sizeof(entry) || header.entry_size % 8) {
        printk(LOG_WARNING,
               "multiboot2: memory map: ignored: an entry cannot have %u "
               "bytes\n",
               header.entry_size);
        return;
    }

    if ((tag->size - sizeof(header)) % header.entry_size && warn(reader))
        printk(LOG_WARNING, "multiboot2: memory map: ends inside an entry\n");

    for (uint64_t offset = sizeof(header);
         offset + header.entry_size <= tag->size; offset += header.entry_size) {
        memcpy(&entry, tag->bytes + offset, sizeof(entry));
        e820_add(&reader->info->map, entry.address, entry.size, entry.type);
    }
}

/* Returns false if there is no map of EFI's, or none of any use. */
static bool read_efi_map(struct reader *reader)
{
    const struct tag *tag = &reader->efi_map;
    struct multiboot2_efi_map header;
    struct e820_map *map = &reader->info->map;

    if (!tag->bytes)
        return false;

    memcpy(&header, tag->bytes, sizeof(header));
    if (header.descriptor_version != MULTIBOOT2_EFI_MAP_VERSION) {
        printk(LOG_WARNING,
               "multiboot2: EFI map: ignored: version %u is unknown\n",
               header.descriptor_version);
        return false;
    }

    if (efi_memory_map_parse(tag->bytes + sizeof(header),
                             tag->size - sizeof(header), header.descriptor_size,
                             map) != 0)
        return false;
    if (e820_ram_size(map) == 0) {
        printk(LOG_WARNING, "multiboot2: EFI map: ignored: it has no RAM\n");
        return false;
    }

    return true;
}

/*
 * EFI's map knows more than the other: what is needed at run time, and what is
 * not write-back. So it decides if it can be read.
 */
static void read_maps(struct reader *reader)
{
    struct boot_info *info = reader->info;
    uint64_t other;

    read_memory_map(reader);
    other = e820_ram_size(&info->map);
    forget_map(&info->map);

    if (read_efi_map(reader)) {
        info->efi = true;
        info->other_ram_size = other;
        return;
    }

    forget_map(&info->map);
    read_memory_map(reader);
}

/* The loader's copy lies where it may be overwritten: keep our own. */
static void read_rsdp(struct reader *reader)
{
    const struct tag *tag = &reader->new_rsdp;
    size_t size = sizeof(struct acpi_rsdp);

    if (!tag->bytes) {
        tag = &reader->old_rsdp;
        size = ACPI_RSDP_OLD_SIZE;
    }
    if (!tag->bytes)
        return;

    memcpy(reader->info->rsdp_copy, tag->bytes + HEADER_SIZE, size);
    reader->info->has_rsdp_copy = true;
}

int multiboot2_parse(const struct memory_window *window, paddr_t address,
                     struct boot_info *info)
{
    struct reader reader = { .info = info };
    struct multiboot2_info header;
    const uint8_t *bytes = window_at(window, address, sizeof(header));

    memset(info, 0, sizeof(*info));
    if (!bytes) {
        printk(LOG_ERROR, "multiboot2: %#llx is out of reach\n",
               (unsigned long long)address);
        return -EINVAL;
    }

    memcpy(&header, bytes, sizeof(header));
    if (header.total_size < sizeof(header) ||
        !window_at(window, address, header.total_size)) {
        printk(LOG_ERROR, "multiboot2: the whole cannot have %u bytes\n",
               header.total_size);
        return -EINVAL;
    }

    read_tags(&reader, bytes + sizeof(header),
              header.total_size - sizeof(header));
    read_maps(&reader);
    read_rsdp(&reader);
    boot_info_add_extent(info, address, header.total_size, "boot information");
    if (info->map.nr == 0) {
        printk(LOG_ERROR, "multiboot2: there is no memory map\n");
        return -EINVAL;
    }

    return 0;
}
