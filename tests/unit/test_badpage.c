/* SPDX-License-Identifier: MIT */
/* badpage=: which frames are kept, and what is said of what is none. */
#include <hosted.h>
#include <stdio.h>
#include <string.h>
#include <test.h>
#include <xen/badpage.h>
#include <xen/bootmem.h>
#include <xen/offline.h>

static bool is_kept(unsigned long frame)
{
    const char *owner = bootmem_owner(_mfn(frame));

    return owner && strcmp(owner, BAD_PAGE_KEEPER) == 0;
}

static void expect_kept(unsigned long first, unsigned long last)
{
    EXPECT(!is_kept(first - 1));
    for (unsigned long frame = first; frame <= last; frame++)
        EXPECT(is_kept(frame));
    EXPECT(!is_kept(last + 1));
}

TEST(badpage, numbers_and_ranges_are_hexadecimal)
{
    badpage_reserve("console=com1 badpage=1f,0x20,100-10f,0XABC mem=1G");
    expect_kept(0x1f, 0x20);
    expect_kept(0x100, 0x10f);
    expect_kept(0xabc, 0xabc);
    EXPECT_STR(hosted_console(), "");
}

TEST(badpage, several_lists_count_and_quotes_go)
{
    badpage_reserve("badpage=10 \"badpage=20,30\" x\" badpage=40\" badpage=50");
    expect_kept(0x10, 0x10);
    expect_kept(0x20, 0x20);
    expect_kept(0x30, 0x30);
    EXPECT(!is_kept(0x40));
    expect_kept(0x50, 0x50);
    EXPECT_STR(hosted_console(), "");
}

TEST(badpage, what_is_no_frame_is_named_and_the_rest_counts)
{
    static const char *const bad[] = { "x",  "5-", "-5",    "7-6",
                                       "5g", "0x", "1-2-3", "10000000000000",
                                       "" };
    char line[64], wanted[64];

    for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        hosted_console_clear();
        snprintf(line, sizeof(line), "badpage=%lx,%s,%lx", 0x100UL + 4 * i,
                 bad[i], 0x102UL + 4 * i);
        badpage_reserve(line);
        snprintf(wanted, sizeof(wanted), "\"%s\": ignored", bad[i]);
        EXPECT(strstr(hosted_console(), wanted) != NULL);
        expect_kept(0x100UL + 4 * i, 0x100UL + 4 * i);
        expect_kept(0x102UL + 4 * i, 0x102UL + 4 * i);
    }
}

TEST(badpage, a_list_may_be_longer_than_any_word)
{
    static char line[40000];
    size_t length = 8;

    memcpy(line, "badpage=", 9);
    for (unsigned int i = 0; i < 900; i++)
        length += (size_t)snprintf(line + length, sizeof(line) - length,
                                   "0x%020x,", 0x1000 + 2 * i);
    line[length - 1] = '\0';
    badpage_reserve(line);
    for (unsigned int i = 0; i < 900; i++)
        expect_kept(0x1000 + 2 * i, 0x1000 + 2 * i);
    EXPECT_STR(hosted_console(), "");
}
