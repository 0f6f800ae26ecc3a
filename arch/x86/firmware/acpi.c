/* SPDX-License-Identifier: MIT */
/*
 * Where the ACPI tables are.
 *
 * Nothing here can be made to run for long: the tables looked at are bounded in
 * number and in size.
 */
#include <x86/acpi.h>
#include <xen/acpi.h>
#include <xen/bits.h>
#include <xen/string.h>
#include <xen/warn_limit.h>

/* Large servers have some 60 tables; the longest, a DSDT, below 1 MiB. */
#define MAX_TABLES     128U
#define MAX_TABLE_SIZE (4UL << 20)

struct walk {
    const struct memory_window *window;
    acpi_visit_t *visit;
    void *context;
    unsigned int nr_seen;
    paddr_t seen[MAX_TABLES]; /* where the tables start that were visited */
    unsigned int nr_visited, nr_warnings;
};

/* In front of each printk() of a warning. */
static bool warn(struct walk *walk)
{
    return may_warn(&walk->nr_warnings, "ACPI");
}

/* A checksum is right if the sum of all bytes, itself included, is 0. */
static bool sum_is_zero(const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;
    uint8_t sum = 0;

    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + byte[i]);

    return sum == 0;
}

/* Is the root pointer at @bytes, of which at least the old part is there? */
static bool rsdp_is_valid(const void *bytes)
{
    return memcmp(bytes, ACPI_RSDP_SIGNATURE, 8) == 0 &&
           sum_is_zero(bytes, ACPI_RSDP_OLD_SIZE);
}

/*
 * Copy the root pointer at @address to @rsdp. If the window ends inside it, it
 * counts as an old one. Returns false if there is none.
 */
static bool read_rsdp(const struct memory_window *window, paddr_t address,
                      struct acpi_rsdp *rsdp)
{
    const void *bytes = window_at(window, address, sizeof(*rsdp));
    size_t size = sizeof(*rsdp);

    if (!bytes) {
        size = ACPI_RSDP_OLD_SIZE;
        bytes = window_at(window, address, size);
    }
    if (!bytes || !rsdp_is_valid(bytes))
        return false;

    memset(rsdp, 0, sizeof(*rsdp));
    memcpy(rsdp, bytes, size);
    if (size < sizeof(*rsdp))
        rsdp->revision = 0;

    return true;
}

/* Search [@start, @end) for the root pointer. Returns its address, or 0. */
static paddr_t search_rsdp(const struct memory_window *window, paddr_t start,
                           paddr_t end, struct acpi_rsdp *rsdp)
{
    for (paddr_t at = start; at < end; at += ACPI_RSDP_ALIGN)
        if (read_rsdp(window, at, rsdp))
            return at;

    return 0;
}

/* Where a BIOS leaves it: the extended BIOS data area, or the BIOS itself. */
static paddr_t search_bios(const struct memory_window *window,
                           struct acpi_rsdp *rsdp)
{
    const void *pointer = window_at(window, ACPI_EBDA_POINTER, 2);
    uint16_t segment = 0;
    paddr_t found = 0;

    if (pointer)
        memcpy(&segment, pointer, sizeof(segment));
    if (segment)
        found = search_rsdp(window, (paddr_t)segment << 4,
                            ((paddr_t)segment << 4) + ACPI_EBDA_SEARCH, rsdp);
    if (!found)
        found = search_rsdp(window, ACPI_BIOS_START, ACPI_BIOS_END, rsdp);

    return found;
}

static void visit(struct walk *walk, const char *name, paddr_t start,
                  uint64_t size)
{
    walk->nr_visited++;
    printk(LOG_DEBUG, "ACPI: %s at %#llx, %llu bytes\n", name,
           (unsigned long long)start, (unsigned long long)size);
    walk->visit(name, start, start + size, walk->context);
}

/* From revision 2 on there are fields for long addresses. */
static uint64_t rsdp_size(const struct acpi_rsdp *rsdp)
{
    return rsdp->revision >= 2 ? sizeof(*rsdp) : ACPI_RSDP_OLD_SIZE;
}

/* The loader's copy, or what its address or a search finds. */
static bool find_rsdp(struct walk *walk, const struct boot_info *info,
                      struct acpi_rsdp *rsdp)
{
    paddr_t found = 0;

    if (info->has_rsdp_copy) {
        memcpy(rsdp, info->rsdp_copy, sizeof(*rsdp));
        if (rsdp_is_valid(rsdp))
            return true;
        printk(LOG_WARNING, "ACPI: the loader's copy of the RSDP is bad\n");
    }

    if (info->rsdp && read_rsdp(walk->window, info->rsdp, rsdp))
        found = info->rsdp;
    else if (info->rsdp)
        printk(LOG_WARNING, "ACPI: there is no RSDP at %#llx\n",
               (unsigned long long)info->rsdp);
    if (!found)
        found = search_bios(walk->window, rsdp);
    if (found)
        visit(walk, "RSDP", found, rsdp_size(rsdp));

    return found;
}

/* Firmware's bytes go to the console: show what is not a character as '?'. */
static void copy_name(char name[5], const char signature[4])
{
    for (unsigned int i = 0; i < 4; i++)
        name[i] =
            signature[i] >= ' ' && signature[i] <= '~' ? signature[i] : '?';
    name[4] = '\0';
}

/*
 * Has the table at @address been visited? If not, note it. A full list counts
 * as yes: there is no more to be visited.
 */
