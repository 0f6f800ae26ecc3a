/* SPDX-License-Identifier: MIT */
/*
 * Which memory is near to which CPUs, as ACPI's SRAT tells, and how far it is
 * to the others, as its SLIT does. Formats are in <x86/srat.h>.
 *
 * Firmware puts memory and CPUs into domains, whose numbers are 32 bits, with
 * gaps. Here a domain is known by its index: the order in which they were
 * found. <xen/numa.h> makes nodes of them.
 *
 * What concerns one entry alone is named in a warning, and the entry is left
 * out: whether something misses is seen when it is compared with the RAM there
 * is. What two entries disagree about nobody can decide: nothing is used then.
 */
#ifndef XEN_SRAT_H
#define XEN_SRAT_H

#include <xen/madt.h>
#include <xen/types.h>

#define SRAT_MAX_DOMAINS (CONFIG_NR_CPUS < 16 ? 8U : 64U)
#define SRAT_MAX_RANGES  256U
#define SRAT_NO_DOMAIN   UINT8_MAX

/* What a distance is if nothing else is told: to itself, and to others. */
#define DISTANCE_LOCAL  10U
#define DISTANCE_REMOTE 20U

struct srat_range {
    paddr_t start, end; /* [start, end), in bytes */
    uint8_t domain;     /* its index */
    bool hotplug;       /* memory may be plugged in later */
};

struct srat {
    const char *refused; /* why none of it can be trusted, or NULL */
    bool cpus_by_turns;  /* made up: domain_of_cpu does not count */
    unsigned int nr_domains, nr_ranges, nr_warnings;
    uint32_t domain[SRAT_MAX_DOMAINS];
    /* Ascending, apart; neighbours that touch differ in more than place. */
    struct srat_range range[SRAT_MAX_RANGES];
    uint8_t domain_of_cpu[NR_APIC_IDS];
    uint8_t distance[SRAT_MAX_DOMAINS][SRAT_MAX_DOMAINS]; /* from, to */
};

/* Nothing is known: no domain, and the distances that are usual. */
void srat_begin(struct srat *srat);

/**
 * srat_parse - read the table of @size bytes at @table into @srat.
 *
 * @table may be NULL: there is none, and no domain is known. A table that is
 * too short, or has an entry whose length cannot be, is refused as a whole, and
 * so is what srat_add_memory() refuses.
 */
void srat_parse(const void *table, size_t size, struct srat *srat);

/**
 * slit_parse - read the distances between @srat's domains.
 *
 * Call it behind srat_parse(). @table may be NULL. A table that lacks one of
 * the domains, or a distance that cannot be (10 from each to itself, more to
 * all others), is named in a warning and ignored as a whole.
 */
void slit_parse(const void *table, size_t size, struct srat *srat);

/**
 * srat_add_memory - @size bytes from @start on are of the domain @number.
 *
 * A range that is empty, or ends above PADDR_MAX, is named and left out. One
 * that overlaps with another domain's, or with one that differs in whether it
 * can be plugged; one domain or range too many: @srat is refused.
 */
void srat_add_memory(struct srat *srat, uint64_t start, uint64_t size,
                     uint32_t number, bool hotplug);

/* The CPU with @apic_id is of the domain @number. What is told first counts. */
void srat_add_cpu(struct srat *srat, uint32_t apic_id, uint32_t number);

/* The first range that ends above @address, or NULL. */
const struct srat_range *srat_next_range(const struct srat *srat,
                                         paddr_t address);

/* The index of the one domain that all of [@start, @end) is of, if there is;
 * else SRAT_NO_DOMAIN. An empty range is of none. */
unsigned int srat_domain_of_range(const struct srat *srat, paddr_t start,
                                  paddr_t end);

#endif /* XEN_SRAT_H */
