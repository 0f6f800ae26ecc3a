/* SPDX-License-Identifier: MIT */
/* Each two operations at once, from each start, for a child of each level. */
#include <stdio.h>

#include <test.h>

#include "explore.h"
#include "play.h"

static bool play_pairs(const char *start, unsigned int stops,
                       unsigned int yields)
{
    for (const struct action *a = actions; a->name; a++) {
        for (const struct action *b = a; b->name; b++) {
            const struct play pair = {
                .start = start,
                .program = { a->name, b->name },
            };

            if (!play(&pair, stops, yields))
                return false;
        }
    }

    return true;
}

static void play_level(unsigned int level, unsigned int stops,
                       unsigned int yields)
{
    play_build(level, 2);
    for (const struct start *start = starts; start->name; start++) {
        if (!play_pairs(start->name, stops, yields))
            return;
        explore_report(start->name);
    }
}

TEST(explore_pairs, two_at_once_with_a_table_of_level_1)
{
    play_level(1, 2, 1);
}

TEST(explore_pairs, two_at_once_with_a_table_of_level_2)
{
    play_level(2, 2, 0);
}

TEST(explore_pairs, two_at_once_with_a_table_of_level_2_that_is_interrupted)
{
    play_level(2, 1, 1);
}

TEST(explore_pairs, two_at_once_with_a_table_of_level_3)
{
    play_level(3, 2, 0);
}

TEST(explore_pairs, two_at_once_with_a_table_of_level_3_that_is_interrupted)
{
    play_level(3, 1, 1);
}
