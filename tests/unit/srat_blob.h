/* SPDX-License-Identifier: MIT */
/* What the tests of the SRAT are written with: a table to put entries into. */
#ifndef SRAT_BLOB_H
#define SRAT_BLOB_H

#include <hosted.h>
#include <test.h>
#include <x86/srat.h>
#include <xen/mm-frame.h>
#include <xen/srat.h>

#include "blob.h"

#define GIB     (1UL << 30)
#define ENABLED SRAT_ENABLED
#define HOTPLUG (SRAT_ENABLED | SRAT_HOTPLUG)

static struct blob blob;
static struct srat srat;

static inline void begin(uint8_t revision)
{
    memset(&blob, 0, sizeof(blob));
    blob.size = sizeof(struct acpi_srat);
    memcpy(blob.bytes, "SRAT", 4);
    blob.bytes[offsetof(struct acpi_header, revision)] = revision;
}

static inline void put_cpu(uint8_t apic_id, uint32_t domain, uint32_t flags)
{
    struct srat_cpu entry = {
        .entry = { SRAT_CPU, sizeof(entry) },
        .domain_low = (uint8_t)domain,
        .apic_id = apic_id,
        .flags = flags,
        .domain_high = { (uint8_t)(domain >> 8), (uint8_t)(domain >> 16),
                         (uint8_t)(domain >> 24) },
    };

    blob_put(&blob, &entry, sizeof(entry));
}

static inline void put_x2apic(uint32_t apic_id, uint32_t domain, uint32_t flags)
{
    struct srat_x2apic entry = { .entry = { SRAT_X2APIC, sizeof(entry) },
                                 .domain = domain,
                                 .apic_id = apic_id,
                                 .flags = flags };

    blob_put(&blob, &entry, sizeof(entry));
}

static inline void put_memory(uint64_t start, uint64_t size, uint32_t domain,
                              uint32_t flags)
{
    struct srat_memory entry = { .entry = { SRAT_MEMORY, sizeof(entry) },
                                 .domain = domain,
                                 .start = start,
                                 .size = size,
                                 .flags = flags };

    blob_put(&blob, &entry, sizeof(entry));
}

/* An entry of @type that says it has @length bytes, and has @size. */
static inline void put_other(uint8_t type, uint8_t length, size_t size)
{
    uint8_t bytes[256] = { type, length };

    blob_put(&blob, bytes, size);
}

static inline void parse(void)
{
    struct memory_window window = blob_window(&blob, 0);

    hosted_console_clear();
    srat_parse(window.base, blob.size, &srat);
    blob_window_free(&window);
}

static inline bool says(const char *text)
{
    return strstr(hosted_console(), text) != NULL;
}

static inline void expect_range(unsigned int i, paddr_t start, paddr_t end,
                                uint32_t domain, bool hotplug)
{
    EXPECT(i < srat.nr_ranges);
    if (i >= srat.nr_ranges)
        return;
    EXPECT_EQ(srat.range[i].start, start);
    EXPECT_EQ(srat.range[i].end, end);
    EXPECT_EQ(srat.domain[srat.range[i].domain], domain);
    EXPECT_EQ(srat.range[i].hotplug, hotplug);
}

/* Of which domain is that CPU? */
static inline void expect_cpu(uint32_t apic_id, uint32_t domain)
{
    unsigned int i = srat.domain_of_cpu[apic_id];

    EXPECT(i < srat.nr_domains && srat.domain[i] == domain);
}

#endif /* SRAT_BLOB_H */
