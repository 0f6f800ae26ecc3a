/* SPDX-License-Identifier: MIT */
/* What became of the memory, and what the hypervisor took of it. */
#include <boot/setup.h>
#include <cpu/image.h>
#include <xen/bootmem.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/pdx.h>
#include <xen/printk.h>

/* In hundredths of a percent. */
static unsigned long share_of(unsigned long part, unsigned long whole)
{
    return whole ? part * 10000 / whole : 0;
}

static unsigned long nr_free_blocks(const struct heap_statistics *s)
{
    unsigned long nr = 0;

    for (unsigned int order = 0; order < NR_ORDERS; order++)
        nr += s->nr_blocks[order];

    return nr;
}

/*
 * What the hypervisor keeps for itself beside the entries that RAM cannot do
 * without: its image with stacks and all static data, its page tables, and the
 * entries of the frame table and the M2P for what is no RAM.
 */
static unsigned long private_bytes(unsigned long ram)
{
    unsigned long kept = (unsigned long)(image_end - image_start) +
                         bootmem_nr_allocated() * PAGE_SIZE;

    return kept -
           (ram >> PAGE_SHIFT) * (PAGE_INFO_SIZE + sizeof(unsigned long));
}

static void print_reservations(void)
{
    if (console_level() >= LOG_INFO)
        bootmem_print_reservations();
    else if (bootmem_nr_lost() > 0)
        printk(LOG_WARNING, "bootmem: too fragmented, %lu frames are lost\n",
               bootmem_nr_lost());
}

void boot_print_summary(const struct boot_state *state, uint64_t ticks)
{
    unsigned long ram = memory_map_size(&state->map, MEMORY_RAM);
    unsigned long table = frame_table_size();
    unsigned long share = share_of(table, ram);
    struct heap_statistics heap;

    if (pdx_compression.form != PDX_IDENTITY)
        printk(
            LOG_INFO,
            "frame numbers are compressed (%s): %lu indices instead of %lu\n",
            pdx_form_name(pdx_compression.form), pdx_compression.nr,
            memory_map_ram_end(&state->map) >> PAGE_SHIFT);

    heap_statistics(&heap);
    print_reservations();
    printk(LOG_INFO,
           "memory: %lu MiB usable of %lu MiB; "
           "frame table %lu MiB (%lu.%02lu%%); "
           "heap %lu MiB free in %lu blocks\n",
           ram >> 20, e820_ram_size(&state->info.map) >> 20, table >> 20,
           share / 100, share % 100, heap.nr_free >> (20 - PAGE_SHIFT),
           nr_free_blocks(&heap));
    printk(LOG_INFO, "frame table: %lu MiB of it are in use so far\n",
           frame_table_open_size() >> 20);
    /* Under QEMU's -icount, as tests/bench has it; else ticks of the TSC. */
    printk(LOG_INFO, "bench: boot.instructions %lu\n", ticks);
    printk(LOG_INFO, "bench: boot.private_bytes %lu\n", private_bytes(ram));
}
