/* SPDX-License-Identifier: MIT */
/* The SRAT, as it should be, or nearly. */
#include "srat_blob.h"

TEST(srat, memory_and_cpus_are_of_their_domains)
{
    begin(3);
    put_cpu(0, 0, ENABLED);
    put_cpu(1, 1, ENABLED);
    put_x2apic(7, 1, ENABLED);
    put_memory(0, GIB, 0, ENABLED);
    put_memory(GIB, GIB, 1, ENABLED);
    parse();
    EXPECT_EQ(srat.nr_domains, 2);
    EXPECT_EQ(srat.nr_ranges, 2);
    expect_range(0, 0, GIB, 0, false);
    expect_range(1, GIB, 2 * GIB, 1, false);
    expect_cpu(0, 0);
    expect_cpu(1, 1);
    expect_cpu(7, 1);
    EXPECT_EQ(srat.domain_of_cpu[2], SRAT_NO_DOMAIN);
    EXPECT(!srat.refused);
    EXPECT_STR(hosted_console(), "");
}

TEST(srat, what_is_disabled_counts_for_nothing)
{
    begin(3);
    put_cpu(0, 5, 0);
    put_x2apic(1, 6, 0);
    put_memory(0, GIB, 7, 0);
    put_memory(0, GIB, 8, SRAT_HOTPLUG);
    parse();
    EXPECT_EQ(srat.nr_domains, 0);
    EXPECT_EQ(srat.nr_ranges, 0);
    EXPECT(!srat.refused);
    EXPECT_STR(hosted_console(), "");
}

TEST(srat, domains_have_32_bits_from_revision_2_on)
{
    begin(2);
    put_cpu(3, 0x89abcdef, ENABLED);
    put_memory(0, GIB, 0xffffffff, ENABLED);
    put_x2apic(4, 0x100, ENABLED);
    parse();
    expect_cpu(3, 0x89abcdef);
    expect_cpu(4, 0x100);
    expect_range(0, 0, GIB, 0xffffffff, false);

    begin(1);
    put_cpu(3, 0x89abcdef, ENABLED);
    put_memory(0, GIB, 0xff12, ENABLED);
    put_x2apic(4, 0x100, ENABLED);
    parse();
    expect_cpu(3, 0xef);
    expect_cpu(4, 0);
    expect_range(0, 0, GIB, 0x12, false);
}

TEST(srat, ranges_are_sorted_and_joined)
{
    begin(3);
    put_memory(4 * GIB, GIB, 1, ENABLED);
    put_memory(2 * GIB, GIB, 0, ENABLED);
    put_memory(0, GIB, 0, ENABLED);
    put_memory(5 * GIB, GIB, 1, ENABLED);
    put_memory(GIB, GIB, 0, ENABLED);
    put_memory(6 * GIB, GIB, 0, ENABLED);
    put_memory(3 * GIB, GIB, 1, ENABLED);
    parse();
    EXPECT_EQ(srat.nr_ranges, 3);
    expect_range(0, 0, 3 * GIB, 0, false);
    expect_range(1, 3 * GIB, 6 * GIB, 1, false);
    expect_range(2, 6 * GIB, 7 * GIB, 0, false);
    EXPECT(!srat.refused);
    EXPECT_STR(hosted_console(), "");
}

TEST(srat, what_can_be_plugged_in_is_a_range_of_its_own)
{
    begin(3);
    put_memory(0, GIB, 0, ENABLED);
    put_memory(GIB, 8 * GIB, 0, HOTPLUG);
    parse();
    EXPECT_EQ(srat.nr_ranges, 2);
    expect_range(0, 0, GIB, 0, false);
    expect_range(1, GIB, 9 * GIB, 0, true);
    EXPECT_STR(hosted_console(), "");
}

TEST(srat, numbers_of_cpus_that_are_out_of_reach_are_passed_over)
{
    begin(3);
    put_x2apic(254, 0, ENABLED);
    put_x2apic(255, 1, ENABLED);
    put_x2apic(256, 2, ENABLED);
    put_x2apic(0xffffffff, 3, ENABLED);
    put_cpu(255, 4, ENABLED);
    parse();
    expect_cpu(254, 0);
    EXPECT_EQ(srat.nr_domains, 1);
    EXPECT_STR(hosted_console(), "");
}

TEST(srat, of_a_cpu_that_is_listed_twice_the_first_word_counts)
{
    begin(3);
    put_cpu(5, 1, ENABLED);
    put_x2apic(5, 2, ENABLED);
    parse();
    expect_cpu(5, 1);
    EXPECT_EQ(srat.nr_domains, 1);
    EXPECT(says("number 5: ignored: it is listed twice"));
    EXPECT(!srat.refused);
}

TEST(srat, entries_of_other_types_are_passed_over)
{
    begin(3);
    put_other(3, 20, 20);
    put_other(0xff, 255, 255);
    put_other(5, 2, 2);
    put_memory(0, GIB, 0, ENABLED);
    parse();
    EXPECT_EQ(srat.nr_ranges, 1);
    EXPECT_STR(hosted_console(), "");
}

TEST(srat, an_entry_that_is_too_short_for_its_type_is_ignored)
{
    begin(3);
    put_other(SRAT_CPU, 15, 15);
    put_other(SRAT_MEMORY, 39, 39);
    put_other(SRAT_X2APIC, 23, 23);
    put_memory(0, GIB, 0, ENABLED);
    parse();
    EXPECT_EQ(srat.nr_ranges, 1);
    EXPECT(says("type 0 and 15 bytes: ignored: it is too short"));
    EXPECT(says("type 1 and 39 bytes"));
    EXPECT(says("type 2 and 23 bytes"));
    EXPECT(!srat.refused);
}

TEST(srat, no_table_is_no_reason_to_complain_but_half_a_one_is)
{
    hosted_console_clear();
    srat_parse(NULL, 0, &srat);
    EXPECT(!srat.refused);
    EXPECT_EQ(srat.nr_domains, 0);
    EXPECT_EQ(srat.domain_of_cpu[0], SRAT_NO_DOMAIN);
    EXPECT_STR(hosted_console(), "");

    begin(3);
    parse();
    EXPECT(!srat.refused);
    EXPECT_STR(hosted_console(), "");

    blob.size--;
    parse();
    EXPECT(srat.refused);
    EXPECT(says("refused: it is too short"));
}

TEST(srat, a_range_is_of_a_domain_if_all_of_it_is)
{
    srat_begin(&srat);
    srat_add_memory(&srat, 10, 10, 7, false);
    srat_add_memory(&srat, 20, 10, 7, true);
    srat_add_memory(&srat, 30, 10, 9, true);
    srat_add_memory(&srat, 50, 10, 9, false);
    for (paddr_t start = 0; start < 70; start++) {
        for (paddr_t end = 0; end < 70; end++) {
            unsigned int want = SRAT_NO_DOMAIN;

            if (start < end && start >= 10 && end <= 30)
                want = 0;
            if (start < end &&
                ((start >= 30 && end <= 40) || (start >= 50 && end <= 60)))
                want = 1;
            EXPECT_EQ(srat_domain_of_range(&srat, start, end), want);
        }
    }
}
