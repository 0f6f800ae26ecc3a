/* SPDX-License-Identifier: MIT */
/* Which form suits which map, and that each form is one to one. */
#include <test.h>
#include <xen/frame_table.h>
#include <xen/pdx.h>

#include "../model/naive_pdx.h"
#include "../model/small_machine.h"

#define REACH FRAME_TABLE_REACH
#define GIB   (1UL << 30)
#define TIB   (1UL << 40)

static struct pdx_compression c;

#define RAM(from, to)                                                          \
    {                                                                          \
        from, to, MEMORY_RAM, REASON_FIRMWARE                                  \
    }
#define RESERVED(from, to)                                                     \
    {                                                                          \
        from, to, MEMORY_RESERVED, REASON_FIRMWARE                             \
    }

/* Choose, and let the oracle look at it. */
static enum pdx_form choose(const struct memory_range *range, unsigned int nr)
{
    const char *rule;

    pdx_choose(&c, range, nr, REACH);
    rule = naive_pdx_broken_rule(&c, range, nr, REACH, test_random);
    EXPECT_STR(rule ? rule : "", "");

    return c.form;
}

#define CHOOSE(...)                                                            \
    choose((const struct memory_range[]){ __VA_ARGS__ },                       \
           ARRAY_SIZE(((const struct memory_range[]){ __VA_ARGS__ })))

TEST(pdx, usual_machines_keep_frame_numbers)
{
    EXPECT_EQ(choose(NULL, 0), PDX_IDENTITY);
    EXPECT_EQ(c.nr, 1);
    EXPECT_EQ(CHOOSE(RAM(0, PAGE_SIZE)), PDX_IDENTITY);
    EXPECT_EQ(c.nr, 1);
    EXPECT_EQ(CHOOSE(RAM(0, 32UL << 20)), PDX_IDENTITY);
    EXPECT_EQ(CHOOSE(RAM(0, 3 * GIB), RAM(4 * GIB, 5 * GIB)), PDX_IDENTITY);
    EXPECT_EQ(c.nr, 5 * GIB >> PAGE_SHIFT);
    EXPECT_EQ(CHOOSE(RAM(0, 12 * TIB)), PDX_IDENTITY);
}

TEST(pdx, ranges_that_are_empty_or_not_ram_do_not_count)
{
    EXPECT_EQ(CHOOSE(RESERVED(0, 1000 * TIB), RAM(900 * TIB, 900 * TIB),
                     RAM(5 * GIB, 4 * GIB), RAM(0, 2 * GIB)),
              PDX_IDENTITY);
    EXPECT_EQ(c.nr, 2 * GIB >> PAGE_SHIFT);
}

TEST(pdx, a_hole_below_4_gib_is_not_worth_an_instruction)
{
    EXPECT_EQ(CHOOSE(RAM(0, GIB), RAM(3 * GIB, 4 * GIB)), PDX_IDENTITY);
    EXPECT_EQ(CHOOSE(RAM(0, 4 * GIB), RAM(8 * GIB, 12 * GIB)), PDX_IDENTITY);
}

TEST(pdx, ram_that_moved_to_1_tib_stays_close)
{
    EXPECT(CHOOSE(RAM(0, 3 * GIB), RAM(TIB, TIB + GIB)) != PDX_IDENTITY);
    EXPECT_EQ(c.nr, 5 * GIB >> PAGE_SHIFT);
}

TEST(pdx, banks_at_powers_of_two_lose_the_bits_between)
{
    EXPECT_EQ(CHOOSE(RAM(0, 4 * GIB), RAM(1024 * TIB, 1024 * TIB + 4 * GIB),
                     RAM(2048 * TIB, 2048 * TIB + 4 * GIB)),
              PDX_MASK);
    EXPECT_EQ(c.nr, 3 * BIT(PDX_BLOCK_ORDER));
    EXPECT_EQ(c.shift, PDX_BLOCK_ORDER);
    EXPECT_EQ(c.hole_bits, 50 - 32);
}

