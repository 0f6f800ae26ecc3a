/* SPDX-License-Identifier: MIT */
/*
 * The SRAT: which memory and which CPUs are of one domain.
 *
 * Ranges are kept sorted and joined, whatever the order of the entries, so that
 * a few neighbours are all that a new one has to agree with.
 */
#include <x86/srat.h>
#include <xen/bits.h>
#include <xen/mm-frame.h>
#include <xen/srat.h>
#include <xen/string.h>
#include <xen/warn_limit.h>

/* In front of each printk() of a warning. */
static bool warn(struct srat *srat)
{
    return may_warn(&srat->nr_warnings, "SRAT");
}

/* The first reason is the one to be told. */
static void refuse(struct srat *srat, const char *why)
{
    if (!srat->refused)
        printk(LOG_WARNING, "SRAT: refused: %s\n", why);
    if (!srat->refused)
        srat->refused = why;
}

static void refuse_range(struct srat *srat, const struct srat_range *range,
                         const struct srat_range *other, const char *why)
{
    printk(LOG_WARNING,
           "SRAT: [%#llx, %#llx) of domain %u, [%#llx, %#llx) of domain %u\n",
           (unsigned long long)range->start, (unsigned long long)range->end,
           srat->domain[range->domain], (unsigned long long)other->start,
           (unsigned long long)other->end, srat->domain[other->domain]);
    refuse(srat, why);
}

void srat_begin(struct srat *srat)
{
    memset(srat, 0, sizeof(*srat));
    memset(srat->domain_of_cpu, SRAT_NO_DOMAIN, sizeof(srat->domain_of_cpu));
    memset(srat->distance, DISTANCE_REMOTE, sizeof(srat->distance));
    for (unsigned int i = 0; i < SRAT_MAX_DOMAINS; i++)
        srat->distance[i][i] = DISTANCE_LOCAL;
}

/* The index of the domain @number, found now or before, or SRAT_NO_DOMAIN. */
static uint8_t find_domain(struct srat *srat, uint32_t number)
{
    uint8_t i = 0;

    while (i < srat->nr_domains && srat->domain[i] != number)
        i++;
    if (i == SRAT_MAX_DOMAINS) {
        refuse(srat, "there are too many domains");
        return SRAT_NO_DOMAIN;
    }
    if (i == srat->nr_domains)
        srat->domain[srat->nr_domains++] = number;

    return i;
}

static bool is_alike(const struct srat_range *a, const struct srat_range *b)
{
    return a->domain == b->domain && a->hotplug == b->hotplug;
}

/* Put @sum in the place of the ranges from @i to @j. */
static void replace(struct srat *srat, unsigned int i, unsigned int j,
                    const struct srat_range *sum)
{
    if (i == j && srat->nr_ranges == SRAT_MAX_RANGES) {
        refuse(srat, "there are too many ranges");
        return;
    }
    memmove(&srat->range[i + 1], &srat->range[j],
            (srat->nr_ranges - j) * sizeof(srat->range[0]));
    srat->nr_ranges = srat->nr_ranges - (j - i) + 1;
    srat->range[i] = *sum;
}

/* Join @range with what it touches, unless that is not like it. */
static void insert(struct srat *srat, const struct srat_range *range)
{
    struct srat_range sum = *range;
    unsigned int i = 0, j;
    bool overlaps = false;

    while (i < srat->nr_ranges && srat->range[i].end < range->start)
        i++;
    if (i < srat->nr_ranges && srat->range[i].end == range->start &&
        !is_alike(&srat->range[i], range))
        i++;

    for (j = i; j < srat->nr_ranges; j++) {
        const struct srat_range *old = &srat->range[j];
        bool apart = old->start >= range->end || old->end <= range->start;

        if (old->start > range->end || (apart && !is_alike(old, range)))
            break;
        if (!is_alike(old, range)) {
            refuse_range(srat, range, old,
                         old->domain == range->domain
                             ? "entries disagree on what can be plugged in"
                             : "two domains overlap");
            return;
        }
        overlaps |= !apart;
        sum.start = old->start < sum.start ? old->start : sum.start;
        sum.end = old->end > sum.end ? old->end : sum.end;
    }
    if (overlaps && warn(srat))
        printk(LOG_WARNING, "SRAT: [%#llx, %#llx) is listed twice\n",
               (unsigned long long)range->start,
               (unsigned long long)range->end);
    replace(srat, i, j, &sum);
}

void srat_add_memory(struct srat *srat, uint64_t start, uint64_t size,
                     uint32_t number, bool hotplug)
{
    struct srat_range range = { .start = start, .hotplug = hotplug };
    bool wraps = __builtin_add_overflow(start, size, &range.end);

    if (size == 0 || wraps || range.end > PADDR_MAX) {
        if (warn(srat))
            printk(LOG_WARNING,
                   "SRAT: %#llx bytes at %#llx of domain %u: left out: %s\n",
                   (unsigned long long)size, (unsigned long long)start, number,
                   size == 0 ? "the range is empty"
                             : "there is no such memory");
        return;
    }
    range.domain = find_domain(srat, number);
    if (range.domain != SRAT_NO_DOMAIN)
        insert(srat, &range);
}

