/* SPDX-License-Identifier: MIT */
/* The MADT, as it should be and not. */
#include <hosted.h>
#include <test.h>
#include <x86/madt.h>
#include <xen/madt.h>

#include "blob.h"

#define ENABLED MADT_CPU_ENABLED
#define CAPABLE MADT_CPU_CAPABLE

static struct blob blob;
static struct madt madt;

static void begin(void)
{
    memset(&blob, 0, sizeof(blob));
    blob.size = sizeof(struct acpi_madt);
    memcpy(blob.bytes, "APIC", 4);
    blob_set32(&blob, offsetof(struct acpi_madt, lapic), 0xfee00000);
}

static void put_lapic(uint8_t apic_id, uint32_t flags)
{
    struct madt_lapic entry = {
        { MADT_LAPIC, sizeof(entry) }, 7, apic_id, flags
    };

    blob_put(&blob, &entry, sizeof(entry));
}

static void put_x2apic(uint32_t apic_id, uint32_t flags)
{
    struct madt_x2apic entry = {
        { MADT_X2APIC, sizeof(entry) }, 0, apic_id, flags, 7
    };

    blob_put(&blob, &entry, sizeof(entry));
}

static void put_override(uint64_t address)
{
    struct madt_lapic_override entry = { { MADT_LAPIC_OVERRIDE, sizeof(entry) },
                                         0,
                                         address };

    blob_put(&blob, &entry, sizeof(entry));
}

/* An entry of @type that says it has @length bytes, and has @size. */
static void put_other(uint8_t type, uint8_t length, size_t size)
{
    uint8_t bytes[256] = { type, length };

    blob_put(&blob, bytes, size);
}

static void parse(void)
{
    struct memory_window window = blob_window(&blob, 0);

    hosted_console_clear();
    madt_parse(window.base, blob.size, &madt);
    blob_window_free(&window);
}

static bool says(const char *text)
{
    return strstr(hosted_console(), text) != NULL;
}

static void expect_cpus(unsigned int nr, const uint32_t *apic_id)
{
    EXPECT_EQ(madt.nr, nr);
    for (unsigned int i = 0; i < nr && i < madt.nr; i++)
        EXPECT_EQ(madt.apic_id[i], apic_id[i]);
}

#define EXPECT_CPUS(...)                                                       \
    expect_cpus(sizeof((uint32_t[]){ __VA_ARGS__ }) / 4,                       \
                (uint32_t[]){ __VA_ARGS__ })

TEST(madt, cpus_are_counted_up_as_they_are_found)
{
    begin();
    put_lapic(0, ENABLED);
    put_lapic(4, ENABLED);
    put_lapic(2, ENABLED);
    parse();
    EXPECT_CPUS(0, 4, 2);
    EXPECT_EQ(madt.lapic, 0xfee00000);
    EXPECT_EQ(madt.nr_disabled, 0);
    EXPECT_EQ(madt.nr_left_out, 0);
    EXPECT_STR(hosted_console(), "");
}

TEST(madt, both_sorts_of_entry_list_cpus)
{
    begin();
    put_x2apic(3, ENABLED);
    put_lapic(1, ENABLED);
    parse();
    EXPECT_CPUS(3, 1);
    EXPECT_STR(hosted_console(), "");
}

/* One that may be plugged in later is not there now. */
TEST(madt, disabled_cpus_are_skipped)
{
    begin();
    put_lapic(0, ENABLED);
    put_lapic(1, 0);
    put_lapic(2, CAPABLE);
    put_x2apic(0xffffffff, 0);
    put_lapic(3, ENABLED | CAPABLE);
    parse();
    EXPECT_CPUS(0, 3);
    EXPECT_EQ(madt.nr_disabled, 3);
    EXPECT_STR(hosted_console(), "");
}

