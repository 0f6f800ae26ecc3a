/* SPDX-License-Identifier: MIT */
/* Runs of free frames in a chunk, against a look at each frame. */
#include <test.h>
#include <xen/types.h>

#include "../../common/chunk.h"

static struct chunk chunk;

static bool is_free(unsigned int frame)
{
    return bitmap_test(chunk.free, frame);
}

static void take_away(unsigned int frame)
{
    chunk.free[frame / BITS_PER_LONG] &= ~BIT(frame % BITS_PER_LONG);
}

static bool all_free(unsigned int first, unsigned int nr)
{
    for (unsigned int i = first; i < first + nr; i++)
        if (!is_free(i))
            return false;

    return true;
}

static int naive_run(void)
{
    for (int order = RUN_WHOLE; order >= 0; order--)
        for (unsigned int i = 0; i < CHUNK_FRAMES; i += 1U << order)
            if (all_free(i, 1U << order))
                return order;

    return RUN_NONE;
}

/* The lowest run that ends at or below @end, or CHUNK_FRAMES. */
static unsigned int naive_first(unsigned int order, unsigned int end)
{
    for (unsigned int i = 0; i + BIT(order) <= end; i += 1U << order)
        if (all_free(i, 1U << order))
            return i;

    return CHUNK_FRAMES;
}

static void expect_take(unsigned int order, unsigned int end)
{
    struct chunk before = chunk;
    unsigned int first = naive_first(order, end);

    EXPECT_EQ(chunk_take_run(&chunk, order, end), first);
    for (unsigned int i = 0; i < CHUNK_FRAMES; i++)
        EXPECT_EQ(is_free(i), bitmap_test(before.free, i) &&
                                  (first == CHUNK_FRAMES || i < first ||
                                   i >= first + BIT(order)));
    chunk = before;
}

static void expect_agreement(void)
{
    EXPECT_EQ(chunk_run(&chunk), naive_run());
    for (unsigned int order = 0; order < CHUNK_ORDER; order++) {
        expect_take(order, CHUNK_FRAMES);
        expect_take(order, (unsigned int)(test_random() % CHUNK_FRAMES));
    }
}

/* The words are those of @bits, eight of them: each bit stands for 2^@order
 * frames. */
static void spread(unsigned long bits, unsigned int order)
{
    for (unsigned int i = 0; i < CHUNK_FRAMES; i++) {
        if (bits >> (i >> order) % 64 & 1)
            bitmap_set(chunk.free, i);
        else
            take_away(i);
    }
}

/* Each pattern of 8 frames, of 8 pairs, and so on up to 8 words. */
TEST(chunk, every_pattern_of_eight_runs_of_each_order)
{
    for (unsigned int order = 0; order <= 6; order++) {
        for (unsigned long bits = 0; bits < 256; bits++) {
            unsigned int shift = (unsigned int)(test_random() % 8) * 8;

            spread(order < 4 ? bits << shift : bits, order);
            if (order == 6)
                EXPECT_EQ(chunk_run(&chunk) == RUN_WHOLE, bits == 255);
            expect_agreement();
        }
        if (test_nr_failures() > 0)
            return;
    }
}

TEST(chunk, random_frames)
{
    for (unsigned int n = 0; n < 3000 && test_nr_failures() == 0; n++) {
        unsigned int nr = (unsigned int)(test_random() % 5);

        for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
            chunk.free[w] = ~0UL;
            for (unsigned int i = 0; i < nr; i++)
                chunk.free[w] &= test_random() % 8 ? test_random() : 0;
            if (nr == 4)
                chunk.free[w] = ~(1UL << test_random() % 64);
        }
        expect_agreement();
    }
}

TEST(chunk, every_limit)
{
    for (unsigned int end = 0; end <= CHUNK_FRAMES; end++) {
        spread(~0UL, 0);
        for (unsigned int order = 0; order < CHUNK_ORDER; order++) {
            expect_take(order, end);
            if (end > 0) {
                take_away(end - 1);
                expect_take(order, end);
                bitmap_set(chunk.free, end - 1);
            }
        }
    }
}