/* Intel's four-socket boards; a mask finds no hole worth the name in them. */
TEST(pdx, banks_at_odd_places_are_moved_together)
{
    EXPECT_EQ(CHOOSE(RAM(0, 2 * GIB), RAM(4 * GIB, 514 * GIB),
                     RAM(0x63e80000000, 0x63e80000000 + 512 * GIB),
                     RAM(0xc7e80000000, 0xc7e80000000 + 512 * GIB),
                     RAM(0x12be80000000, 0x12be80000000 + 512 * GIB)),
              PDX_OFFSET);
    EXPECT(c.nr < (3 * TIB) >> PAGE_SHIFT);
}

TEST(pdx, half_of_the_indices_is_the_price)
{
    EXPECT_EQ(CHOOSE(RAM(0, 4 * GIB), RAM(12 * GIB, 16 * GIB)), PDX_OFFSET);
    EXPECT_EQ(CHOOSE(RAM(0, 4 * GIB + PAGE_SIZE), RAM(12 * GIB, 16 * GIB)),
              PDX_IDENTITY);
}

TEST(pdx, a_little_less_is_taken_where_ram_comes_in_reach)
{
    struct memory_range range[] = { RAM(0, 8 * TIB), RAM(9 * TIB, 11 * TIB) };
    unsigned long reach = (10 * TIB) >> PAGE_SHIFT;

    pdx_choose(&c, range, 2, (11 * TIB) >> PAGE_SHIFT);
    EXPECT_EQ(c.form, PDX_IDENTITY);
    pdx_choose(&c, range, 2, reach);
    EXPECT_EQ(c.form, PDX_OFFSET);
    EXPECT_EQ(c.nr, reach);
    range[1].start = 8 * TIB;
    pdx_choose(&c, range, 2, reach);
    EXPECT_EQ(c.form, PDX_IDENTITY);
}

/* Where the run of zeroes starts and ends is where compressions went wrong. */
TEST(pdx, each_run_of_zeroes_is_found_exactly)
{
    unsigned int top = PADDR_BITS - PAGE_SHIFT - 1;

    for (unsigned int low = PDX_BLOCK_ORDER - 1; low < top; low++)
        for (unsigned int high = low + 3; high <= top; high++) {
            paddr_t start = BIT(high + PAGE_SHIFT);
            struct memory_range range[] = {
                RAM(0, BIT(low + 1 + PAGE_SHIFT)),
                RAM(start, start + PAGE_SIZE),
            };

            EXPECT(choose(range, 2) != PDX_IDENTITY);
            if (c.form == PDX_MASK) {
                EXPECT_EQ(c.shift, low + 1);
                EXPECT_EQ(c.hole_bits, high - low - 1);
            }
        }
}

TEST(pdx, ranges_may_come_in_any_order_and_overlap)
{
    static struct pdx_compression sorted;

    CHOOSE(RAM(0, 4 * GIB), RAM(TIB, TIB + 6 * GIB),
           RAM(5 * TIB, 5 * TIB + GIB));
    sorted = c;
    CHOOSE(RAM(5 * TIB, 5 * TIB + GIB), RAM(TIB, TIB + 6 * GIB),
           RAM(TIB + GIB, TIB + 2 * GIB), RAM(0, 4 * GIB), RAM(0, GIB),
           RAM(TIB, TIB + 6 * GIB), RAM(TIB + 5 * GIB, TIB + 6 * GIB));
    EXPECT_EQ(c.form, sorted.form);
    EXPECT_EQ(c.nr, sorted.nr);
    EXPECT_EQ(c.shift, sorted.shift);
}

TEST(pdx, thousands_of_ranges_up_to_the_last_address)
{
    static struct memory_range range[MEMORY_MAP_MAX_RANGES];
    paddr_t step = PADDR_MAX / MEMORY_MAP_MAX_RANGES;

    for (unsigned int i = 0; i < MEMORY_MAP_MAX_RANGES; i++)
        range[i] = (struct memory_range)RAM(i * step, (i + 1) * step);
    EXPECT_EQ(choose(range, MEMORY_MAP_MAX_RANGES), PDX_IDENTITY);

    for (unsigned int i = 1; i + 1 < MEMORY_MAP_MAX_RANGES; i++)
        range[i] = (struct memory_range)RAM(i * PAGE_SIZE * 2,
                                            (2 * i + 1) * PAGE_SIZE);
    EXPECT_EQ(choose(range, MEMORY_MAP_MAX_RANGES), PDX_OFFSET);
}

