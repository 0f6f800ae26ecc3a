/* SPDX-License-Identifier: MIT */
/* What the tests of ACPI are written with: a small but whole set of tables. */
#ifndef ACPI_BLOB_H
#define ACPI_BLOB_H

#include <stdio.h>

#include <hosted.h>
#include <test.h>
#include <x86/acpi.h>
#include <xen/acpi.h>

#include "blob.h"

static struct blob blob;
static struct boot_info info;

/* What was visited, as "RSDP@f0000+20 ..." in hexadecimal. */
static char visited[8192];

static inline void note(const char *name, paddr_t start, paddr_t end,
                        void *context)
{
    size_t length = strlen(visited);

    EXPECT(context == &blob);
    snprintf(visited + length, sizeof(visited) - length, "%s%s@%llx+%llx",
             length ? " " : "", name, (unsigned long long)start,
             (unsigned long long)(end - start));
}

/* Walk the tables in the blob, which stands at @base. */
static inline unsigned int walk_at(paddr_t base)
{
    struct memory_window window = blob_window(&blob, base);
    unsigned int nr;

    hosted_console_clear();
    visited[0] = '\0';
    nr = acpi_visit_tables(&window, &info, note, &blob);
    blob_window_free(&window);

    return nr;
}

static inline unsigned int walk(void)
{
    return walk_at(0);
}

static inline bool says(const char *text)
{
    return strstr(hosted_console(), text) != NULL;
}

/* The table's contents must be there before. */
static inline void put_header(size_t at, const char *signature, uint32_t length)
{
    memcpy(blob.bytes + at, signature, 4);
    blob_set32(&blob, at + 4, length);
    blob_fix_sum(&blob, at, length, 9);
}

static inline void put_rsdp(size_t at, uint8_t revision, uint32_t rsdt,
                            uint64_t xsdt)
{
    memcpy(blob.bytes + at, "RSD PTR ", 8);
    blob.bytes[at + 15] = revision;
    blob_set32(&blob, at + 16, rsdt);
    blob_fix_sum(&blob, at, 20, 8);
    if (revision >= 2) {
        blob_set32(&blob, at + 20, 36);
        blob_set64(&blob, at + 24, xsdt);
        blob_fix_sum(&blob, at, 36, 32);
    }
}

#define RSDP 0x100U
#define RSDT 0x200U
#define XSDT 0x300U
#define APIC 0x400U
#define FADT 0x500U
#define FACS 0x640U
#define DSDT 0x700U
#define SIZE 0x800U

static inline void put_rsdt(void)
{
    blob_set32(&blob, RSDT + 36, APIC);
    blob_set32(&blob, RSDT + 40, FADT);
    put_header(RSDT, "RSDT", 44);
}

static inline void put_xsdt(uint64_t first, uint64_t second)
{
    blob_set64(&blob, XSDT + 36, first);
    blob_set64(&blob, XSDT + 44, second);
    put_header(XSDT, "XSDT", 52);
}

/* A small but whole set of tables. */
static inline void begin(uint8_t revision)
{
    memset(&blob, 0, sizeof(blob));
    memset(&info, 0, sizeof(info));
    blob.size = SIZE;
    info.rsdp = RSDP;
    put_rsdp(RSDP, revision, RSDT, XSDT);
    put_rsdt();
    put_xsdt(APIC, FADT);
    put_header(APIC, "APIC", 44);
    blob_set32(&blob, FADT + 36, FACS);
    blob_set32(&blob, FADT + 40, DSDT);
    put_header(FADT, "FACP", 116);
    memcpy(blob.bytes + FACS, "FACS\x40\0\0\0", 8);
    put_header(DSDT, "DSDT", 0x80);
}

/* What the FADT and either root table lead to. */
#define OTHERS "APIC@400+2c FACP@500+74 FACS@640+40 DSDT@700+80"

#endif /* ACPI_BLOB_H */
