/* SPDX-License-Identifier: MIT */
/*
 * The guest is destroyed, from any state, while another domain uses its frames:
 * nothing is left of it but what is in use, and that goes with its use.
 */
#include <hosted.h>
#include <test.h>
#include <xen/bug.h>

#include "../model/pv_machine.h"
#include "explore.h"
#include "play.h"

/* The guest runs no more, and CPU 1 runs the other domain. */
static void leave(void)
{
    for (unsigned int cpu = 0; cpu < 2; cpu++) {
        hosted_set_cpu_id(cpu);
        vcpu_leave();
    }
    BUG_ON(vcpu_enter(&other->vcpu[0]));
    hosted_set_cpu_id(0);
    domain_pause(guest);
}

static void with_base(void)
{
    BUG_ON(call_base(cast.second));
    BUG_ON(call_user_base(cast.second));
}

static void foreign(void (*run)(void))
{
    calls_about(guest);
    run();
    calls_about(NULL);
}

#define FOREIGN(name, what)                                                    \
    static void name##_own(void)                                               \
    {                                                                          \
        (void)(what);                                                          \
    }                                                                          \
    static void name(void)                                                     \
    {                                                                          \
        foreign(name##_own);                                                   \
    }
FOREIGN(pin_it, call_pin(cast.child, cast.level))
FOREIGN(unpin_it, call_unpin(cast.child))
FOREIGN(pin_its_parent, call_pin(cast.parent, cast.level + 1))
FOREIGN(link_it,
        call_update(cast.second, PARENT_SLOT, pv_entry(cast.child, PV_TABLE)))
FOREIGN(unlink_it, call_update(cast.parent, PARENT_SLOT, 0))

static const struct action words[] = {
    { "pin_it", pin_it },
    { "unpin_it", unpin_it },
    { "pin_its_parent", pin_its_parent },
    { "link_it", link_it },
    { "unlink_it", unlink_it },
    { NULL, NULL },
};

static const char *const programs[] = {
    "pin_it",
    "unpin_it pin_it",
    "pin_its_parent",
    "link_it",
    "unlink_it",
    "map_foreign",
    "map_foreign unmap_foreign",
    "show_foreign",
    "look_at_child",
    "give_elsewhere",
};

/* What it was doing, and then no more. */
static const struct start *before;

static void stopped(void)
{
    before->make();
    if (cast.level == 3)
        with_base();
    leave();
}

static void destroy_from_all(unsigned int level, unsigned int stops,
                             unsigned int yields)
{
    play_build(level, 2);
    words_add(words);
    for (before = starts; before->name; before++) {
        const struct start now[] = { { before->name, stopped },
                                     { NULL, NULL } };

        starts_instead(now);
        for (unsigned int i = 0; i < ARRAY_SIZE(programs); i++) {
            const struct play it = { before->name, { "destroy", programs[i] } };

            if (!play(&it, stops, yields))
                return;
        }
        explore_report(before->name);
    }
}

TEST(explore_teardown, a_guest_with_tables_of_2_levels_is_destroyed)
{
    destroy_from_all(1, 2, 0);
}

TEST(explore_teardown, a_guest_with_tables_of_3_levels_is_destroyed)
{
    destroy_from_all(2, 1, 1);
}

TEST(explore_teardown, a_guest_with_tables_of_4_levels_is_destroyed)
{
    destroy_from_all(3, 1, 0);
}
