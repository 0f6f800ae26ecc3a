/* SPDX-License-Identifier: MIT */
/* Sets of numbers, against an array of yes and no. */
#include <stdlib.h>
#include <string.h>

#include <test.h>
#include <xen/bit_tree.h>

static const unsigned long size[] = { 1,    2,    63,     64,    65,
                                      4096, 4097, 262144, 300000 };

static struct bit_tree tree;
static unsigned long nr, nr_members, *memory;
static bool *member;

/* An empty set for numbers below @below, in memory that is anything but empty:
 * and not a long behind it is written. */
static void start(unsigned long below)
{
    unsigned long longs = bit_tree_longs(below);

    memory = malloc((longs + 1) * sizeof(*memory));
    nr = below;
    nr_members = 0;
    member = calloc(nr, 1);
    memset(memory, 0xa5, (longs + 1) * sizeof(*memory));
    EXPECT(bit_tree_init(&tree, nr, memory) == memory + longs);
    EXPECT_EQ(memory[longs], 0xa5a5a5a5a5a5a5a5);
    EXPECT(bit_tree_is_empty(&tree));
    EXPECT_EQ(bit_tree_last(&tree, nr), BIT_TREE_NONE);
}

static void end(void)
{
    free(memory);
    free(member);
}

static unsigned long draw(unsigned long below)
{
    return (unsigned long)test_random() % below;
}

static unsigned long last_below(unsigned long limit)
{
    for (unsigned long i = limit < nr ? limit : nr; i-- > 0;)
        if (member[i])
            return i;

    return BIT_TREE_NONE;
}

static void note(unsigned long first, unsigned long count, bool is_member)
{
    for (unsigned long i = first; i < first + count; i++) {
        nr_members += is_member - member[i];
        member[i] = is_member;
    }
}

static bool all_are(unsigned long first, unsigned long count)
{
    for (unsigned long i = first; i < first + count; i++)
        if (!member[i])
            return false;

    return true;
}

/* A number; often one at the edge of a word, or of all. */
static unsigned long any_number(void)
{
    unsigned long i = draw(nr);

    switch (draw(4)) {
    case 0: return i & ~63UL;
    case 1: return (i | 63) < nr ? i | 63 : nr - 1;
    case 2: return draw(2) ? 0 : nr - 1;
    default: return i;
    }
}

/* A power of two of numbers, aligned, that are all below the bound. */
static unsigned long any_range(unsigned long *count)
{
    do
        *count = 1UL << draw(13);
    while (*count > nr);

    return draw(nr / *count) * *count;
}

static void change_one(void)
{
    unsigned long i = any_number();

    if (draw(2))
        bit_tree_set(&tree, i);
    else
        bit_tree_clear(&tree, i);
    note(i, 1, bit_tree_test(&tree, i));
}

static void change_range(bool to)
{
    unsigned long count, first = any_range(&count);

    if (to)
        bit_tree_set_range(&tree, first, count);
    else
        bit_tree_clear_range(&tree, first, count);
    note(first, count, to);
}

static void expect_agreement(unsigned long i)
{
    unsigned long count, first = any_range(&count);

    EXPECT_EQ(bit_tree_test(&tree, i), i < nr && member[i]);
    EXPECT_EQ(bit_tree_last(&tree, i), last_below(i));
    EXPECT_EQ(bit_tree_has_range(&tree, first, count), all_are(first, count));
    EXPECT_EQ(bit_tree_is_empty(&tree), nr_members == 0);
}

static void expect_agreement_everywhere(void)
{
    unsigned long last = BIT_TREE_NONE;

    for (unsigned long i = 0; i <= nr + 64; i++) {
        EXPECT_EQ(bit_tree_last(&tree, i), last);
        EXPECT_EQ(bit_tree_test(&tree, i), i < nr && member[i]);
        if (i < nr && member[i])
            last = i;
    }
    EXPECT_EQ(bit_tree_last(&tree, ~0UL), last);
}

static void random_use(void)
{
    for (unsigned int step = 0; step < 3000 && test_nr_failures() == 0;
         step++) {
        switch (draw(8)) {
        case 0: change_range(true); break;
        case 1: change_range(false); break;
        default: change_one();
        }
        expect_agreement(any_number() + draw(2));
    }
    expect_agreement_everywhere();
}

TEST(bit_tree, random_use_agrees_with_an_array)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(size); i++) {
        start(size[i]);
        random_use();
        end();
    }
}

/* So that the last word, and the last number above all, is found at each. */
TEST(bit_tree, each_number_alone_is_found_and_goes)
{
    for (unsigned int k = 0; k < ARRAY_SIZE(size); k++) {
        start(size[k]);
        for (unsigned long n = 0; n < 2000; n++) {
            unsigned long i = nr < 2000 ? n % nr : any_number();

            bit_tree_set(&tree, i);
            EXPECT_EQ(bit_tree_last(&tree, nr), i);
            EXPECT_EQ(bit_tree_last(&tree, i + 1), i);
            EXPECT_EQ(bit_tree_last(&tree, i), BIT_TREE_NONE);
            EXPECT(!bit_tree_is_empty(&tree));
            bit_tree_clear(&tree, i);
            EXPECT(bit_tree_is_empty(&tree));
            EXPECT_EQ(bit_tree_last(&tree, nr), BIT_TREE_NONE);
        }
        end();
    }
}

/* A set that is empty tells nothing of its words: they come back one by one. */
TEST(bit_tree, a_word_that_comes_back_has_no_members_of_before)
{
    start(300000);
    for (unsigned long i = 0; i < nr; i += 97) {
        bit_tree_set(&tree, i);
        note(i, 1, true);
        expect_agreement(i + 64);
    }
    expect_agreement_everywhere();
    for (unsigned long i = 0; i < nr; i += 97)
        bit_tree_clear(&tree, i);
    EXPECT(bit_tree_is_empty(&tree));
    end();
}

/* 2^30 chunks are 2^51 bytes; no memory is touched but what tells of some. */
TEST(bit_tree, the_largest_set_has_a_word_at_its_top)
{
    EXPECT_EQ(bit_tree_longs(1), 0);
    EXPECT_EQ(bit_tree_longs(64), 0);
    EXPECT_EQ(bit_tree_longs(65), 2);
    EXPECT_EQ(bit_tree_longs(4097), 65 + 2);
    EXPECT_EQ(bit_tree_longs(1UL << 30),
              (1UL << 24) + (1UL << 18) + (1UL << 12) + (1UL << 6));
}
