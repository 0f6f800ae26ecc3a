/* SPDX-License-Identifier: MIT */
/* The memory maps of a multiboot2 loader: which one decides, and what of it. */
#include <xen/errno.h>

#include "multiboot2_blob.h"

/* Whichever comes first in memory. */
static void put_both_maps(bool efi_first)
{
    size_t tag;

    begin();
    for (unsigned int i = 0; i < 2; i++) {
        if (efi_first == (i == 0)) {
            tag = begin_efi_map(48, 1);
            put_descriptor(EFI_BOOT_SERVICES_DATA, 0x100000, 0xff00);
            put_descriptor(EFI_RUNTIME_SERVICES_CODE, 0x10000000, 1);
            end_tag(tag);
        } else {
            tag = begin_map(24);
            put_entry(0x100000, 0xff00000, E820_RAM);
            put_entry(0x10000000, 0x1000, 20);
            end_tag(tag);
        }
    }
    end();
}

TEST(multiboot2_maps, the_efi_map_decides_wherever_it_stands)
{
    for (unsigned int efi_first = 0; efi_first < 2; efi_first++) {
        put_both_maps(efi_first);
        EXPECT_EQ(parse(), 0);
        EXPECT_STR(hosted_console(), "");
        EXPECT(info.efi);
        EXPECT_EQ(info.map.nr, 2);
        EXPECT_EQ(info.map.entry[0].size, 0xff00000);
        EXPECT_EQ(info.map.entry[1].type, E820_RESERVED);
        EXPECT_EQ(info.other_ram_size, 0xff00000);
    }
}

TEST(multiboot2_maps, the_efi_map_alone_will_do)
{
    size_t tag;

    begin();
    tag = begin_efi_map(48, 1);
    put_descriptor(EFI_CONVENTIONAL, 0x100000, 0x100);
    end_tag(tag);
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT(info.efi);
    EXPECT_EQ(info.map.nr, 1);
    EXPECT_EQ(info.other_ram_size, 0);
}

TEST(multiboot2_maps, what_the_map_that_lost_claims_is_kept)
{
    size_t tag;

    begin();
    put_map();
    tag = begin_efi_map(48, 1);
    put_descriptor(EFI_CONVENTIONAL, 0x100000, 0x8000);
    end_tag(tag);
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(e820_ram_size(&info.map), 0x8000000);
    EXPECT_EQ(info.other_ram_size, 0xff00000);
}

/* An EFI map that cannot be read gives way to the other, whole. */
static void expect_fallback(uint32_t stride, uint32_t version, uint32_t type,
                            const char *why)
{
    size_t tag;

    begin();
    tag = begin_efi_map(stride, version);
    put_descriptor(type, 0x100000, 0xff00);
    end_tag(tag);
    put_map();
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT(says(why));
    EXPECT_EQ(info.efi, false);
    EXPECT_EQ(info.map.nr, 1);
    EXPECT_EQ(info.map.entry[0].type, E820_RAM);
    EXPECT_EQ(info.other_ram_size, 0);
}

TEST(multiboot2_maps, a_bad_efi_map_gives_way_to_the_other)
{
    expect_fallback(39, 1, EFI_CONVENTIONAL, "a descriptor has 39 bytes");
    expect_fallback(0, 1, EFI_CONVENTIONAL, "a descriptor has 0 bytes");
    expect_fallback(48, 2, EFI_CONVENTIONAL, "version 2 is unknown");
    expect_fallback(48, 1, EFI_RESERVED, "EFI map: ignored: it has no RAM");
}

TEST(multiboot2_maps, without_a_map_there_is_no_boot)
{
    begin();
    put_text(MULTIBOOT2_TAG_COMMAND_LINE, "x");
    end();
    EXPECT_EQ(parse(), -EINVAL);
    EXPECT(says("there is no memory map"));
}

static int parse_entry_size(uint32_t entry_size, size_t nr_bytes)
{
    size_t tag;

    begin();
    tag = begin_map(entry_size);
    for (size_t i = 0; i < nr_bytes; i++)
        blob_put(&blob, "\1", 1);
    end_tag(tag);
    end();

    return parse();
}

TEST(multiboot2_maps, entries_may_be_larger_than_we_know)
{
    size_t tag;

    begin();
    tag = begin_map(32);
    for (unsigned int i = 0; i < 3; i++) {
        put_entry(i, 0x1000, E820_RAM);
        blob_put64(&blob, UINT64_MAX);
    }
    end_tag(tag);
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(info.map.nr, 3);
    EXPECT_EQ(info.map.entry[2].address, 2);
}

TEST(multiboot2_maps, entry_sizes_that_cannot_be_are_refused)
{
    static const uint32_t bad[] = { 0, 1, 8, 16, 23, 25, 28, 0xffffffff };

    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        EXPECT_EQ(parse_entry_size(bad[i], 240), -EINVAL);
        EXPECT(says("an entry cannot have"));
    }
    EXPECT_EQ(parse_entry_size(0xfffffff8, 240), -EINVAL);
    EXPECT_EQ(parse_entry_size(24, 0), -EINVAL);
}

TEST(multiboot2_maps, half_an_entry_at_the_end_is_left_out)
{
    EXPECT_EQ(parse_entry_size(24, 24 + 23), 0);
    EXPECT_EQ(info.map.nr, 1);
    EXPECT(says("memory map: ends inside an entry"));
}