/* What is taken until there is no more is each frame once. */
TEST(chunk, it_can_be_emptied_in_runs_of_any_order)
{
    for (unsigned int order = 0; order < CHUNK_ORDER; order++) {
        unsigned int nr = 0;

        spread(~0UL, 0);
        while (chunk_take_run(&chunk, order, CHUNK_FRAMES) < CHUNK_FRAMES)
            nr++;
        EXPECT_EQ(nr, CHUNK_FRAMES >> order);
        EXPECT_EQ(chunk_run(&chunk), RUN_NONE);
    }
}

TEST(chunk, some_frames_are_as_many_as_are_asked_for)
{
    for (unsigned int n = 0; n < 2000; n++) {
        unsigned long bits[CHUNK_WORDS], sum = 0, have = 0, left = 0, taken;
        unsigned long want = 1 + (unsigned long)(test_random() % 80);
        struct chunk before;

        for (unsigned int w = 0; w < CHUNK_WORDS; w++)
            chunk.free[w] = test_random() & test_random() & test_random();
        before = chunk;
        taken = chunk_take_some(&chunk, want, bits);
        for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
            EXPECT_EQ(bits[w] & chunk.free[w], 0);
            EXPECT_EQ(bits[w] | chunk.free[w], before.free[w]);
            sum += count_bits(bits[w]);
            have += count_bits(before.free[w]);
            left += count_bits(chunk.free[w]);
        }
        EXPECT_EQ(sum, have < want ? have : want);
        EXPECT_EQ(taken, sum);
        EXPECT_EQ(sum + left, have);
    }
}

/* Whoever gives back the frame that lengthens the longest run must move the
 * chunk: from every set that it may be in. */
TEST(chunk, it_may_move_if_its_run_has_become_longer)
{
    for (unsigned int n = 0; n < 20000; n++) {
        unsigned int frame = (unsigned int)(test_random() % CHUNK_FRAMES);
        unsigned int nr = (unsigned int)(test_random() % 3), w = frame / 64;
        unsigned long before, now;
        int old;

        spread(nr == 0   ? ~0UL
               : nr == 1 ? test_random()
                         : test_random() & test_random(),
               (unsigned int)(test_random() % 7));
        take_away(frame);
        old = chunk_run(&chunk);
        chunk.set = (uint8_t)(old + 1);
        if (n % 2) {
            now = chunk_give(&chunk, w, BIT(frame % 64), &before);
            EXPECT_EQ(before & BIT(frame % 64), 0);
        } else {
            EXPECT(!chunk_give_one(&chunk, w, frame % 64, &now));
        }
        EXPECT_EQ(now, chunk.free[w]);
        EXPECT(chunk_give_one(&chunk, w, frame % 64, &now));
        if (chunk_run(&chunk) > old) {
            EXPECT(bits_may_move(&chunk, w, now));
            EXPECT(frame_may_move(&chunk, w, frame % 64, now));
        }
        chunk.set = 0;
        EXPECT(bits_may_move(&chunk, w, now));
        EXPECT(frame_may_move(&chunk, w, frame % 64, now));
    }
}

/* Word by word a chunk becomes whole, and moves four times: with the first, and
 * when two, four and eight are full. */
TEST(chunk, words_that_are_full_move_it_when_they_double)
{
    unsigned int nr_moves = 0;

    chunk = (struct chunk){ 0 };
    for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
        unsigned long before, now = chunk_give(&chunk, w, ~0UL, &before);

        EXPECT_EQ(frame_may_move(&chunk, w, 5, now),
                  bits_may_move(&chunk, w, now));
        EXPECT_EQ(bits_may_move(&chunk, w, now), is_power_of_2(w + 1));
        if (!bits_may_move(&chunk, w, now))
            continue;
        nr_moves++;
        chunk.set = (uint8_t)(chunk_run(&chunk) + 1);
    }
    EXPECT_EQ(nr_moves, 4);
}

TEST(chunk, dirt_is_told_of_each_frame)
{
    chunk_mark_dirty(&chunk, 3, 0xff, true);
    EXPECT_EQ(chunk_dirty(&chunk, 3, ~0UL), 0xff);
    chunk_mark_dirty(&chunk, 3, 0x0f, false);
    EXPECT_EQ(chunk_dirty(&chunk, 3, ~0UL), 0xf0);
    chunk_mark_dirty(&chunk, 3, 0x18, true);
    EXPECT_EQ(chunk_dirty(&chunk, 3, 0x3c), 0x38);
    EXPECT_EQ(chunk_dirty(&chunk, 2, ~0UL) | chunk_dirty(&chunk, 4, ~0UL), 0);
}
