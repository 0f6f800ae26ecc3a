/* SPDX-License-Identifier: MIT */
/* EFI's memory map in e820's terms. */
#include <hosted.h>
#include <test.h>
#include <x86/efi.h>
#include <xen/efi_memory_map.h>
#include <xen/errno.h>

#include "blob.h"

#define WB      EFI_ATTRIBUTE_WRITE_BACK
#define RUNTIME EFI_ATTRIBUTE_RUNTIME

static struct e820_map map;

/* The type of e820 that one descriptor becomes. */
static uint32_t translate(uint32_t type, uint64_t attributes)
{
    struct efi_memory_descriptor descriptor = {
        .type = type,
        .address = 0x123000,
        .nr_pages = 3,
        .attributes = attributes,
    };

    map.nr = 0;
    EXPECT_EQ(efi_memory_map_parse(&descriptor, sizeof(descriptor),
                                   sizeof(descriptor), &map),
              0);
    EXPECT_EQ(map.nr, 1);
    EXPECT_EQ(map.entry[0].address, 0x123000);
    EXPECT_EQ(map.entry[0].size, 0x3000);

    return map.entry[0].type;
}

TEST(efi_memory_map, each_type_has_its_meaning_after_boot_services)
{
    static const uint32_t expected[] = {
        [EFI_RESERVED] = E820_RESERVED,
        [EFI_LOADER_CODE] = E820_RAM,
        [EFI_LOADER_DATA] = E820_RAM,
        [EFI_BOOT_SERVICES_CODE] = E820_RAM,
        [EFI_BOOT_SERVICES_DATA] = E820_RAM,
        [EFI_RUNTIME_SERVICES_CODE] = E820_RESERVED,
        [EFI_RUNTIME_SERVICES_DATA] = E820_RESERVED,
        [EFI_CONVENTIONAL] = E820_RAM,
        [EFI_UNUSABLE] = E820_UNUSABLE,
        [EFI_ACPI_RECLAIM] = E820_ACPI,
        [EFI_ACPI_NVS] = E820_NVS,
        [EFI_MEMORY_MAPPED_IO] = E820_RESERVED,
        [EFI_MEMORY_MAPPED_IO_PORTS] = E820_RESERVED,
        [EFI_PAL_CODE] = E820_RESERVED,
        [EFI_PERSISTENT] = E820_PERSISTENT,
        [EFI_UNACCEPTED] = E820_RESERVED,
        [EFI_UNACCEPTED + 1] = E820_UNKNOWN,
    };

    for (uint32_t type = 0; type < ARRAY_SIZE(expected); type++)
        EXPECT_EQ(translate(type, WB), expected[type]);
    EXPECT_EQ(translate(0x80000001, WB), E820_UNKNOWN);
}

TEST(efi_memory_map, memory_that_is_not_write_back_is_unusable)
{
    EXPECT_EQ(translate(EFI_CONVENTIONAL, 0), E820_UNUSABLE);
    EXPECT_EQ(translate(EFI_LOADER_DATA, ~(WB | RUNTIME)), E820_UNUSABLE);
    EXPECT_EQ(translate(EFI_ACPI_RECLAIM, 0), E820_ACPI);
}

TEST(efi_memory_map, memory_needed_at_run_time_is_reserved)
{
    EXPECT_EQ(translate(EFI_CONVENTIONAL, WB | RUNTIME), E820_RESERVED);
    EXPECT_EQ(translate(EFI_BOOT_SERVICES_DATA, RUNTIME), E820_RESERVED);
    EXPECT_EQ(translate(EFI_ACPI_RECLAIM, WB | RUNTIME), E820_RESERVED);
    EXPECT_EQ(translate(EFI_PERSISTENT, WB | RUNTIME), E820_RESERVED);
    EXPECT_EQ(translate(EFI_ACPI_NVS, WB | RUNTIME), E820_NVS);
    EXPECT_EQ(translate(EFI_UNUSABLE, WB | RUNTIME), E820_UNUSABLE);
}