static const char *note_table(struct walk *walk, paddr_t address)
{
    for (unsigned int i = 0; i < walk->nr_seen; i++)
        if (walk->seen[i] == address)
            return "it is listed twice";

    if (walk->nr_seen == MAX_TABLES)
        return "there are too many";

    walk->seen[walk->nr_seen++] = address;
    return NULL;
}

/* A kind of table: what must hold of it. */
struct table_rule {
    const char *signature; /* NULL: any */
    uint32_t min_size;
    bool has_checksum;
};

static const struct table_rule
    any_table = { NULL, sizeof(struct acpi_header), true },
    rsdt_table = { "RSDT", sizeof(struct acpi_header), true },
    xsdt_table = { "XSDT", sizeof(struct acpi_header), true },
    dsdt_table = { "DSDT", sizeof(struct acpi_header), true },
    facs_table = { "FACS", sizeof(struct acpi_facs), false };

/* The first rule that the table breaks, in words, or NULL. */
static const char *broken_rule(const struct walk *walk,
                               const struct table_rule *rule, paddr_t address,
                               const char *name, uint32_t size)
{
    const void *bytes = window_at(walk->window, address, size);

    if (rule->signature && strcmp(name, rule->signature) != 0)
        return "it has the wrong signature";
    if (size < rule->min_size || size > MAX_TABLE_SIZE)
        return "its length cannot be";
    if (!bytes)
        return "it is out of reach";
    if (rule->has_checksum && !sum_is_zero(bytes, size))
        return "its checksum is wrong";

    return NULL;
}

/*
 * Visit the table at @address. Returns its bytes, of the length that it says,
 * or NULL if there is something wrong with it.
 */
static const uint8_t *
visit_table(struct walk *walk, const struct table_rule *rule, paddr_t address)
{
    /* What every table starts with: its signature and length. */
    const uint8_t *bytes = window_at(walk->window, address, 8);
    const char *broken = "it is out of reach";
    char name[5] = "????";
    uint32_t size = 0;

    if (bytes) {
        copy_name(name, (const char *)bytes);
        memcpy(&size, bytes + 4, sizeof(size));
        broken = broken_rule(walk, rule, address, name, size);
    }
    if (!broken)
        broken = note_table(walk, address);
    if (broken) {
        if (warn(walk))
            printk(LOG_WARNING,
                   "ACPI: table %s at %#llx of %u bytes: ignored: %s\n", name,
                   (unsigned long long)address, size, broken);
        return NULL;
    }

    visit(walk, name, address, size);
    return bytes;
}

/* The FADT leads to two tables that are not listed anywhere else. */
static void visit_fadt(struct walk *walk, const uint8_t *bytes, uint32_t size)
{
    struct acpi_fadt fadt = { 0 };
    paddr_t facs, dsdt;

    memcpy(&fadt, bytes, size < sizeof(fadt) ? size : sizeof(fadt));
    facs = fadt.long_facs ? fadt.long_facs : fadt.facs;
    dsdt = fadt.long_dsdt ? fadt.long_dsdt : fadt.dsdt;

    if (facs)
        (void)visit_table(walk, &facs_table, facs);
    if (dsdt)
        (void)visit_table(walk, &dsdt_table, dsdt);
}

static void visit_listed(struct walk *walk, paddr_t address)
{
    const uint8_t *bytes = visit_table(walk, &any_table, address);
    struct acpi_header header;

    if (!bytes)
        return;

    memcpy(&header, bytes, sizeof(header));
    if (memcmp(header.signature, "FACP", 4) == 0)
        visit_fadt(walk, bytes, header.length);
}

/*
 * Visit the root table at @address, whose entries are addresses of @entry_size
 * bytes, and all that it lists. Returns false if it cannot be read.
 */
static bool visit_root(struct walk *walk, const struct table_rule *rule,
                       paddr_t address, size_t entry_size)
{
    const uint8_t *bytes = visit_table(walk, rule, address);
    struct acpi_header header;
    size_t nr;

    if (!bytes)
        return false;

    memcpy(&header, bytes, sizeof(header));
    nr = (header.length - sizeof(header)) / entry_size;
    if (nr > MAX_TABLES) {
        printk(LOG_WARNING, "ACPI: of %zu tables the first %u are looked at\n",
               nr, MAX_TABLES);
        nr = MAX_TABLES;
    }

    for (size_t i = 0; i < nr; i++) {
        paddr_t listed = 0;

        memcpy(&listed, bytes + sizeof(header) + i * entry_size, entry_size);
        if (listed)
            visit_listed(walk, listed);
    }

    return true;
}

/* From revision 2 on there is a second root table, for long addresses. */
static bool has_xsdt(struct walk *walk, const struct acpi_rsdp *rsdp)
{
    if (rsdp->revision < 2)
        return false;
    if (!sum_is_zero(rsdp, sizeof(*rsdp))) {
        if (warn(walk))
            printk(LOG_WARNING, "ACPI: RSDP: its long half is ignored: its "
                                "checksum is wrong\n");
        return false;
    }

    return rsdp->xsdt;
}

unsigned int acpi_visit_tables(const struct memory_window *window,
                               const struct boot_info *info,
                               acpi_visit_t *visitor, void *context)
{
    struct walk walk = { .window = window,
                         .visit = visitor,
                         .context = context };
    struct acpi_rsdp rsdp;

    if (!find_rsdp(&walk, info, &rsdp))
        return 0;

    if (!has_xsdt(&walk, &rsdp) ||
        !visit_root(&walk, &xsdt_table, rsdp.xsdt, sizeof(uint64_t))) {
        if (rsdp.rsdt)
            (void)visit_root(&walk, &rsdt_table, rsdp.rsdt, sizeof(uint32_t));
    }

    return walk.nr_visited;
}
