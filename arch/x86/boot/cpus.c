/* SPDX-License-Identifier: MIT */
/* The other CPUs: who there is, as ACPI says, and how they come to join. */
#include <boot/setup.h>
#include <cpu/delay.h>
#include <cpu/lapic.h>
#include <cpu/percpu.h>
#include <cpu/registers.h>
#include <cpu/smpboot.h>
#include <xen/bootmem.h>
#include <xen/numa.h>
#include <xen/printk.h>
#include <xen/smp.h>

void boot_find_cpus(struct boot_state *state)
{
    size_t size;
    const void *table = boot_table_bytes(&state->madt_table, &size);

    if (!table)
        printk(LOG_WARNING, "ACPI has no list of CPUs: this one is alone\n");
    madt_parse(table, size, &state->madt);

    state->trampoline = INVALID_MFN;
    if (state->madt.nr > 0)
        state->trampoline = bootmem_alloc(1, 1, TRAMPOLINE_LIMIT, "trampoline");
}

/* How many of the CPUs that are listed shall run? */
static void choose(struct boot_state *state)
{
    struct madt *madt = &state->madt;

    madt_put_first(madt, lapic_id());
    boot_cpu.apic_id = lapic_id();
    state->nr_cpus_listed = madt->nr + madt->nr_left_out;
    madt_limit(madt, state->options.max_cpus);
    if (madt->nr > 1 && mfn_eq(state->trampoline, INVALID_MFN)) {
        printk(LOG_WARNING,
               "no frame is free below %#x, where other CPUs "
               "begin: this one is alone\n",
               TRAMPOLINE_LIMIT);
        madt_limit(madt, 1);
    }
}

void boot_start_cpus(struct boot_state *state)
{
    unsigned long ms = 0;

    delay_init();
    state->nr_cpus_listed = state->madt.nr > 0 ? state->madt.nr : 1;
    if (lapic_init(state->madt.lapic)) {
        choose(state);
        boot_place_cpus(&state->madt);
        interrupts_enable();
        if (state->madt.nr > 1)
            ms = smpboot_start(&state->madt, state->trampoline);
    } else {
        numa_print(1);
    }
    printk(LOG_INFO, "cpus: %u of %u are up in %lu ms\n",
           cpumask_weight(&cpu_online_map), state->nr_cpus_listed, ms);
    printk(LOG_INFO, "bench: smp.up.ms %lu\n", ms);
}