/* @nr descriptors of one page each, @stride apart, at an odd address. */
static int parse_array(unsigned int nr, size_t stride, size_t size)
{
    uint8_t *odd = malloc(size + 1);
    int rc;

    memset(odd, 0xff, size + 1);
    for (unsigned int i = 0; i < nr; i++) {
        struct efi_memory_descriptor descriptor = {
            .type = EFI_CONVENTIONAL,
            .address = i * 0x10000,
            .nr_pages = 1,
            .attributes = WB,
        };

        memcpy(odd + 1 + i * stride, &descriptor, sizeof(descriptor));
    }
    map.nr = 0;
    rc = efi_memory_map_parse(odd + 1, size, stride, &map);
    free(odd);

    return rc;
}

TEST(efi_memory_map, a_stride_larger_than_the_descriptor_is_stepped_over)
{
    EXPECT_EQ(parse_array(3, 48, 3 * 48), 0);
    EXPECT_EQ(map.nr, 3);
    for (unsigned int i = 0; i < map.nr; i++) {
        EXPECT_EQ(map.entry[i].address, i * 0x10000);
        EXPECT_EQ(map.entry[i].size, 0x1000);
        EXPECT_EQ(map.entry[i].type, E820_RAM);
    }
}

TEST(efi_memory_map, a_stride_of_no_use_is_an_error_and_nothing_is_read)
{
    EXPECT_EQ(parse_array(0, 0, 96), -EINVAL);
    EXPECT_EQ(map.nr, 0);
    EXPECT_EQ(parse_array(2, 39, 96), -EINVAL);
    EXPECT_EQ(map.nr, 0);
    EXPECT_EQ(parse_array(2, 40, 80), 0);
    EXPECT_EQ(map.nr, 2);
}

TEST(efi_memory_map, half_a_descriptor_at_the_end_is_left_out)
{
    EXPECT_EQ(parse_array(2, 48, 2 * 48 + 47), 0);
    EXPECT_EQ(map.nr, 2);
    EXPECT(strstr(hosted_console(), "ends inside a descriptor"));

    EXPECT_EQ(parse_array(0, 48, 0), 0);
    EXPECT_EQ(map.nr, 0);
    EXPECT_EQ(parse_array(0, (size_t)1 << 40, 100), 0);
    EXPECT_EQ(map.nr, 0);
}

static void parse_pages(uint64_t nr_pages)
{
    struct efi_memory_descriptor descriptor = {
        .type = EFI_CONVENTIONAL,
        .address = 0x1000,
        .nr_pages = nr_pages,
        .attributes = WB,
    };

    map.nr = 0;
    EXPECT_EQ(efi_memory_map_parse(&descriptor, sizeof(descriptor),
                                   sizeof(descriptor), &map),
              0);
    EXPECT_EQ(map.nr, 1);
}

TEST(efi_memory_map, pages_beyond_64_bits_reserve_all_from_there_on)
{
    parse_pages((1ULL << 52) - 1);
    EXPECT_EQ(map.entry[0].size, UINT64_MAX - 0xfff);
    EXPECT_EQ(map.entry[0].type, E820_RAM);

    parse_pages(1ULL << 52);
    EXPECT_EQ(map.entry[0].address, 0x1000);
    EXPECT_EQ(map.entry[0].size, UINT64_MAX);
    EXPECT_EQ(map.entry[0].type, E820_RESERVED);
    EXPECT(strstr(hosted_console(), "descriptor 0"));

    parse_pages(UINT64_MAX);
    EXPECT_EQ(map.entry[0].type, E820_RESERVED);
}

TEST(efi_memory_map, a_thousand_bad_descriptors_give_a_few_warnings)
{
    static struct efi_memory_descriptor descriptor[1000];

    for (unsigned int i = 0; i < 1000; i++)
        descriptor[i].nr_pages = UINT64_MAX;
    EXPECT_EQ(efi_memory_map_parse(descriptor, sizeof(descriptor),
                                   sizeof(descriptor[0]), &map),
              0);
    EXPECT_EQ(map.nr, 1000);
    EXPECT_EQ(nr_lines(hosted_console()), 9);
    EXPECT(strstr(hosted_console(), "further warnings are left out"));
}
