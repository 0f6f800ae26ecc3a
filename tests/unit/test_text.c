/* SPDX-License-Identifier: MIT */
/* Reading what somebody typed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <test.h>
#include <xen/text.h>

TEST(text, copy_text_cuts_to_fit_and_always_ends_the_copy)
{
    char to[4];

    EXPECT(copy_text(to, sizeof(to), "abc", 10));
    EXPECT_STR(to, "abc");
    EXPECT(!copy_text(to, sizeof(to), "abcd", 10));
    EXPECT_STR(to, "abc");
    EXPECT(copy_text(to, sizeof(to), "abcd", 2));
    EXPECT_STR(to, "ab");
    EXPECT(copy_text(to, 1, "", 0));
    EXPECT_STR(to, "");
    EXPECT(!copy_text(to, 1, "x", 1));
    EXPECT_STR(to, "");
}

TEST(text, copy_text_does_not_read_past_from_max)
{
    char *from = malloc(3);
    char to[8];

    REQUIRE(from);
    memcpy(from, "abc", 3);
    EXPECT(copy_text(to, sizeof(to), from, 3));
    EXPECT_STR(to, "abc");
    free(from);
}

TEST(text, a_glob_matches_what_it_should_and_nothing_else)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } row[] = {
        { "", "", true },         { "", "a", false },
        { "a", "", false },       { "*", "", true },
        { "*", "abc", true },     { "abc", "abc", true },
        { "a?c", "abc", true },   { "a?c", "ac", false },
        { "a*c", "ac", true },    { "a*c", "abcbc", true },
        { "a*c", "abcb", false }, { "*b*", "abc", true },
        { "*b*", "ac", false },   { "a*b*c", "a1b2b3c", true },
        { "?*", "", false },      { "heap: *", "heap: merges", true },
        { "**a", "ba", true },    { "a*", "ba", false },
    };

    for (unsigned int i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        if (glob_match(row[i].pattern, row[i].text) != row[i].matches)
            test_fail(__FILE__, __LINE__, "row %u: '%s' on '%s'", i,
                      row[i].pattern, row[i].text);
    }
}

TEST(text, numbers_are_read_to_64_bits_and_refused_beyond)
{
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
        unsigned int length;
    } row[] = {
        { "0", true, 0, 1 },
        { "42,", true, 42, 2 },
        { "0x10", true, 16, 4 },
        { "0XfF", true, 255, 4 },
        { "0x", true, 0, 1 }, /* a zero, and an x behind it */
        { "0xg", true, 0, 1 },
        { "18446744073709551615", true, UINT64_MAX, 20 },
        { "18446744073709551616", false, 0, 0 },
        { "99999999999999999999", false, 0, 0 },
        { "0xffffffffffffffff", true, UINT64_MAX, 18 },
        { "0x10000000000000000", false, 0, 0 },
        { "", false, 0, 0 },
        { "-1", false, 0, 0 },
        { " 1", false, 0, 0 },
        { "x", false, 0, 0 },
    };

    for (unsigned int i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        const char *end = NULL;
        uint64_t value = 77;

        EXPECT_EQ(parse_number(row[i].text, &end, &value), row[i].good);
        EXPECT_EQ(value, row[i].good ? row[i].value : 77);
        if (row[i].good)
            EXPECT_EQ(end - row[i].text, row[i].length);
    }
}

TEST(text, sizes_take_a_unit_of_either_case)
{
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
        const char *rest;
    } row[] = {
        { "4", true, 4, "" },
        { "4K", true, 4096, "" },
        { "3m@1", true, 3UL << 20, "@1" },
        { "0x2G", true, 2UL << 30, "" },
        { "1T", true, 1UL << 40, "" },
        { "1Q", true, 1, "Q" },
        { "16777215T", true, 16777215UL << 40, "" },
        { "16777216T", false, 0, "" },
        { "K", false, 0, "" },
    };

    for (unsigned int i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        const char *end = "";
        uint64_t value = 0;

        EXPECT_EQ(parse_size(row[i].text, &end, &value), row[i].good);
        EXPECT_EQ(value, row[i].value);
        EXPECT_STR(end, row[i].rest);
    }
}
