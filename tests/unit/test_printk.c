/* SPDX-License-Identifier: MIT */
/* Formatted output against the C library's, and the console. */
#define _GNU_SOURCE /* open_memstream */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/printk.h>
#include <xen/symbols.h>

/* What the C library makes of the same arguments. */
static char *library_format(int *length, const char *format, ...)
    __printf(2, 3);
static char *library_format(int *length, const char *format, ...)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    va_list args;

    va_start(args, format);
    *length = vfprintf(stream, format, args);
    va_end(args);
    fclose(stream);

    return text;
}

/* Ours and theirs, in buffers of every size up to one that is enough. */
#define SAME_AS_LIBRARY(...)                                                   \
    do {                                                                       \
        int expected_length;                                                   \
        char *expected = library_format(&expected_length, __VA_ARGS__);        \
        for (size_t size = 0; size < 70; size++) {                             \
            char got[80];                                                      \
            memset(got, '~', sizeof(got));                                     \
            EXPECT_EQ(snprintf(got, size, __VA_ARGS__), expected_length);      \
            check_cut(got, size, expected);                                    \
        }                                                                      \
        free(expected);                                                        \
    } while (0)

static void check_cut(const char *got, size_t size, const char *expected)
{
    size_t kept = strlen(expected);

    if (size == 0) {
        EXPECT_EQ(got[0], '~');
        return;
    }
    if (kept > size - 1)
        kept = size - 1;
    if (memcmp(got, expected, kept) != 0 || got[kept] != '\0')
        test_fail(__FILE__, __LINE__, "size %zu: '%.70s', not '%s'", size, got,
                  expected);
    EXPECT_EQ(got[size], '~');
}

TEST(printk, integers_of_every_length_print_as_in_the_library)
{
    static const long value[] = { 0,      1,       -1,      7,        42,
                                  -4096,  INT_MAX, INT_MIN, LONG_MAX, LONG_MIN,
                                  0x8000, 0xff,    -128,    65535 };

    for (unsigned int i = 0; i < sizeof(value) / sizeof(value[0]); i++) {
        long v = value[i];

        SAME_AS_LIBRARY("%d %i %u %x %X", (int)v, (int)v, (unsigned int)v,
                        (unsigned int)v, (unsigned int)v);
        SAME_AS_LIBRARY("%ld %lu %lx", v, (unsigned long)v, (unsigned long)v);
        SAME_AS_LIBRARY("%lld %llx", (long long)v, (unsigned long long)v);
        SAME_AS_LIBRARY("%zu %hd %hu %hhd %hhx", (size_t)v, (short)v,
                        (unsigned short)v, (signed char)v, (unsigned char)v);
    }
}

TEST(printk, flags_width_and_precision_print_as_in_the_library)
{
    static const unsigned int value[] = { 0, 9, 0xabc, UINT_MAX };

    for (unsigned int i = 0; i < sizeof(value) / sizeof(value[0]); i++) {
        unsigned int v = value[i];

        SAME_AS_LIBRARY("[%5u|%-5u|%05u|%.3u|%6.3u]", v, v, v, v, v);
        SAME_AS_LIBRARY("[%#x|%#010x|%-#8x|%8.5x|%#X]", v, v, v, v, v);
        SAME_AS_LIBRARY("[%*u|%-*u|%*u|%.*u]", 6, v, 6, v, -6, v, 4, v);
        SAME_AS_LIBRARY("[%5d|%05d|%.3d|%-6d]", -(int)(v & 0xfff),
                        -(int)(v & 0xfff), -(int)(v & 0xfff),
                        -(int)(v & 0xfff));
    }
}

TEST(printk, text_and_characters_print_as_in_the_library)
{
    SAME_AS_LIBRARY("[%s|%8s|%-8s|%.2s|%8.2s]", "abc", "abc", "abc", "abc",
                    "abc");
    SAME_AS_LIBRARY("%c%c%%%5c|", 'x', 'y', 'z');
    SAME_AS_LIBRARY("%.*s|%*s", 2, "abcdef", 5, "ab");
    SAME_AS_LIBRARY("plain");
}

TEST(printk, what_is_not_understood_is_printed_as_it_stands)
{
    const char *const format[] = { "%q", "%", "a%5", "%-08k!", "%l" };
    char text[32];

    for (unsigned int i = 0; i < 5; i++) {
        /* A variable, so that the compiler does not object. */
        snprintf(text, sizeof(text), format[i], 1);
        EXPECT_STR(text, format[i]);
    }
}

TEST(printk, null_text_prints_and_does_not_stop_the_machine)
{
    const char *volatile none = NULL;
    char text[32];

    snprintf(text, sizeof(text), "%s", none);
    EXPECT_STR(text, "(null)");
}

TEST(printk, code_addresses_print_as_functions_if_they_are_known)
{
    static const uint32_t offset[] = { 0, 16, 48 };
    static const uint32_t name_at[] = { 0, 6 };
    static const struct symbol_table table = { 0x1000, 2, offset, name_at,
                                               "first\0second" };
    char text[64];

    snprintf(text, sizeof(text), "%pS|", (void *)0x1011);
    EXPECT_STR(text, "0x1011|");
    symbols_register(&table);
    snprintf(text, sizeof(text), "%pS|%-14pS|%pS", (void *)0x1011,
             (void *)0x1000, (void *)0x1030);
    EXPECT_STR(text, "second+0x1/0x20|first+0/0x10  |0x1030");
}

TEST(printk, the_level_decides_what_reaches_the_console)
{
    printk(LOG_INFO, "seen %d\n", 1);
    printk(LOG_DEBUG, "not seen\n");
    EXPECT_STR(hosted_console(), "seen 1\n");

    hosted_console_clear();
    console_set_level(LOG_ERROR);
    printk(LOG_WARNING, "not seen\n");
    printk(LOG_ERROR, "bad\n");
    console_printf("an answer\n");
    EXPECT_STR(hosted_console(), "error: bad\nan answer\n");

    hosted_console_clear();
    console_set_level(LOG_DEBUG);
    printk(LOG_WARNING, "odd\n");
    printk(LOG_DEBUG, "seen\n");
    EXPECT_STR(hosted_console(), "warning: odd\nseen\n");
}

TEST(printk, a_message_that_is_too_long_is_cut_and_says_so)
{
    char longer[1000];
    size_t length;

    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    printk(LOG_INFO, "%s\n", longer);
    length = strlen(hosted_console());
    EXPECT_EQ(length, 511);
    EXPECT_STR(hosted_console() + length - 6, "aa...\n");
}
