/* SPDX-License-Identifier: MIT */
/* Which function holds an address. */
#include <test.h>
#include <xen/symbols.h>

static const uint32_t offset[] = { 8, 16, 17, 64, 100 };
static const uint32_t name_at[] = { 0, 2, 4, 6 };
static const struct symbol_table table = { 0x400000, 4, offset, name_at,
                                           "a\0b\0c\0d" };

TEST(symbols, every_address_finds_the_function_that_holds_it)
{
    symbols_register(&table);
    for (unsigned int i = 0; i < 4; i++) {
        for (uint32_t at = offset[i]; at < offset[i + 1]; at++) {
            size_t into = 0, size = 0;
            const char *name = symbol_lookup(0x400000 + at, &into, &size);

            REQUIRE(name);
            EXPECT_EQ(name[0], 'a' + i);
            EXPECT_EQ(into, at - offset[i]);
            EXPECT_EQ(size, offset[i + 1] - offset[i]);
        }
    }
}

TEST(symbols, addresses_outside_the_code_have_no_name)
{
    static const uintptr_t outside[] = { 0,        0x3fffff, 0x400000,
                                         0x400007, 0x400064, UINTPTR_MAX };
    size_t into, size;

    EXPECT(!symbol_lookup(0x400010, &into, &size)); /* nothing registered */
    symbols_register(&table);
    for (unsigned int i = 0; i < 6; i++)
        EXPECT(!symbol_lookup(outside[i], &into, &size));
}

TEST(symbols, an_empty_table_names_nothing)
{
    static const uint32_t end[] = { 0 };
    static const struct symbol_table empty = { 0x1000, 0, end, end, "" };
    size_t into, size;

    symbols_register(&empty);
    EXPECT(!symbol_lookup(0x1000, &into, &size));
}