TEST(pdx, any_number_may_be_asked)
{
    static const unsigned long odd[] = {
        0, BIT(32), BIT(40) - 1, BIT(40), BIT(52), ~0UL, ~0UL - 1, BIT(63)
    };

    CHOOSE(RAM(0, 4 * GIB), RAM(0x63e80000000, 0x63f80000000),
           RAM(0xc7e80000000, 0xc7f80000000));
    EXPECT_EQ(c.form, PDX_OFFSET);
    EXPECT(pdx_has(&c, _mfn(0)));
    for (unsigned int i = 1; i < ARRAY_SIZE(odd); i++)
        EXPECT(!pdx_has(&c, _mfn(odd[i])));

    CHOOSE(RAM(0, 4 * GIB), RAM(1024 * TIB, 1024 * TIB + GIB));
    EXPECT_EQ(c.form, PDX_MASK);
    EXPECT(!pdx_has(&c, INVALID_MFN));
    for (unsigned int i = 0; i < ARRAY_SIZE(odd); i++)
        EXPECT(!pdx_has(&c, _mfn(odd[i])) ||
               mfn_x(pdx_frame(&c, pdx_of(&c, _mfn(odd[i])))) == odd[i]);
}

/* A range of up to 2^@bits, as boards have them, or anywhere. */
static struct memory_range random_range(unsigned int bits, bool is_bank)
{
    paddr_t start = test_random() & (BIT(bits) - 1);
    paddr_t size = test_random() & (BIT(12 + test_random() % 32) - 1);
    paddr_t end;

    if (is_bank) {
        start &= 3UL << (bits - 2);
        size %= 6 * GIB;
    } else {
        start &= ~(BIT(12 + test_random() % (bits - 12)) - 1);
    }
    end = start + size < PADDR_MAX ? start + size : PADDR_MAX;

    return (struct memory_range)RAM(start, end);
}

TEST(pdx, random_maps_agree_with_brute_force)
{
    static struct memory_range range[8];
    unsigned int nr_chosen[3] = { 0 };

    for (unsigned int round = 0; round < 20000; round++) {
        unsigned int nr = (unsigned int)(test_random() % 8);
        unsigned int bits = 30 + (unsigned int)(test_random() % 23);
        bool is_bank = test_random() % 2;

        for (unsigned int i = 0; i < nr; i++)
            range[i] = random_range(bits, is_bank);
        nr_chosen[choose(range, nr)]++;
        if (test_nr_failures() > 0)
            return;
    }
    for (unsigned int form = 0; form < 3; form++)
        EXPECT(nr_chosen[form] > 1000); /* or the maps are too much alike */
}

static const struct ram far_ram[] = {
    { 0, 16384 },
    { TIB >> PAGE_SHIFT, 16384 },
};

TEST(pdx, what_is_chosen_is_in_force)
{
    mfn_t far = _mfn(far_ram[1].start);

    EXPECT_EQ(mfn_to_pdx(far), mfn_x(far)); /* before there is a choice */
    pdx_init(small_machine_map(far_ram, 2), REACH);
    EXPECT(pdx_compression.form != PDX_IDENTITY);
    EXPECT_EQ(mfn_to_pdx(far), BIT(PDX_BLOCK_ORDER));
    EXPECT(mfn_eq(pdx_to_mfn(mfn_to_pdx(far)), far));
    EXPECT(!mfn_has_pdx(_mfn(mfn_x(far) - 1)));
}

TEST(pdx, the_option_leaves_the_identity_in_force)
{
    pdx_enable(false);
    pdx_init(small_machine_map(far_ram, 2), REACH);
    EXPECT_STR(pdx_form_name(pdx_compression.form), "identity");
    EXPECT_EQ(pdx_compression.nr, far_ram[1].start + far_ram[1].nr);
    EXPECT_EQ(mfn_to_pdx(_mfn(12345678)), 12345678);
    EXPECT(mfn_has_pdx(_mfn(far_ram[1].start - 1)));
}