TEST(madt, a_cpu_that_is_listed_twice_counts_once)
{
    begin();
    put_lapic(0, ENABLED);
    put_lapic(5, ENABLED);
    put_lapic(5, ENABLED);
    put_x2apic(5, ENABLED);
    parse();
    EXPECT_CPUS(0, 5);
    EXPECT(says("number 5: left out: it is listed twice"));
    EXPECT_EQ(nr_lines(hosted_console()), 2);
}

TEST(madt, numbers_that_xapic_mode_cannot_reach_are_left_out)
{
    begin();
    put_x2apic(254, ENABLED);
    put_x2apic(255, ENABLED);
    put_x2apic(256, ENABLED);
    put_x2apic(0xffffffff, ENABLED);
    put_lapic(255, ENABLED);
    parse();
    EXPECT_CPUS(254);
    EXPECT(says("number 255: left out: it takes x2APIC mode"));
    EXPECT(says("number 256: left out"));
    EXPECT(says("number 4294967295: left out"));
    EXPECT_EQ(nr_lines(hosted_console()), 4);
}

TEST(madt, entries_of_other_types_are_passed_over)
{
    begin();
    put_other(1, 12, 12);
    put_lapic(0, ENABLED);
    put_other(0x7f, 2, 2);
    put_other(0xff, 255, 255);
    put_lapic(1, ENABLED);
    parse();
    EXPECT_CPUS(0, 1);
    EXPECT_STR(hosted_console(), "");
}

TEST(madt, an_entry_without_length_ends_the_table)
{
    begin();
    put_lapic(0, ENABLED);
    put_other(MADT_LAPIC, 0, 8);
    put_lapic(1, ENABLED);
    parse();
    EXPECT_CPUS(0);
    EXPECT(says("an entry of 0 bytes with 16 left"));

    begin();
    put_lapic(0, ENABLED);
    put_other(MADT_LAPIC, 1, 8);
    parse();
    EXPECT_CPUS(0);
    EXPECT(says("an entry of 1 bytes with 8 left"));
}

TEST(madt, an_entry_past_the_end_is_ignored)
{
    begin();
    put_lapic(0, ENABLED);
    put_other(MADT_LAPIC, 8, 7);
    parse();
    EXPECT_CPUS(0);
    EXPECT(says("an entry of 8 bytes with 7 left"));

    begin();
    put_lapic(0, ENABLED);
    put_other(MADT_LAPIC, 8, 1);
    parse();
    EXPECT_CPUS(0);
    EXPECT(says("with 1 left"));
}

TEST(madt, an_entry_that_is_too_short_for_its_type_is_ignored)
{
    begin();
    put_other(MADT_LAPIC, 7, 7);
    put_other(MADT_X2APIC, 15, 15);
    put_other(MADT_LAPIC_OVERRIDE, 11, 11);
    put_lapic(1, ENABLED);
    parse();
    EXPECT_CPUS(1);
    EXPECT_EQ(madt.lapic, 0xfee00000);
    EXPECT(says("type 0 and 7 bytes: ignored: it is too short"));
    EXPECT(says("type 9 and 15 bytes"));
    EXPECT(says("type 5 and 11 bytes"));
}

TEST(madt, the_long_address_counts_and_one_that_cannot_be_does_not)
{
    static const uint64_t bad[] = { 0, 0x1000800, 1UL << 52, UINT64_MAX };

    begin();
    put_override(0x1fee01000);
    parse();
    EXPECT_EQ(madt.lapic, 0x1fee01000);
    EXPECT_STR(hosted_console(), "");

    for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        begin();
        put_override(bad[i]);
        parse();
        EXPECT_EQ(madt.lapic, 0xfee00000);
        EXPECT(says("the local APIC cannot be at"));
    }
}

TEST(madt, without_a_good_address_it_is_where_it_always_is)
{
    begin();
    blob_set32(&blob, offsetof(struct acpi_madt, lapic), 0x12345);
    put_lapic(0, ENABLED);
    parse();
    EXPECT_EQ(madt.lapic, LAPIC_DEFAULT_ADDRESS);
    EXPECT(says("cannot be at 0x12345: ignored"));
    EXPECT_CPUS(0);
}

