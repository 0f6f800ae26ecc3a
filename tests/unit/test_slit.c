/* SPDX-License-Identifier: MIT */
/* The SLIT, as it should be and not. */
#include <hosted.h>
#include <test.h>
#include <x86/srat.h>
#include <xen/srat.h>

#include "blob.h"

static struct blob blob;
static struct srat srat;

/* Domains that firmware numbers 2 and 0. */
static void begin(uint64_t nr)
{
    srat_begin(&srat);
    srat_add_memory(&srat, 0, 1, 2, false);
    srat_add_memory(&srat, 1, 1, 0, false);

    memset(&blob, 0, sizeof(blob));
    blob.size = sizeof(struct acpi_slit);
    memcpy(blob.bytes, "SLIT", 4);
    blob_set64(&blob, offsetof(struct acpi_slit, nr), nr);
}

static const uint8_t good[9] = { 10, 99, 21, /* from 0 */
                                 99, 99, 99, /* from 1, which nobody uses */
                                 31, 99, 10 };

static void parse(void)
{
    struct memory_window window = blob_window(&blob, 0);

    hosted_console_clear();
    slit_parse(window.base, blob.size, &srat);
    blob_window_free(&window);
}

static bool says(const char *text)
{
    return strstr(hosted_console(), text) != NULL;
}

static void expect_distances(unsigned int there, unsigned int back)
{
    EXPECT_EQ(srat.distance[0][0], 10);
    EXPECT_EQ(srat.distance[0][1], there);
    EXPECT_EQ(srat.distance[1][0], back);
    EXPECT_EQ(srat.distance[1][1], 10);
}

#define EXPECT_USUAL() expect_distances(20, 20)

TEST(slit, distances_are_read_by_the_domains_numbers)
{
    begin(3);
    blob_put(&blob, good, sizeof(good));
    parse();
    expect_distances(31, 21);
    EXPECT_STR(hosted_console(), "");
}

TEST(slit, without_a_table_distances_are_the_usual_ones)
{
    begin(3);
    slit_parse(NULL, 0, &srat);
    EXPECT_USUAL();
    EXPECT_EQ(srat.distance[63][63], 10);
    EXPECT_EQ(srat.distance[63][62], 20);
}

/* Each value, in each of the four places that are in use. */
TEST(slit, ten_to_itself_and_more_to_others_or_none_of_it_counts)
{
    static const unsigned int place[] = { 0, 2, 6, 8 };

    for (unsigned int i = 0; i < ARRAY_SIZE(place); i++) {
        for (unsigned int value = 0; value < 256; value++) {
            bool is_good = i == 0 || i == 3 ? value == 10 : value > 10;

            begin(3);
            blob_put(&blob, good, sizeof(good));
            blob.bytes[sizeof(struct acpi_slit) + place[i]] = (uint8_t)value;
            parse();
            EXPECT_EQ(says("it cannot be"), !is_good);
            if (is_good)
                expect_distances(i == 2 ? value : 31, i == 1 ? value : 21);
            else
                EXPECT_USUAL();
        }
    }
}

TEST(slit, a_domain_that_is_missing_makes_it_useless)
{
    begin(2);
    blob_put(&blob, good, sizeof(good));
    parse();
    EXPECT_USUAL();
    EXPECT(says("domain 2 is missing: ignored"));
}

TEST(slit, a_table_that_is_smaller_than_it_says_is_ignored)
{
    static const uint64_t nr[] = { 3, 4, 65536, 1UL << 32, UINT64_MAX };

    for (unsigned int i = 0; i < ARRAY_SIZE(nr); i++) {
        begin(nr[i]);
        blob_put(&blob, good, i == 0 ? 8 : 9);
        parse();
        EXPECT_USUAL();
        EXPECT(says("bytes for them: ignored"));
    }

    begin(0);
    blob.size--;
    parse();
    EXPECT_USUAL();
    EXPECT(says("of 43 bytes: ignored: it is too short"));
}
