/* SPDX-License-Identifier: MIT */
/* Memory that is plugged in: room for it at boot, and taking it into use. */
#include <boot/setup.h>
#include <cpu/dimm.h>
#include <cpu/paging.h>
#include <x86/acpi.h>
#include <x86/dimm.h>
#include <xen/bits.h>
#include <xen/machine.h>
#include <xen/memory_add.h>
#include <xen/memory_room.h>
#include <xen/numa.h>
#include <xen/printk.h>
#include <xen/string.h>

/* The state of the boot, if the machine has such a block. */
static struct boot_state *plugged;

void boot_make_room(struct boot_state *state, const struct srat *srat,
                    const void *table)
{
    const struct acpi_header *header = table;
    paddr_t limit = boot_map_limit(&state->options);

    if (!table || memcmp(header->oem, DIMM_ACPI_OEM, sizeof(header->oem)) != 0)
        return;
    memory_map_room_of_srat(&state->map, srat, ALIGN_DOWN(limit, ROOM_UNIT));
    if (memory_map_size(&state->map, MEMORY_ROOM) > 0 && dimm_block_is_there())
        plugged = state;
}

/* The contents of memory can be reached before anybody gets it, and are not if
 * nobody does. */
static bool take_in(const struct dimm *dimm)
{
    paddr_t end = dimm->start + dimm->size;
    unsigned int node = numa_node_of_domain(dimm->domain);

    if (memory_add_check(&plugged->map, dimm->start, end, node))
        return false;
    if (paging_map_memory(dimm->start, end)) {
        printk(LOG_WARNING, "DIMM at %#lx: no memory for page tables\n",
               dimm->start);
        return false;
    }
    if (memory_add(&plugged->map, dimm->start, end, node) == 0)
        return true;
    paging_unmap_memory(dimm->start, end);

    return false;
}

/* Firmware may have told of it, or it was taken in before. */
static bool is_in_use(const struct dimm *dimm)
{
    return dimm->size > 0 && dimm->start + dimm->size > dimm->start &&
           memory_map_is_ram(&plugged->map, dimm->start,
                             dimm->start + dimm->size);
}

unsigned int boot_take_in_memory(unsigned int *nr_refused)
{
    unsigned int nr = 0;
    struct dimm dimm;

    *nr_refused = 0;
    for (unsigned int slot = 0; plugged && slot < DIMM_MAX_SLOTS; slot++) {
        if (!dimm_read(slot, &dimm) || is_in_use(&dimm))
            continue;
        if (take_in(&dimm)) {
            dimm_acknowledge(slot);
            nr++;
        } else {
            ++*nr_refused;
        }
    }

    return nr;
}

void machine_add_memory(void)
{
    unsigned int nr, nr_refused;

    if (!plugged) {
        console_printf("hotadd  no memory can be plugged into this machine\n");
        return;
    }
    nr = boot_take_in_memory(&nr_refused);
    console_printf("hotadd  %u taken in, %u refused\n", nr, nr_refused);
}
