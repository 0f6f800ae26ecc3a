/* SPDX-License-Identifier: MIT */
/* Nodes: what ACPI or the user says of them, and which CPUs are where. */
#include <boot/setup.h>
#include <cpu/registers.h>
#include <x86/cpuid.h>
#include <xen/frame_table.h>
#include <xen/numa.h>
#include <xen/printk.h>

const void *boot_table_bytes(const struct boot_table *table, size_t *size)
{
    *size = table->end - table->start;

    return *size > 0 ? window_at(&boot_window, table->start, *size) : NULL;
}

void boot_find_nodes(struct boot_state *state)
{
    const void *table;
    size_t size;

    srat_begin(&state->srat);
    table = boot_table_bytes(&state->srat_table, &size);
    srat_parse(table, size, &state->srat);
    boot_make_room(state, &state->srat, table);
    if (!state->options.numa || state->options.fake_nodes) {
        srat_begin(&state->srat);
        return;
    }
    table = boot_table_bytes(&state->slit_table, &size);
    slit_parse(table, size, &state->srat);
    frame_table_set_homes(&state->srat);
}

/* The number of this CPU's local APIC, which cannot be asked yet. */
static uint32_t initial_apic_id(void)
{
    return cpuid(CPUID_FEATURES).ebx >> CPUID_FEATURES_EBX_APIC_ID_SHIFT;
}

void boot_make_nodes(struct boot_state *state)
{
    if (state->options.fake_nodes)
        numa_fake(&state->map, &state->srat, state->options.fake_nodes);
    else
        numa_init(&state->map, &state->srat);
    numa_set_cpu(0, initial_apic_id());
}

void boot_place_cpus(const struct madt *madt)
{
    for (unsigned int i = 0; i < madt->nr; i++)
        numa_set_cpu(i, madt->apic_id[i]);
    numa_print(madt->nr);
}