/* One that no CPU in use has makes no domain. */
void srat_add_cpu(struct srat *srat, uint32_t apic_id, uint32_t number)
{
    if (apic_id >= NR_APIC_IDS)
        return;
    if (srat->domain_of_cpu[apic_id] == SRAT_NO_DOMAIN)
        srat->domain_of_cpu[apic_id] = find_domain(srat, number);
    else if (warn(srat))
        printk(
            LOG_WARNING,
            "SRAT: the CPU with APIC number %u: ignored: it is listed twice\n",
            apic_id);
}

/* How long an entry of @type must be at least; we do not read the others. */
static size_t entry_size(uint8_t type)
{
    switch (type) {
    case SRAT_CPU: return sizeof(struct srat_cpu);
    case SRAT_MEMORY: return sizeof(struct srat_memory);
    case SRAT_X2APIC: return sizeof(struct srat_x2apic);
    }

    return sizeof(struct srat_entry);
}

static void read_cpu(struct srat *srat, const uint8_t *bytes, uint32_t mask)
{
    struct srat_cpu cpu;
    uint32_t domain;

    memcpy(&cpu, bytes, sizeof(cpu));
    domain = cpu.domain_low | (uint32_t)cpu.domain_high[0] << 8 |
             (uint32_t)cpu.domain_high[1] << 16 |
             (uint32_t)cpu.domain_high[2] << 24;
    if (cpu.flags & SRAT_ENABLED)
        srat_add_cpu(srat, cpu.apic_id, domain & mask);
}

/* All of the entry is there. Of a domain's number the bits in @mask count. */
static void read_entry(struct srat *srat, const uint8_t *bytes, uint32_t mask)
{
    struct srat_memory memory;
    struct srat_x2apic x2apic;

    switch (bytes[0]) {
    case SRAT_CPU: read_cpu(srat, bytes, mask); break;
    case SRAT_MEMORY:
        memcpy(&memory, bytes, sizeof(memory));
        if (memory.flags & SRAT_ENABLED)
            srat_add_memory(srat, memory.start, memory.size,
                            memory.domain & mask, memory.flags & SRAT_HOTPLUG);
        break;
    case SRAT_X2APIC:
        memcpy(&x2apic, bytes, sizeof(x2apic));
        if (x2apic.flags & SRAT_ENABLED)
            srat_add_cpu(srat, x2apic.apic_id, x2apic.domain & mask);
        break;
    }
}

/* Each turn takes one entry of at least two bytes off, so the loop ends. */
static void read_entries(struct srat *srat, const uint8_t *bytes, size_t left,
                         uint32_t mask)
{
    while (left > 0 && !srat->refused) {
        size_t length = left >= sizeof(struct srat_entry) ? bytes[1] : 0;

        if (length < sizeof(struct srat_entry) || length > left) {
            printk(LOG_WARNING, "SRAT: an entry of %zu bytes with %zu left\n",
                   length, left);
            refuse(srat, "it is not known what is behind that entry");
            return;
        }
        if (length >= entry_size(bytes[0]))
            read_entry(srat, bytes, mask);
        else if (warn(srat))
            printk(LOG_WARNING,
                   "SRAT: an entry of type %u and %zu bytes: ignored: it is "
                   "too short\n",
                   bytes[0], length);
        bytes += length;
        left -= length;
    }
}

void srat_parse(const void *table, size_t size, struct srat *srat)
{
    struct acpi_srat head;

    srat_begin(srat);
    if (!table)
        return;
    if (size < sizeof(head)) {
        refuse(srat, "it is too short");
        return;
    }

    memcpy(&head, table, sizeof(head));
    read_entries(
        srat, (const uint8_t *)table + sizeof(head), size - sizeof(head),
        head.header.revision < SRAT_REVISION_WIDE ? UINT8_MAX : UINT32_MAX);
}

const struct srat_range *srat_next_range(const struct srat *srat,
                                         paddr_t address)
{
    unsigned int low = 0, high = srat->nr_ranges;

    while (low < high) {
        unsigned int middle = (low + high) / 2;

        if (srat->range[middle].end > address)
            high = middle;
        else
            low = middle + 1;
    }

    return low < srat->nr_ranges ? &srat->range[low] : NULL;
}

unsigned int srat_domain_of_range(const struct srat *srat, paddr_t start,
                                  paddr_t end)
{
    const struct srat_range *first = srat_next_range(srat, start), *range;

    if (start >= end)
        return SRAT_NO_DOMAIN;
    while (start < end) {
        range = srat_next_range(srat, start);
        if (!range || range->start > start || range->domain != first->domain)
            return SRAT_NO_DOMAIN;
        start = range->end;
    }

    return first->domain;
}
