/* SPDX-License-Identifier: MIT */
/* The SRAT, as it should not be: what is left out, what makes it useless. */
#include "srat_blob.h"

TEST(srat_lies, what_one_domain_lists_twice_is_joined_and_told)
{
    begin(3);
    put_memory(0, 2 * GIB, 0, ENABLED);
    put_memory(GIB, 2 * GIB, 0, ENABLED);
    parse();
    EXPECT_EQ(srat.nr_ranges, 1);
    expect_range(0, 0, 3 * GIB, 0, false);
    EXPECT(says("[0x40000000, 0xc0000000) is listed twice"));
    EXPECT(!srat.refused);
}

/* Each way in which two ranges can share a byte, or just not. */
TEST(srat_lies, two_domains_that_share_a_byte_refuse_all)
{
    for (uint64_t start = 0; start < 8; start++) {
        for (uint64_t end = start + 1; end <= 8; end++) {
            bool shared = start < 5 && end > 3;

            begin(3);
            put_memory(3, 2, 0, ENABLED);
            put_memory(start, end - start, 1, ENABLED);
            parse();
            EXPECT_EQ(srat.refused != NULL, shared);
            EXPECT_EQ(says("refused: two domains overlap"), shared);
            EXPECT_EQ(says("[0x3, 0x5) of domain 0"), shared);
            if (!shared)
                EXPECT_EQ(srat.nr_ranges, 2);
        }
    }
}

/* Firmware that spreads each line of cache over all nodes says it so. */
TEST(srat_lies, two_domains_of_one_range_refuse_all)
{
    begin(3);
    put_memory(0, 4 * GIB, 0, ENABLED);
    put_memory(0, 4 * GIB, 1, ENABLED);
    parse();
    EXPECT(srat.refused);
}

/* Weakness W19: only bytes that two claim are a contradiction. */
TEST(srat_lies, domains_that_take_turns_are_no_contradiction)
{
    begin(3);
    for (unsigned int i = 0; i < SRAT_MAX_RANGES; i++)
        put_memory(i * GIB, GIB, i % 3, ENABLED);
    parse();
    EXPECT(!srat.refused);
    EXPECT_EQ(srat.nr_ranges, SRAT_MAX_RANGES);
    EXPECT_EQ(srat.nr_domains, 3);
    expect_range(255, 255 * GIB, 256 * GIB, 0, false);
}

TEST(srat_lies, to_be_plugged_in_or_not_is_a_contradiction)
{
    begin(3);
    put_memory(0, 2 * GIB, 0, HOTPLUG);
    put_memory(GIB, GIB, 0, ENABLED);
    parse();
    EXPECT(srat.refused);
    EXPECT(says("refused: entries disagree on what can be plugged in"));
}

TEST(srat_lies, an_empty_range_is_left_out)
{
    begin(3);
    put_memory(GIB, 0, 4, ENABLED);
    put_memory(0, 2 * GIB, 0, ENABLED);
    parse();
    EXPECT_EQ(srat.nr_ranges, 1);
    EXPECT_EQ(srat.nr_domains, 1);
    EXPECT(says("0 bytes at 0x40000000 of domain 4: left out: the range is "
                "empty"));
    EXPECT(!srat.refused);
}

TEST(srat_lies, a_range_that_wraps_or_ends_too_high_is_left_out)
{
    begin(3);
    put_memory(UINT64_MAX, 2, 1, ENABLED);
    put_memory(4096, UINT64_MAX - 4095, 2, ENABLED);
    put_memory(PADDR_MAX, 1, 3, ENABLED);
    put_memory(1, PADDR_MAX, 4, ENABLED);
    parse();
    EXPECT_EQ(srat.nr_ranges, 0);
    EXPECT_EQ(srat.nr_domains, 0);
    EXPECT(says("left out: there is no such memory"));
    EXPECT_EQ(nr_lines(hosted_console()), 4);

    begin(3);
    put_memory(0, PADDR_MAX, 1, ENABLED);
    parse();
    expect_range(0, 0, PADDR_MAX, 1, false);
    EXPECT_STR(hosted_console(), "");
}

TEST(srat_lies, one_range_too_many_refuses_all)
{
    begin(3);
    for (unsigned int i = 0; i <= SRAT_MAX_RANGES; i++)
        put_memory(2 * i * GIB, GIB, 0, ENABLED);
    parse();
    EXPECT(srat.refused);
    EXPECT(says("refused: there are too many ranges"));
    EXPECT_EQ(srat.nr_ranges, SRAT_MAX_RANGES);
}

TEST(srat_lies, one_domain_too_many_refuses_all)
{
    for (unsigned int nr = SRAT_MAX_DOMAINS; nr <= SRAT_MAX_DOMAINS + 1; nr++) {
        begin(3);
        for (unsigned int i = 0; i < nr; i++)
            put_memory(i * GIB, GIB, i * 0x1000001, ENABLED);
        parse();
        EXPECT_EQ(srat.refused != NULL, nr > SRAT_MAX_DOMAINS);
        EXPECT_EQ(says("there are too many domains"), nr > SRAT_MAX_DOMAINS);
        EXPECT_EQ(srat.nr_domains, SRAT_MAX_DOMAINS);
    }
}

TEST(srat_lies, an_entry_whose_length_cannot_be_refuses_all)
{
    static const struct {
        uint8_t length;
        size_t size;
        const char *text;
    } bad[] = { { 0, 40, "of 0 bytes with 40 left" },
                { 1, 40, "of 1 bytes with 40 left" },
                { 41, 40, "of 41 bytes with 40 left" },
                { 255, 3, "of 255 bytes with 3 left" },
                { 40, 1, "of 0 bytes with 1 left" } };

    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        begin(3);
        put_memory(0, GIB, 0, ENABLED);
        put_other(SRAT_MEMORY, bad[i].length, bad[i].size);
        parse();
        EXPECT(srat.refused);
        EXPECT(says(bad[i].text));
        EXPECT(says("it is not known what is behind that entry"));
    }
}

TEST(srat_lies, a_table_of_lies_does_not_flood_the_log)
{
    begin(3);
    for (unsigned int i = 0; i < 1000; i++)
        put_memory(i * GIB, 0, 0, ENABLED);
    parse();
    EXPECT(nr_lines(hosted_console()) < 12);
}
