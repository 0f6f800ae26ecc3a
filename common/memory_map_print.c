/* SPDX-License-Identifier: MIT */
/* The memory map in words: as firmware tells it, and as we use it. */
#include <xen/memory_map.h>
#include <xen/printk.h>

void format_size(char text[SIZE_TEXT], uint64_t bytes)
{
    static const char *const unit[] = { "B",   "KiB", "MiB", "GiB",
                                        "TiB", "PiB", "EiB" };
    unsigned int i = 0;
    uint64_t tenths;

    /* At most 1023 of a unit, and below 100 one digit behind the point. */
    while (bytes >> (10 * i) >= 1024)
        i++;
    tenths = i ? (bytes >> (10 * (i - 1))) % 1024 * 10 / 1024 : 0;
    bytes >>= 10 * i;

    if (tenths && bytes < 100)
        snprintf(text, SIZE_TEXT, "%llu.%llu %s", (unsigned long long)bytes,
                 (unsigned long long)tenths, unit[i]);
    else
        snprintf(text, SIZE_TEXT, "%llu %s", (unsigned long long)bytes,
                 unit[i]);
}

const char *memory_kind_name(enum memory_kind kind)
{
    switch (kind) {
    case MEMORY_RAM: return "RAM";
    case MEMORY_PERSISTENT: return "persistent";
    case MEMORY_ACPI: return "ACPI tables";
    case MEMORY_NVS: return "ACPI NVS";
    case MEMORY_RESERVED: return "reserved";
    case MEMORY_UNUSABLE: return "unusable";
    case MEMORY_ROOM: return "room";
    case NR_MEMORY_KINDS: break;
    }

    return "?";
}

const char *memory_reason_text(enum memory_reason reason)
{
    switch (reason) {
    case REASON_FIRMWARE: return "firmware says so";
    case REASON_OVERLAP: return "entries overlap: the most reserved one wins";
    case REASON_UNKNOWN_TYPE: return "of a type that is not known";
    case REASON_WRAPS: return "an entry that wraps past 2^64";
    case REASON_PARTIAL_FRAME: return "RAM, but not a whole frame";
    case REASON_MEM_LIMIT: return "RAM, but above mem=";
    case REASON_CPU_LIMIT: return "RAM, but above what the CPU can address";
    case REASON_ISLAND: return "RAM, but less than its entries would take";
    case REASON_TABLE_LIMIT: return "RAM, but beyond the frame table's reach";
    case REASON_PLUGGABLE: return "memory may be plugged in";
    case REASON_PLUGGED: return "plugged in";
    case NR_MEMORY_REASONS: break;
    }

    return "?";
}

/* Returns NULL if nobody knows the type. */
static const char *type_name(uint32_t type)
{
    switch (type) {
    case E820_RAM: return memory_kind_name(MEMORY_RAM);
    case E820_RESERVED: return memory_kind_name(MEMORY_RESERVED);
    case E820_ACPI: return memory_kind_name(MEMORY_ACPI);
    case E820_NVS: return memory_kind_name(MEMORY_NVS);
    case E820_UNUSABLE: return memory_kind_name(MEMORY_UNUSABLE);
    case E820_PERSISTENT: return memory_kind_name(MEMORY_PERSISTENT);
    default: return NULL;
    }
}

/* Both tables have these columns; the last byte belongs to the row. */
static void print_head(const char *what, unsigned int nr, const char *note)
{
    console_printf("memory map %s: %u rows\n", what, nr);
    if (nr > 0)
        console_printf("     #  %-16s  %-16s  %10s  %-11s  %s\n", "first byte",
                       "last byte", "size", "kind", note);
}

static void print_row(unsigned int i, uint64_t start, uint64_t size,
                      const char *kind, const char *note)
{
    uint64_t last_byte = start + size - 1;
    char size_text[SIZE_TEXT], last_text[17] = "-";

    format_size(size_text, size);
    if (size > 0 && last_byte >= start)
        snprintf(last_text, sizeof(last_text), "%016llx",
                 (unsigned long long)last_byte);
    console_printf("  %4u  %016llx  %16s  %10s  %-11s  %s\n", i,
                   (unsigned long long)start, last_text, size_text, kind, note);
}

static void print_rest(unsigned int nr, unsigned int max)
{
    if (nr > max)
        console_printf("        and %u more\n", nr - max);
}

void memory_map_print_raw(const struct e820_map *raw, unsigned int max)
{
    print_head("as found", raw->nr, "note");
    for (unsigned int i = 0; i < raw->nr && i < max; i++) {
        const struct e820_entry *entry = &raw->entry[i];
        const char *name = type_name(entry->type);
        bool wraps = entry->address + entry->size - 1 < entry->address;
        char number[SIZE_TEXT];

        snprintf(number, sizeof(number), "type %u", entry->type);
        print_row(i, entry->address, entry->size, name ? name : number,
                  entry->size && wraps ? "wraps past 2^64" : "");
    }
    print_rest(raw->nr, max);
    if (raw->nr_dropped)
        console_printf("        and %u that found no room in the table\n",
                       raw->nr_dropped);
}

void memory_map_print(const struct memory_map *map, unsigned int max)
{
    print_head("as used", map->nr, "why");
    for (unsigned int i = 0; i < map->nr && i < max; i++) {
        const struct memory_range *range = &map->range[i];

        print_row(i, range->start, range->end - range->start,
                  memory_kind_name(range->kind),
                  memory_reason_text(range->reason));
    }
    print_rest(map->nr, max);
}
