/* SPDX-License-Identifier: MIT */
/*
 * Which CPUs there are, as ACPI's MADT tells. Formats are in <x86/madt.h>.
 *
 * A CPU is known by the number of its local APIC. Of these only those that an
 * interrupt can be sent to in xAPIC mode are of use: 0 to 254. x2APIC mode, and
 * with it any larger number, is not supported.
 */
#ifndef XEN_MADT_H
#define XEN_MADT_H

#include <xen/config.h>
#include <xen/types.h>

/* 255 is not a CPU: it means all of them. */
#define NR_APIC_IDS 255U

/* Where the registers are if nothing else is said. */
#define LAPIC_DEFAULT_ADDRESS 0xfee00000UL

struct madt {
    paddr_t lapic;                    /* each CPU finds its own there */
    unsigned int nr;                  /* CPUs to be started */
    unsigned int nr_disabled;         /* not there, or switched off */
    unsigned int nr_left_out;         /* more than CONFIG_NR_CPUS */
    uint32_t apic_id[CONFIG_NR_CPUS]; /* by our number; each one once */
};

/**
 * madt_parse - read the table of @size bytes at @table into @madt.
 *
 * An entry that breaks a rule is named in a warning and left out, and so are
 * all behind one whose length cannot be. @table may be NULL: there is none, and
 * no CPU is known.
 */
void madt_parse(const void *table, size_t size, struct madt *madt);

/**
 * madt_put_first - let the CPU with @apic_id, which is running, be number 0.
 *
 * If the table does not know it, that is said in a warning, and it is added.
 */
void madt_put_first(struct madt *madt, uint32_t apic_id);

/* Use the first @max CPUs only, at least one. */
void madt_limit(struct madt *madt, unsigned int max);

#endif /* XEN_MADT_H */
