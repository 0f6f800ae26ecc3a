/* SPDX-License-Identifier: MIT */
/*
 * What is in use already, by whom; all other RAM goes to the boot allocator.
 *
 * Loaders and firmware leave what they have to tell in plain RAM, so the map
 * alone does not keep it.
 */
#include <boot/setup.h>
#include <cpu/image.h>
#include <x86/multiboot2.h>
#include <xen/acpi.h>
#include <xen/badpage.h>
#include <xen/bits.h>
#include <xen/bootmem.h>
#include <xen/mm-frame.h>
#include <xen/printk.h>
#include <xen/string.h>

/* Of the first megabyte: what an IBM PC has there, whatever the map says. */
#define VIDEO_AND_ROM_START 0xa0000
#define VIDEO_AND_ROM_END   0x100000

static void reserve(paddr_t start, paddr_t end, const char *owner)
{
    int rc = bootmem_reserve(start, end, owner);

    if (rc)
        printk(LOG_WARNING, "cannot reserve [%#lx, %#lx) for %s: error %d\n",
               start, end, owner, -rc);
}

/* One that is above mem= can no longer be reached. */
static void reserve_modules(const struct boot_state *state)
{
    for (unsigned int i = 0; i < state->info.nr_modules; i++) {
        const struct boot_module *module = &state->info.module[i];
        char owner[32];

        /* One without a name was given its number for one. */
        snprintf(owner, sizeof(owner), "module %u", i);
        if (strcmp(module->name, owner) != 0)
            snprintf(owner, sizeof(owner), "module %u: %s", i, module->name);
        reserve(module->start, module->end, owner);
        if (module->end > module->start &&
            !memory_map_is_ram(&state->map,
                               ALIGN_DOWN(module->start, PAGE_SIZE),
                               ALIGN_UP(module->end, PAGE_SIZE)))
            printk(LOG_WARNING, "%s, [%#lx, %#lx), is not in RAM that we use\n",
                   owner, module->start, module->end);
    }
}

/* Of several tables of one name the first counts. */
static void note_table(struct boot_table *table, const char *wanted,
                       const char *name, paddr_t start, paddr_t end)
{
    if (strcmp(name, wanted) == 0 && table->end == 0)
        *table = (struct boot_table){ start, end };
}

/* Most tables lie where no RAM is, and need nothing. */
static void reserve_table(const char *name, paddr_t start, paddr_t end,
                          void *context)
{
    struct boot_state *state = context;
    char owner[32];

    note_table(&state->madt_table, "APIC", name, start, end);
    note_table(&state->srat_table, "SRAT", name, start, end);
    note_table(&state->slit_table, "SLIT", name, start, end);
    if (!memory_map_touches_ram(&state->map, start, end))
        return;

    snprintf(owner, sizeof(owner), "ACPI %s", name);
    reserve(start, end, owner);
}

/* One of characters lies in video memory; QEMU's ramfb puts one into RAM. */
static void reserve_framebuffer(const struct boot_state *state)
{
    const struct boot_framebuffer *fb = &state->info.framebuffer;
    uint64_t size = (uint64_t)fb->pitch * fb->height;

    if (!fb->present || fb->type == MULTIBOOT2_FRAMEBUFFER_TEXT)
        return;
    printk(LOG_INFO, "framebuffer: %ux%u, %u bits a pixel, at %#lx\n",
           fb->width, fb->height, fb->bits_per_pixel, fb->address);
    if (size <= PADDR_MAX && fb->address <= PADDR_MAX - size &&
        memory_map_touches_ram(&state->map, fb->address, fb->address + size))
        reserve(fb->address, fb->address + size, "framebuffer");
}

void boot_fill_bootmem(struct boot_state *state)
{
    const struct boot_info *info = &state->info;

    reserve(0, PAGE_SIZE, "real-mode vectors");
    reserve(VIDEO_AND_ROM_START, VIDEO_AND_ROM_END, "video memory and ROM");
    if (bootmem_reserve(image_maddr(image_start), image_maddr(image_end),
                        "image"))
        boot_fail("the image cannot be reserved");
    for (unsigned int i = 0; i < info->nr_extents; i++)
        reserve(info->extent[i].start, info->extent[i].end,
                info->extent[i].what);
    reserve_modules(state);
    acpi_visit_tables(&boot_window, info, reserve_table, state);
    reserve_framebuffer(state);

    badpage_reserve(info->command_line);
    for (unsigned int i = 0; i < state->map.nr; i++) {
        const struct memory_range *range = &state->map.range[i];

        if (range->kind == MEMORY_RAM)
            bootmem_add(range->start, range->end);
    }
}
