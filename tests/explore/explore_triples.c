/* SPDX-License-Identifier: MIT */
/* Three operations at once. For 'make check-long': they are many. */
#include <test.h>

#include "explore.h"
#include "play.h"

static const char *const programs[] = {
    "pin_child",    "unpin_child",  "unpin_parent", "link_child",
    "unlink_child", "borrow_child", "free_child",   "exchange_child",
    "swap_leaf",    "relink_child",
};
#define NR ARRAY_SIZE(programs)

static bool play_triples(const char *start, unsigned int stops,
                         unsigned int yields)
{
    for (unsigned int i = 0; i < NR * NR * NR; i++) {
        unsigned int a = i / (NR * NR), b = i / NR % NR, c = i % NR;
        const struct play it = { start,
                                 { programs[a], programs[b], programs[c] } };

        if (a <= b && b <= c && !play(&it, stops, yields))
            return false;
    }

    return true;
}

static void play_level(unsigned int level, unsigned int stops,
                       unsigned int yields)
{
    play_build(level, 3);
    for (const struct start *start = starts; start->name; start++) {
        if (!play_triples(start->name, stops, yields))
            return;
        explore_report(start->name);
    }
}

TEST(explore_triples, three_at_once_with_a_table_of_level_1)
{
    play_level(1, 2, 0);
}

TEST(explore_triples, three_at_once_with_a_table_of_level_1_interrupted)
{
    play_level(1, 1, 1);
}

TEST(explore_triples, three_at_once_with_a_table_of_level_2)
{
    play_level(2, 1, 0);
}
