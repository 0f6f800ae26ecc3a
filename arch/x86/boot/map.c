/* SPDX-License-Identifier: MIT */
/* The memory map: what firmware says, and then what the user says. */
#include <boot/setup.h>
#include <cpu/image.h>
#include <cpu/registers.h>
#include <x86/cpuid.h>
#include <xen/bits.h>
#include <xen/mm-frame.h>
#include <xen/printk.h>

/* What fits a screen; the monitor shows all. */
#define MAX_RAW_ROWS 24U
#define MAX_ROWS     48U

/* Below a map that is shown in the boot log: what is not. */
static void point_to_monitor(unsigned int nr, unsigned int max)
{
    if (CONFIG_MONITOR && nr > max)
        printk(LOG_INFO, "        the monitor's 'map' shows all\n");
}

static void print_raw(const struct e820_map *raw)
{
    if (console_level() >= LOG_INFO)
        memory_map_print_raw(raw, MAX_RAW_ROWS);
    point_to_monitor(raw->nr, MAX_RAW_ROWS);
    if (raw->nr_dropped)
        printk(LOG_WARNING, "memory: %u entries found no room in the table\n",
               raw->nr_dropped);
}

static void print_used(const struct memory_map *map)
{
    if (console_level() >= LOG_INFO)
        memory_map_print(map, MAX_ROWS);
    point_to_monitor(map->nr, MAX_ROWS);
}

/* Two maps of one machine differ by what changed while they were made. */
#define MAP_TOLERANCE(size) ((size) / 64)

static uint64_t difference(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Warn if the EFI map and the loader's other one tell of two machines. */
static void cross_check(const struct boot_info *info)
{
    uint64_t ram = e820_ram_size(&info->map);

    if (!info->other_ram_size)
        return;
    if (difference(ram, info->other_ram_size) > MAP_TOLERANCE(ram))
        printk(LOG_WARNING,
               "the EFI map has %lu MiB of RAM, the other map %lu MiB; "
               "the EFI map counts\n",
               ram >> 20, info->other_ram_size >> 20);
}

/* memmap=: more entries, or these instead of firmware's. */
static void add_entries(struct e820_map *raw,
                        const struct boot_options *options)
{
    if (options->exact_map)
        raw->nr = raw->nr_dropped = 0;
    for (unsigned int i = 0; i < options->nr_memmap; i++)
        e820_add(raw, options->memmap[i].address, options->memmap[i].size,
                 options->memmap[i].type);

    printk(LOG_INFO, "With memmap=, from the command line:\n");
    print_raw(raw);
}

/* Above it a page table entry cannot name an address. */
static paddr_t cpu_limit(void)
{
    unsigned int bits = CPUID_WIDTHS_PHYSICAL_DEFAULT;

    if (cpuid(CPUID_EXT_MAX).eax >= CPUID_WIDTHS)
        bits = cpuid(CPUID_WIDTHS).eax & CPUID_WIDTHS_EAX_PHYSICAL;

    return bits < PADDR_BITS ? BIT(bits) : PADDR_MAX;
}

paddr_t boot_map_limit(const struct boot_options *options)
{
    return options->mem < cpu_limit() ? options->mem : cpu_limit();
}

/* A loader puts the image where it is linked, whatever is there. */
static void check_image(const struct memory_map *map)
{
    paddr_t start = image_maddr(image_start), end = image_maddr(image_end);
    const struct memory_range *range;
    paddr_t at = start;

    if (memory_map_is_ram(map, start, end))
        return;

    while (memory_map_is_ram(map, at, at + PAGE_SIZE))
        at += PAGE_SIZE;
    range = memory_map_find(map, at);
    boot_fail("the image, [%#lx, %#lx), is not in RAM: at %#lx is %s (%s)",
              start, end, at, range ? memory_kind_name(range->kind) : "nothing",
              range ? memory_reason_text(range->reason)
                    : "no entry speaks of it");
}

void boot_build_map(struct boot_state *state)
{
    const struct boot_options *options = &state->options;

    print_raw(&state->info.map);
    cross_check(&state->info);
    if (options->exact_map || options->nr_memmap)
        add_entries(&state->info.map, options);

    memory_map_build(&state->map, &state->info.map);
    memory_map_limit(&state->map, cpu_limit(), REASON_CPU_LIMIT);
    if (options->mem < PADDR_MAX)
        memory_map_limit(&state->map, options->mem, REASON_MEM_LIMIT);

    print_used(&state->map);
    check_image(&state->map);
}
