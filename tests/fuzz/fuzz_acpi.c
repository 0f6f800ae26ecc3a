/* SPDX-License-Identifier: MIT */
/*
 * ACPI: the input is two bytes and then memory from an address on. The bytes
 * tell which address, where the root pointer is said to be, and whether the
 * checksums are mended: no fuzzer finds those by trying.
 */
#include <string.h>

#include <x86/acpi.h>
#include <xen/acpi.h>

#include "fuzz.h"

#define MEND       1U
#define AT_BIOS    2U
#define HAS_COPY   4U
#define MAX_SIZE   4096U
#define MAX_VISITS 132U /* 128 tables, and the root pointer */

static uint8_t copy[MAX_SIZE];

struct visits {
    const struct memory_window *window;
    unsigned int nr;
};

static void check_visit(const char *name, paddr_t start, paddr_t end,
                        void *context)
{
    struct visits *visits = context;

    visits->nr++;
    EXPECT(strlen(name) == 4);
    for (unsigned int i = 0; i < 4; i++)
        EXPECT(name[i] >= ' ' && name[i] <= '~');
    EXPECT(start < end);
    EXPECT(window_at(visits->window, start, end - start));
}

static void mend(uint8_t *bytes, size_t size, size_t checksum)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[checksum] = (uint8_t)(bytes[checksum] - sum);
}

/* From the end on, so that a table's tail is whole before its sum is taken. */
static void mend_all(size_t size)
{
    for (size_t at = size / 16 * 16; at > 0; at -= 16) {
        uint8_t *bytes = copy + at - 16;
        size_t left = size - (at - 16);
        uint32_t length;

        if (left >= 36 && memcmp(bytes, ACPI_RSDP_SIGNATURE, 8) == 0) {
            mend(bytes, 20, 8);
            mend(bytes, 36, 32);
        } else if (left >= sizeof(struct acpi_header)) {
            memcpy(&length, bytes + 4, sizeof(length));
            if (length >= sizeof(struct acpi_header) && length <= left)
                mend(bytes, length, 9);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_info info;
    struct memory_window window;
    struct visits visits = { .window = &window };
    uint8_t how, where;

    if (size < 2 || size - 2 > MAX_SIZE)
        return 0;

    how = data[0];
    where = data[1];
    size -= 2;
    memcpy(copy, data + 2, size);
    if (how & MEND)
        mend_all(size);

    window = fuzz_window(copy, size, how & AT_BIOS ? ACPI_BIOS_START : 0);
    memset(&info, 0, sizeof(info));
    info.rsdp = window.start + where * 16U;
    info.has_rsdp_copy = how & HAS_COPY && size >= sizeof(info.rsdp_copy);
    if (info.has_rsdp_copy)
        memcpy(info.rsdp_copy, copy, sizeof(info.rsdp_copy));

    EXPECT(acpi_visit_tables(&window, &info, check_visit, &visits) ==
           visits.nr);
    EXPECT(visits.nr <= MAX_VISITS);
    fuzz_window_free(&window);

    return 0;
}