TEST(madt, a_table_without_entries_or_none_at_all_lists_no_cpu)
{
    begin();
    parse();
    EXPECT_EQ(madt.nr, 0);
    EXPECT_STR(hosted_console(), "");

    blob.size--;
    parse();
    EXPECT_EQ(madt.nr, 0);
    EXPECT(says("of 43 bytes: ignored: it is too short"));

    hosted_console_clear();
    madt_parse(NULL, 0, &madt);
    EXPECT_EQ(madt.nr, 0);
    EXPECT_EQ(madt.lapic, LAPIC_DEFAULT_ADDRESS);
    EXPECT_STR(hosted_console(), "");
}

TEST(madt, a_table_of_lies_does_not_flood_the_log)
{
    begin();
    for (unsigned int i = 0; i < 1000; i++)
        put_x2apic(1000 + i, ENABLED);
    parse();
    EXPECT_EQ(madt.nr, 0);
    EXPECT(nr_lines(hosted_console()) < 12);
}

/* All numbers there are; this may be built for fewer. */
static unsigned int list_all(void)
{
    begin();
    for (unsigned int i = 0; i < NR_APIC_IDS; i++)
        put_lapic((uint8_t)i, ENABLED);
    parse();

    return CONFIG_NR_CPUS < NR_APIC_IDS ? CONFIG_NR_CPUS : NR_APIC_IDS;
}

TEST(madt, more_cpus_than_there_is_room_for_are_counted)
{
    unsigned int nr = list_all();

    EXPECT_EQ(madt.nr, nr);
    EXPECT_EQ(madt.nr_left_out, NR_APIC_IDS - nr);
    EXPECT_EQ(says("CPUs are left out"), nr < NR_APIC_IDS);
    for (unsigned int i = 0; i < nr; i++)
        EXPECT_EQ(madt.apic_id[i], i);
}

TEST(madt, the_cpu_that_boots_comes_first_and_the_others_keep_their_order)
{
    begin();
    for (uint8_t i = 0; i < 4; i++)
        put_lapic(i, ENABLED);
    parse();
    madt_put_first(&madt, 2);
    EXPECT_CPUS(2, 0, 1, 3);
    madt_put_first(&madt, 2);
    EXPECT_CPUS(2, 0, 1, 3);
    madt_put_first(&madt, 3);
    EXPECT_CPUS(3, 2, 0, 1);
    EXPECT_STR(hosted_console(), "");
}

TEST(madt, if_the_cpu_that_boots_is_missing_it_is_added)
{
    begin();
    put_lapic(1, ENABLED);
    parse();
    madt_put_first(&madt, 9);
    EXPECT_CPUS(9, 1);
    EXPECT(says("number 9, is missing"));
    EXPECT_EQ(madt.nr_left_out, 0);

    /* There is no table: nothing to complain of. */
    hosted_console_clear();
    madt_parse(NULL, 0, &madt);
    madt_put_first(&madt, 9);
    EXPECT_CPUS(9);
    EXPECT_STR(hosted_console(), "");
}

TEST(madt, if_there_is_no_room_the_last_one_makes_it)
{
    unsigned int nr = list_all();
    unsigned int total = madt.nr + madt.nr_left_out;

    madt_put_first(&madt, 254);
    EXPECT_EQ(madt.nr, nr);
    EXPECT_EQ(madt.apic_id[0], 254);
    EXPECT_EQ(madt.apic_id[nr - 1], nr - 2);
    EXPECT_EQ(madt.nr + madt.nr_left_out, total);
}

TEST(madt, a_limit_keeps_the_first_and_at_least_one)
{
    begin();
    for (uint8_t i = 0; i < 4; i++)
        put_lapic(i, ENABLED);
    parse();
    madt_limit(&madt, 5);
    EXPECT_EQ(madt.nr, 4);
    madt_limit(&madt, 3);
    EXPECT_CPUS(0, 1, 2);
    madt_limit(&madt, 0);
    EXPECT_CPUS(0);
}
