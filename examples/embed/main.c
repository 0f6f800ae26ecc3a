/* SPDX-License-Identifier: MIT */
/*
 * Boot: hand the memory map to the library, then take frames and give them
 * back. docs/embedding.md walks through this file.
 */
#include <xen/bootmem.h>
#include <xen/frame_table.h>
#include <xen/memory_map.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>

#include "embed.h"

/* What QEMU's -kernel leaves in memory (PVH "HVM start info"). */
struct start_info {
    uint32_t magic, version, flags, nr_modules;
    uint64_t modules, command_line, rsdp, memory_map;
    uint32_t nr_entries, reserved;
};

struct start_info_entry {
    uint64_t address, size;
    uint32_t type, reserved;
};

extern char image_start[], image_end[];

static struct e820_map raw;
static struct memory_map map;

static void read_map(const struct start_info *info)
{
    const struct start_info_entry *entry = (void *)info->memory_map;

    for (unsigned int i = 0; i < info->nr_entries; i++)
        e820_add(&raw, entry[i].address, entry[i].size, entry[i].type);
    memory_map_build(&map, &raw);
    memory_map_print(&map, 100);
}

/* Everything that is RAM, but for what is in use. Embed knows all of it: the
 * loader's information has been read by now. */
static void fill_bootmem(void)
{
    if (bootmem_reserve(0, 0x100000, "real-mode memory") ||
        bootmem_reserve((paddr_t)image_start, (paddr_t)image_end, "embed")) {
        console_printf("embed: no room to reserve what is in use\n");
        leave(1);
    }
    for (unsigned int i = 0; i < map.nr; i++) {
        if (map.range[i].kind == MEMORY_RAM)
            bootmem_add(map.range[i].start, map.range[i].end);
    }
}

static bool use_the_heap(void)
{
    unsigned long nr_free = heap_nr_free();
    struct page_info *small = alloc_heap_pages(0, HEAP_NO_LIMIT, NULL);
    struct page_info *large = alloc_heap_pages(9, 1UL << 32, NULL);

    if (!small || !large)
        return false;
    console_printf("embed: a frame at %#lx, a superpage at %#lx\n",
                   mfn_to_maddr(page_to_mfn(small)),
                   mfn_to_maddr(page_to_mfn(large)));
    if (heap_nr_free() != nr_free - 1 - SUPERPAGE_FRAMES)
        return false;

    free_heap_pages(small, 0, TLB_NO_DEBT);
    free_heap_pages(large, 9, TLB_NO_DEBT);

    return heap_nr_free() == nr_free && heap_check() == 0;
}

void embed_main(const struct start_info *info);
void embed_main(const struct start_info *info)
{
    read_map(info);
    fill_bootmem();
    if (frame_table_init(&map) != 0) {
        console_printf("embed: no frame table\n");
        leave(1);
    }
    heap_init();
    console_printf("embed: %lu frames are free\n", heap_nr_free());
    if (!use_the_heap()) {
        console_printf("embed: the heap is wrong\n");
        leave(1);
    }
    console_printf("embed: all is well\n");
    leave(0x10);
}
