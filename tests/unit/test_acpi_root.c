/* SPDX-License-Identifier: MIT */
/* ACPI's root pointer: where it may be, and which root table it leads to. */
#include "acpi_blob.h"

TEST(acpi_root, revision_0_leads_through_the_rsdt)
{
    begin(0);
    EXPECT_EQ(walk(), 6);
    EXPECT_STR(visited, "RSDP@100+14 RSDT@200+2c " OTHERS);
    EXPECT_STR(hosted_console(), "");

    /* What is behind the old pointer is not a part of it. */
    blob_set64(&blob, RSDP + 24, XSDT);
    blob_fix_sum(&blob, RSDP, 36, 32);
    EXPECT_EQ(walk(), 6);
    EXPECT_STR(visited, "RSDP@100+14 RSDT@200+2c " OTHERS);
}

TEST(acpi_root, revision_2_leads_through_the_xsdt)
{
    begin(2);
    EXPECT_EQ(walk(), 6);
    EXPECT_STR(visited, "RSDP@100+24 XSDT@300+34 " OTHERS);
    EXPECT_STR(hosted_console(), "");
}

TEST(acpi_root, the_loaders_copy_goes_before_all_and_has_no_place)
{
    begin(2);
    memcpy(info.rsdp_copy, blob.bytes + RSDP, sizeof(info.rsdp_copy));
    info.has_rsdp_copy = true;
    info.rsdp = 0;
    memset(blob.bytes + RSDP, 0, 36);
    EXPECT_EQ(walk(), 5);
    EXPECT_STR(visited, "XSDT@300+34 " OTHERS);
}

/* Of an old copy, the 20 bytes are followed by zeros. */
TEST(acpi_root, an_old_copy_leads_through_the_rsdt)
{
    begin(0);
    memcpy(info.rsdp_copy, blob.bytes + RSDP, 20);
    info.has_rsdp_copy = true;
    EXPECT_EQ(walk(), 5);
    EXPECT_STR(visited, "RSDT@200+2c " OTHERS);
}

TEST(acpi_root, a_bad_copy_gives_way_to_what_can_be_found)
{
    begin(2);
    memcpy(info.rsdp_copy, blob.bytes + RSDP, sizeof(info.rsdp_copy));
    info.has_rsdp_copy = true;
    info.rsdp_copy[9] ^= 1;
    EXPECT_EQ(walk(), 6);
    EXPECT(says("the loader's copy of the RSDP is bad"));
}

TEST(acpi_root, without_a_pointer_nothing_is_visited)
{
    begin(2);
    info.rsdp = 0;
    EXPECT_EQ(walk(), 0);
    info.rsdp = RSDP + 1;
    EXPECT_EQ(walk(), 0);
    EXPECT(says("there is no RSDP at 0x101"));
    info.rsdp = UINT64_MAX - 3;
    EXPECT_EQ(walk(), 0);
    EXPECT_STR(visited, "");
}

TEST(acpi_root, the_extended_bios_data_area_is_searched)
{
    begin(0);
    info.rsdp = 0;
    memset(blob.bytes + RSDP, 0, 20);
    put_rsdp(0x1f3f0, 0, RSDT, 0);
    blob.bytes[ACPI_EBDA_POINTER + 1] = 0x1f;
    put_header(APIC, "APIC", 44); /* it lies there, too */
    blob.size = 0x20000;
    EXPECT_EQ(walk(), 6);
    EXPECT_EQ(strncmp(visited, "RSDP@1f3f0+14 ", 14), 0);

    /* Only its first KiB, and only each 16th byte. */
    memset(blob.bytes + 0x1f3f0, 0, 20);
    put_rsdp(0x1f400, 0, RSDT, 0);
    EXPECT_EQ(walk(), 0);
    memset(blob.bytes + 0x1f400, 0, 20);
    put_rsdp(0x1f008, 0, RSDT, 0);
    EXPECT_EQ(walk(), 0);
}

/* The window starts at 0xe0000 here, so the tables are above, too. */
static void begin_rom(size_t rsdp)
{
    memset(&blob, 0, sizeof(blob));
    memset(&info, 0, sizeof(info));
    blob.size = sizeof(blob.bytes);
    put_rsdp(rsdp, 0, 0xe0000 + RSDT, 0);
    put_header(RSDT, "RSDT", 36);
}

TEST(acpi_root, the_bios_is_searched_to_its_last_byte)
{
    begin_rom(0);
    EXPECT_EQ(walk_at(0xe0000), 2);
    EXPECT_STR(visited, "RSDP@e0000+14 RSDT@e0200+24");
    begin_rom(0x1ffe0);
    EXPECT_EQ(walk_at(0xe0000), 2);
    EXPECT_STR(visited, "RSDP@fffe0+14 RSDT@e0200+24");
    begin_rom(0x1ffe8);
    EXPECT_EQ(walk_at(0xe0000), 0);
}

TEST(acpi_root, a_false_signature_does_not_end_the_search)
{
    begin_rom(0x10010);
    memcpy(blob.bytes + 0x10000, "RSD PTR ", 8);
    blob.bytes[0x10008] = 1;
    EXPECT_EQ(walk_at(0xe0000), 2);
}

TEST(acpi_root, a_bad_second_checksum_leaves_the_rsdt)
{
    begin(2);
    blob.bytes[RSDP + 33] ^= 1;
    EXPECT_EQ(walk(), 6);
    EXPECT_STR(visited, "RSDP@100+24 RSDT@200+2c " OTHERS);
    EXPECT(says("its long half is ignored"));
}

TEST(acpi_root, a_pointer_cut_short_by_the_window_is_an_old_one)
{
    begin_rom(0);
    put_rsdp(0x1ffd0, 2, 0xe0200, 0xe0200);
    memset(blob.bytes, 0, 20);
    blob.size = 0x1fff3;
    EXPECT_EQ(walk_at(0xe0000), 2);
    EXPECT_STR(visited, "RSDP@fffd0+14 RSDT@e0200+24");
}
