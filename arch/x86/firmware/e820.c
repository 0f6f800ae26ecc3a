/* SPDX-License-Identifier: MIT */
/* The list of what firmware says of memory, as it says it. */
#include <xen/e820.h>

void e820_add(struct e820_map *map, uint64_t address, uint64_t size,
              uint32_t type)
{
    struct e820_entry entry = { address, size, type };

    if (map->nr < E820_MAX_ENTRIES) {
        map->entry[map->nr++] = entry;
        map->nr_settled = 0;
        return;
    }

    map->nr_dropped++;
    if (type == E820_RAM)
        return;

    /* What is put in here is not RAM, so no entry is looked at twice. */
    for (; map->nr_settled < E820_MAX_ENTRIES; map->nr_settled++) {
        if (map->entry[map->nr_settled].type == E820_RAM) {
            map->entry[map->nr_settled] = entry;
            return;
        }
    }
}

uint64_t e820_ram_size(const struct e820_map *map)
{
    uint64_t sum = 0;

    for (unsigned int i = 0; i < map->nr; i++) {
        const struct e820_entry *entry = &map->entry[i];

        if (entry->type == E820_RAM &&
            __builtin_add_overflow(sum, entry->size, &sum))
            return UINT64_MAX;
    }

    return sum;
}
