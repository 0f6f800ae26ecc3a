/* SPDX-License-Identifier: MIT */
/*
 * Boot: hand the memory map to the library, then take frames and give them
 * back, and have one of them be a page table. docs/embedding.md walks through
 * this file.
 */
#include <asm/contents.h>
#include <xen/audit.h>
#include <xen/bootmem.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>
#include <xen/memory_map.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>
#include <xen/page_table.h>
#include <xen/printk.h>
#include <xen/relinquish.h>

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
    struct page_info *small = alloc_heap_pages(0, HEAP_NO_LIMIT, 0, NULL);
    struct page_info *large = alloc_heap_pages(9, 1UL << 32, 0, NULL);

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

static uint64_t entry_of(const struct page_info *pg)
{
    return mfn_to_maddr(page_to_mfn(pg)) | PTE_PRESENT | PTE_WRITABLE;
}

/* A domain with two frames: one is a page table that leads to the other, and so
 * neither can be anything else. */
static bool use_a_page_table(struct domain *d)
{
    struct page_info *table = alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, 0);
    struct page_info *pg = alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, 0);
    struct page_holder h = { table, HOLD_READ_ONLY };
    struct page_holder refused = { pg, HOLD_READ_ONLY };

    if (!table || !pg || !get_page(table, d) || !get_page(pg, d))
        return false;
    *(uint64_t *)frame_contents(page_to_mfn(table)) = entry_of(pg);
    if (get_page_table(&h, 1) != 0 || get_page_table(&refused, 1) != -EINVAL)
        return false;
    console_printf("embed: the frame at %#lx is a page table\n",
                   mfn_to_maddr(page_to_mfn(table)));

    return put_holder(&h) == 0 && put_holder(&refused) == 0 && audit() == 0;
}

static bool use_the_domains(void)
{
    struct domain *d;

    if (domains_init() || domain_create(1, 1, 2, &d) || !use_a_page_table(d))
        return false;
    domain_pause(d);

    return domain_destroy(d) == 0 && audit() == 0;
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
    if (m2p_init() != 0) {
        console_printf("embed: no M2P\n");
        leave(1);
    }
    heap_init();
    console_printf("embed: %lu frames are free\n", heap_nr_free());
    if (!use_the_heap()) {
        console_printf("embed: the heap is wrong\n");
        leave(1);
    }
    if (!use_the_domains()) {
        console_printf("embed: domains are wrong\n");
        leave(1);
    }
    console_printf("embed: all is well\n");
    leave(0x10);
}
