/* SPDX-License-Identifier: MIT */
/* ACPI's tables, as they should be and not. */
#include "acpi_blob.h"

TEST(acpi, a_bad_xsdt_leaves_the_rsdt)
{
    begin(2);
    blob.bytes[XSDT + 9] ^= 1;
    EXPECT_EQ(walk(), 6);
    EXPECT_STR(visited, "RSDP@100+24 RSDT@200+2c " OTHERS);
    EXPECT(says("table XSDT at 0x300 of 52 bytes: ignored: its checksum is "
                "wrong"));

    begin(2);
    put_header(XSDT, "XSDX", 52);
    EXPECT_EQ(walk(), 6);
    EXPECT(says("it has the wrong signature"));
}

TEST(acpi, a_table_with_a_bad_checksum_is_left_out)
{
    begin(2);
    blob.bytes[APIC + 40] ^= 1;
    EXPECT_EQ(walk(), 5);
    EXPECT(says("table APIC at 0x400 of 44 bytes: ignored: its checksum"));
    EXPECT(!strstr(visited, "APIC"));
}

/* Give the APIC table that length, and look whether it is left out. */
static void expect_bad_length(uint32_t length, const char *why)
{
    begin(2);
    blob_set32(&blob, APIC + 4, length);
    EXPECT_EQ(walk(), 5);
    EXPECT(says(why));
    EXPECT(!strstr(visited, "APIC"));
}

TEST(acpi, a_length_that_cannot_be_is_left_out)
{
    expect_bad_length(0, "its length cannot be");
    expect_bad_length(35, "its length cannot be");
    expect_bad_length(SIZE - APIC + 1, "it is out of reach");
    expect_bad_length(0x400000, "it is out of reach");
    expect_bad_length(0x400001, "its length cannot be");
    expect_bad_length(0xffffffff, "its length cannot be");
}

TEST(acpi, entries_out_of_reach_are_left_out_and_zeros_skipped)
{
    begin(2);
    put_xsdt(UINT64_MAX, FADT);
    EXPECT_EQ(walk(), 5);
    EXPECT(says("table ???? at 0xffffffffffffffff of 0 bytes"));

    begin(2);
    put_xsdt(SIZE - 7, FADT);
    EXPECT_EQ(walk(), 5);

    begin(2);
    put_xsdt(0, FADT);
    EXPECT_EQ(walk(), 5);
    EXPECT_STR(hosted_console(), "");
}

TEST(acpi, tables_that_lead_to_themselves_are_visited_once)
{
    begin(2);
    put_xsdt(XSDT, APIC);
    EXPECT_EQ(walk(), 3);
    EXPECT(says("table XSDT at 0x300 of 52 bytes: ignored: it is listed "
                "twice"));

    begin(2);
    put_xsdt(APIC, APIC);
    EXPECT_EQ(walk(), 3);

    begin(2);
    blob_set32(&blob, FADT + 40, FADT);
    put_header(FADT, "FACP", 116);
    EXPECT_EQ(walk(), 5);
    EXPECT(says("it has the wrong signature"));
}

TEST(acpi, a_long_fadt_has_long_addresses_that_go_before)
{
    begin(2);
    blob_set32(&blob, FADT + 36, 0xdead0000);
    blob_set32(&blob, FADT + 40, 0xdead0000);
    blob_set64(&blob, FADT + 132, FACS);
    blob_set64(&blob, FADT + 140, DSDT);
    put_header(FADT, "FACP", 148);
    EXPECT_EQ(walk(), 6);
    EXPECT(strstr(visited, "FACS@640+40 DSDT@700+80"));

    /* What is behind the table's end is not the table's. */
    put_header(FADT, "FACP", 132);
    EXPECT_EQ(walk(), 4);
    put_header(FADT, "FACP", 36);
    EXPECT_EQ(walk(), 4);
}

TEST(acpi, a_short_facs_is_left_out)
{
    begin(2);
    blob.bytes[FACS + 4] = 0x3f;
    EXPECT_EQ(walk(), 5);
    EXPECT(says("table FACS at 0x640 of 63 bytes: ignored: its length"));
}

TEST(acpi, names_that_are_no_text_are_shown_as_such)
{
    begin(2);
    put_header(APIC, "\x1b\nA\xff", 44);
    EXPECT_EQ(walk(), 6);
    EXPECT(strstr(visited, "??A?@400"));
}

/* @nr tables of 36 bytes each, all listed. */
static void begin_many(unsigned int nr)
{
    const size_t list = 0x1000, first = 0x10000;

    memset(&blob, 0, sizeof(blob));
    memset(&info, 0, sizeof(info));
    blob.size = sizeof(blob.bytes);
    info.rsdp = RSDP;
    put_rsdp(RSDP, 2, 0, list);
    for (unsigned int i = 0; i < nr; i++) {
        blob_set64(&blob, list + 36 + 8 * i, first + 40 * i);
        put_header(first + 40 * i, "SSDT", 36);
    }
    put_header(list, "XSDT", 36 + 8 * nr);
}

TEST(acpi, many_bad_tables_or_too_many_give_few_words)
{
    begin_many(100);
    EXPECT_EQ(walk(), 102);
    EXPECT_STR(hosted_console(), "");
    for (unsigned int i = 0; i < 100; i++)
        blob.bytes[0x10000 + 40 * i + 9] ^= 1;
    EXPECT_EQ(walk(), 2);
    EXPECT_EQ(nr_lines(hosted_console()), 9);

    begin_many(1500);
    EXPECT_EQ(walk(), 129); /* the root pointer is not in the list */
    EXPECT(says("of 1500 tables the first 128 are looked at"));
    EXPECT(says("there are too many"));

    begin_many(129);
    memset(blob.bytes + 0x1000 + 36, 0, 8 * 128);
    put_header(0x1000, "XSDT", 36 + 8 * 129);
    EXPECT_EQ(walk(), 2);
}

TEST(acpi, no_window_cut_short_is_read_past_its_end)
{
    for (size_t size = 0; size < SIZE; size++) {
        begin(2);
        blob.size = size;
        (void)walk();
    }
}
