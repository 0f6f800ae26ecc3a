/* SPDX-License-Identifier: MIT */
/*
 * Tables that name tables of their own level (XSA-240, 290, 309): two parents,
 * and all that may be done to their entries for each other at once.
 */
#include <test.h>
#include <xen/bug.h>
#include <xen/errno.h>

#include "../model/pv_machine.h"
#include "explore.h"
#include "play.h"

#define LINEAR_SLOT 3U /* the last: it is examined behind the child's */

static long name(const struct page_info *table, const struct page_info *what,
                 uint64_t flags)
{
    return call_update(table, LINEAR_SLOT, what ? pv_entry(what, flags) : 0);
}

#define WORDS(_)                                                               \
    _(link, name(cast.parent, cast.second, PV_READ))                           \
    _(link_back, name(cast.second, cast.parent, PV_READ))                      \
    _(link_writable, name(cast.parent, cast.second, PV_WRITE))                 \
    _(link_self, name(cast.parent, cast.parent, PV_READ))                      \
    _(unlink, name(cast.parent, NULL, 0))                                      \
    _(unlink_back, name(cast.second, NULL, 0))                                 \
    _(drop_second, call_unpin(cast.second))                                    \
    _(pin_second, call_pin(cast.second, cast.level + 1))

#define WORD(word, what)                                                       \
    static void do_##word(void)                                                \
    {                                                                          \
        (void)(what);                                                          \
    }
WORDS(WORD)

#define ROW(word, what) { #word, do_##word },
static const struct action words[] = { WORDS(ROW){ NULL, NULL } };

static const char *const programs[] = {
    "link",         "link_back",  "link_writable", "link_self",
    "unlink",       "pin_parent", "unpin_parent",  "drop_second",
    "relink_child", "pin_second", "unlink_back",   "free_child",
};

static void both(void)
{
    BUG_ON(call_pin(cast.parent, cast.level + 1));
}

static void linked(void)
{
    both();
    BUG_ON(name(cast.parent, cast.second, PV_READ));
}

static void self_linked(void)
{
    both();
    BUG_ON(name(cast.parent, cast.parent, PV_READ));
}

/* It says so before anybody has looked at it. */
static void named(void)
{
    pv_write(cast.parent, PARENT_SLOT, pv_entry(cast.child, PV_TABLE));
    pv_write(cast.parent, LINEAR_SLOT, pv_entry(cast.second, PV_READ));
}

/* Begun as far as the linear entry. */
static void begun(void)
{
    named();
    start_pin_interrupted(cast.parent, cast.level + 1, PTES_PER_TABLE - 1);
}

static const struct start list[] = {
    { "both", both },   { "linked", linked }, { "self_linked", self_linked },
    { "named", named }, { "begun", begun },   { NULL, NULL },
};

static void play_linear(unsigned int level, unsigned int stops,
                        unsigned int yields)
{
    play_build(level, 2);
    words_add(words);
    starts_instead(list);
    for (const struct start *start = list; start->name; start++) {
        for (unsigned int a = 0; a < ARRAY_SIZE(programs); a++) {
            for (unsigned int b = a; b < ARRAY_SIZE(programs); b++) {
                const struct play it = { start->name,
                                         { programs[a], programs[b] } };

                if (!play(&it, stops, yields))
                    return;
            }
        }
        explore_report(start->name);
    }
}

TEST(explore_linear, xsa_240_two_tables_of_level_2_name_each_other)
{
    play_linear(1, 3, 0);
}

TEST(explore_linear, xsa_290_and_309_and_are_interrupted)
{
    play_linear(1, 2, 1);
}

TEST(explore_linear, xsa_240_two_tables_of_level_4_name_each_other)
{
    play_linear(3, 1, 1);
}
