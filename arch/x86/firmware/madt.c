/* SPDX-License-Identifier: MIT */
/*
 * The MADT: which CPUs there are.
 *
 * The order is firmware's, and so are the lies: each entry is looked at by
 * itself, and what cannot be is left out.
 */
#include <x86/madt.h>
#include <xen/bits.h>
#include <xen/madt.h>
#include <xen/mm-frame.h>
#include <xen/string.h>
#include <xen/warn_limit.h>

struct reader {
    struct madt *madt;
    unsigned long seen[BITMAP_LONGS(NR_APIC_IDS)]; /* by APIC number */
    unsigned int nr_warnings;
};

/* In front of each printk() of a warning. */
static bool warn(struct reader *reader)
{
    return may_warn(&reader->nr_warnings, "MADT");
}

static void leave_out_cpu(struct reader *reader, uint32_t apic_id,
                          const char *why)
{
    if (warn(reader))
        printk(LOG_WARNING, "MADT: the CPU with APIC number %u: left out: %s\n",
               apic_id, why);
}

static void add_cpu(struct reader *reader, uint32_t apic_id, uint32_t flags)
{
    struct madt *madt = reader->madt;

    if (!(flags & MADT_CPU_ENABLED)) {
        madt->nr_disabled++;
        return;
    }
    if (apic_id >= NR_APIC_IDS) {
        leave_out_cpu(reader, apic_id, "it takes x2APIC mode to reach it");
        return;
    }
    if (bitmap_test(reader->seen, apic_id)) {
        leave_out_cpu(reader, apic_id, "it is listed twice");
        return;
    }

    bitmap_set(reader->seen, apic_id);
    if (madt->nr < CONFIG_NR_CPUS)
        madt->apic_id[madt->nr++] = apic_id;
    else
        madt->nr_left_out++;
}

static void set_address(struct reader *reader, uint64_t address)
{
    if (address != 0 && IS_ALIGNED(address, PAGE_SIZE) && address < PADDR_MAX)
        reader->madt->lapic = address;
    else if (warn(reader))
        printk(LOG_WARNING,
               "MADT: the local APIC cannot be at %#llx: ignored\n",
               (unsigned long long)address);
}

/* How long an entry of @type must be at least; we do not read the others. */
static size_t entry_size(uint8_t type)
{
    switch (type) {
    case MADT_LAPIC: return sizeof(struct madt_lapic);
    case MADT_LAPIC_OVERRIDE: return sizeof(struct madt_lapic_override);
    case MADT_X2APIC: return sizeof(struct madt_x2apic);
    }

    return sizeof(struct madt_entry);
}

/* All of the entry is there. */
static void read_entry(struct reader *reader, const uint8_t *bytes)
{
    struct madt_lapic_override override;
    struct madt_lapic lapic;
    struct madt_x2apic x2apic;

    switch (bytes[0]) {
    case MADT_LAPIC:
        memcpy(&lapic, bytes, sizeof(lapic));
        add_cpu(reader, lapic.apic_id, lapic.flags);
        break;
    case MADT_LAPIC_OVERRIDE:
        memcpy(&override, bytes, sizeof(override));
        set_address(reader, override.lapic);
        break;
    case MADT_X2APIC:
        memcpy(&x2apic, bytes, sizeof(x2apic));
        add_cpu(reader, x2apic.apic_id, x2apic.flags);
        break;
    }
}

/* Each turn takes one entry of at least two bytes off, so the loop ends. */
static void read_entries(struct reader *reader, const uint8_t *bytes,
                         size_t left)
{
    while (left > 0) {
        size_t length = left >= sizeof(struct madt_entry) ? bytes[1] : 0;

        if (length < sizeof(struct madt_entry) || length > left) {
            printk(LOG_WARNING,
                   "MADT: an entry of %zu bytes with %zu left: it and what is "
                   "behind it is ignored\n",
                   length, left);
            return;
        }
        if (length >= entry_size(bytes[0]))
            read_entry(reader, bytes);
        else if (warn(reader))
            printk(LOG_WARNING,
                   "MADT: an entry of type %u and %zu bytes: ignored: it is "
                   "too short\n",
                   bytes[0], length);
        bytes += length;
        left -= length;
    }
}

void madt_parse(const void *table, size_t size, struct madt *madt)
{
    struct reader reader = { .madt = madt };
    struct acpi_madt head;

    memset(madt, 0, sizeof(*madt));
    madt->lapic = LAPIC_DEFAULT_ADDRESS;
    if (!table)
        return;
    if (size < sizeof(head)) {
        printk(LOG_WARNING, "MADT: of %zu bytes: ignored: it is too short\n",
               size);
        return;
    }

    memcpy(&head, table, sizeof(head));
    set_address(&reader, head.lapic);
    read_entries(&reader, (const uint8_t *)table + sizeof(head),
                 size - sizeof(head));
    if (madt->nr_left_out > 0)
        printk(LOG_WARNING,
               "MADT: %u CPUs are left out: this image was built for %u\n",
               madt->nr_left_out, CONFIG_NR_CPUS);
}

void madt_put_first(struct madt *madt, uint32_t apic_id)
{
    unsigned int i = 0;

    while (i < madt->nr && madt->apic_id[i] != apic_id)
        i++;
    if (i == madt->nr && madt->nr_left_out == 0) {
        if (madt->nr > 0)
            printk(LOG_WARNING,
                   "MADT: the CPU that boots, APIC number %u, is missing\n",
                   apic_id);
        madt->nr_left_out++;
    }
    if (i == madt->nr && madt->nr < CONFIG_NR_CPUS) {
        madt->nr++;
        madt->nr_left_out--;
    } else if (i == madt->nr) {
        i--;
    }

    /* The others keep their order. */
    memmove(&madt->apic_id[1], &madt->apic_id[0], i * sizeof(madt->apic_id[0]));
    madt->apic_id[0] = apic_id;
}

void madt_limit(struct madt *madt, unsigned int max)
{
    if (max == 0)
        max = 1;
    if (madt->nr > max)
        madt->nr = max;
}
