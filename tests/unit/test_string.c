/* SPDX-License-Identifier: MIT */
/*
 * Our memory and string functions against the C library's. Ours are linked
 * under other names: "our_" stands before each.
 */
#include <stdlib.h>
#include <string.h>

#include <test.h>

void *our_memcpy(void *to, const void *from, size_t size);
void *our_memmove(void *to, const void *from, size_t size);
void *our_memset(void *to, int byte, size_t size);
int our_memcmp(const void *a, const void *b, size_t size);
size_t our_strlen(const char *text);
size_t our_strnlen(const char *text, size_t max);
int our_strcmp(const char *a, const char *b);
int our_strncmp(const char *a, const char *b, size_t max);
char *our_strchr(const char *text, int character);

#define ARENA 80

static uint8_t ours[ARENA], theirs[ARENA];

static void fill_arenas(void)
{
    for (unsigned int i = 0; i < ARENA; i++)
        ours[i] = theirs[i] = (uint8_t)test_random();
}

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

TEST(string, memmove_moves_any_overlap_as_the_library_does)
{
    for (size_t from = 0; from < 24; from++) {
        for (size_t to = 0; to < 24; to++) {
            for (size_t size = 0; size < 48; size++) {
                fill_arenas();
                EXPECT(our_memmove(ours + to, ours + from, size) == ours + to);
                memmove(theirs + to, theirs + from, size);
                EXPECT(memcmp(ours, theirs, ARENA) == 0);
            }
        }
    }
}

TEST(string, memcpy_and_memset_touch_their_bytes_and_no_others)
{
    uint8_t source[48];

    for (size_t at = 0; at < 16; at++) {
        for (size_t size = 0; size < 48; size++) {
            fill_arenas();
            memcpy(source, ours, sizeof(source));
            EXPECT(our_memcpy(ours + at, source, size) == ours + at);
            memcpy(theirs + at, source, size);
            EXPECT(memcmp(ours, theirs, ARENA) == 0);
            EXPECT(our_memset(ours + at, 0x1a5, size) == ours + at);
            memset(theirs + at, 0x1a5, size);
            EXPECT(memcmp(ours, theirs, ARENA) == 0);
        }
    }
}

TEST(string, memcmp_orders_bytes_as_unsigned)
{
    uint8_t a[8] = { 1, 2, 3, 200 }, b[8] = { 1, 2, 3, 100 };

    for (size_t size = 0; size <= sizeof(a); size++)
        EXPECT_EQ(sign(our_memcmp(a, b, size)), sign(memcmp(a, b, size)));
    EXPECT(our_memcmp(b, a, 4) < 0);
    EXPECT(our_memcmp(a, a, 8) == 0);
}

TEST(string, memcmp_goes_by_the_first_byte_that_differs)
{
    for (size_t at = 0; at < 8; at++) {
        for (size_t size = 0; size < 48; size++) {
            for (size_t i = 0; i <= size; i++) {
                fill_arenas();
                theirs[at + i] ^= 0x81;
                theirs[at + i + 9] ^= 0x81;
                EXPECT_EQ(sign(our_memcmp(ours + at, theirs + at, size)),
                          sign(memcmp(ours + at, theirs + at, size)));
            }
        }
    }
}

TEST(string, strings_compare_and_measure_as_in_the_library)
{
    static const char *const text[] = { "",   "a",   "ab",       "abc",
                                        "b",  "aB",  "\xff",     "a\x80",
                                        "az", "abd", "abcdefgh", "abcdefgi" };
    unsigned int nr = sizeof(text) / sizeof(text[0]);

    for (unsigned int i = 0; i < nr; i++) {
        EXPECT_EQ(our_strlen(text[i]), strlen(text[i]));
        EXPECT(our_strchr(text[i], 'b') == strchr(text[i], 'b'));
        EXPECT(our_strchr(text[i], 0) == strchr(text[i], 0));
        for (size_t max = 0; max < 10; max++)
            EXPECT_EQ(our_strnlen(text[i], max), strnlen(text[i], max));
        for (unsigned int j = 0; j < nr; j++) {
            EXPECT_EQ(sign(our_strcmp(text[i], text[j])),
                      sign(strcmp(text[i], text[j])));
            for (size_t max = 0; max < 10; max++)
                EXPECT_EQ(sign(our_strncmp(text[i], text[j], max)),
                          sign(strncmp(text[i], text[j], max)));
        }
    }
}
