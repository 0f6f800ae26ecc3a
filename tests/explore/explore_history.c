/* SPDX-License-Identifier: MIT */
/*
 * What has gone wrong in such code before, by the number under which it was
 * published (XSA): what two CPUs must do for it, in every order.
 */
#include <test.h>
#include <xen/bug.h>
#include <xen/domheap.h>
#include <xen/page_alloc.h>

#include "../model/pv_machine.h"
#include "explore.h"
#include "play.h"

/* A child whose last entry names a frame that it may not. */
static void child_bad(void)
{
    pv_write(cast.child, PTES_PER_TABLE - 1,
             pv_entry(cast.foreign, cast.level > 1 ? PV_TABLE : PV_WRITE));
    pv_write(cast.parent, PARENT_SLOT, pv_entry(cast.child, PV_TABLE));
}

/* The first vCPU runs on the parent, which names the child. */
static void base(void)
{
    pv_write(cast.parent, PARENT_SLOT, pv_entry(cast.child, PV_TABLE));
    BUG_ON(call_base(cast.parent));
}

/* Only what is given back can be handed out again. */
static void no_memory(void)
{
    BUG_ON(call_pin(cast.parent, cast.level + 1));
    while (alloc_domheap_pages(other, 0, HEAP_NO_LIMIT, 0))
        ;
}

static const struct start more[] = {
    { "no_memory", no_memory },
    { "child_bad", child_bad },
    { "base", base },
    { NULL, NULL },
};

static void play_around(unsigned int level, unsigned int stops,
                        unsigned int yields, const struct play *plays)
{
    starts_instead(more);
    play_build(level, 2);
    play_all(plays, stops, yields);
}

static const struct play of_299[] = {
    /* Half an entry's table is finished, or undone, by somebody else. */
    { "parent_begun", { "pin_parent unpin_parent", "pin_child unpin_child" } },
    { "parent_undone", { "pin_parent unpin_parent", "pin_child unpin_child" } },
    /* Its frame is given back, and somebody else's. */
    { "parent_begun", { "pin_parent", "free_child give_elsewhere" } },
    { "parent_undone", { "pin_parent", "free_child give_elsewhere" } },
    /* What is left of a table that cannot be one is taken apart once. */
    { "child_bad", { "pin_parent pin_parent", "pin_child" } },
    { "child_bad", { "pin_parent", "link_elsewhere unlink_elsewhere" } },
    /* What is put off for one vCPU is used by the other meanwhile. */
    { "child_linked", { "unlink_child", "pin_child unpin_child" } },
    { "child_linked", { "unlink_child", "link_elsewhere free_child" } },
    { NULL, { NULL } },
};

TEST(explore_history, xsa_299_partial_tables_of_level_2)
{
    play_around(2, 2, 1, of_299);
}

TEST(explore_history, xsa_299_partial_tables_of_level_3)
{
    play_around(3, 1, 1, of_299);
}

TEST(explore_history, xsa_310_a_base_pointer_whose_old_table_is_interrupted)
{
    play_around(3, 1, 1,
                PLAYS({ "base", { "base_elsewhere base", "pin_child" } },
                      { "base", { "base_elsewhere", "unlink_child" } },
                      { "base", { "base_elsewhere", "base base_elsewhere" } },
                      { "base",
                        { "user_base base_elsewhere no_user_base",
                          "pin_parent unpin_parent" } }));
}

TEST(explore_history, xsa_242_the_lock_is_not_the_last_use_of_a_table)
{
    play_around(
        2, 3, 0,
        PLAYS({ "child_linked", { "relink_child", "unpin_parent" } },
              { "child_pinned", { "swap_leaf", "unpin_child" } },
              { "child_pinned", { "clear_leaf pin_child", "unpin_child" } }));
}

TEST(explore_history, xsa_241_the_time_of_the_last_use_is_not_before_it)
{
    play_around(
        1, 3, 0,
        PLAYS({ "child_mapped",
                { "unmap_child pin_child", "map_again flush unmap_again" } },
              { "child_mapped", { "unmap_child", "borrow_child pin_child" } }));
}

TEST(explore_history, xsa_285_a_frame_is_given_back_as_it_is_handed_out)
{
    play_around(1, 4, 0,
                PLAYS({ "child_idle", { "take_frame", "free_next" } },
                      { "child_idle", { "take_frame", "map_next free_next" } },
                      { "child_idle",
                        { "take_frame free_next", "map_next unmap_again" } }));
}

TEST(explore_history, xsa_287_a_frame_is_stolen_as_somebody_asks_for_it)
{
    play_around(1, 4, 0,
                PLAYS({ "child_idle", { "exchange_child", "look_at_child" } },
                      { "child_idle", { "exchange_child", "show_child" } },
                      { "child_idle", { "steal_child", "look_at_child" } },
                      { "child_idle", { "exchange_child", "pin_child" } }));
}

TEST(explore_history, xsa_287_a_frame_is_somebody_elses_before_it_is_looked_at)
{
    play_around(
        1, 3, 0,
        PLAYS(
            { "no_memory", { "look_at_child", "free_child take_elsewhere" } },
            { "no_memory", { "show_child", "free_child take_elsewhere" } },
            { "no_memory", { "map_child", "free_child take_elsewhere" } },
            { "no_memory", { "link_child", "free_child take_elsewhere" } },
            { "no_memory", { "borrow_child free_child", "take_elsewhere" } }));
}

TEST(explore_history, xsa_401_who_can_still_write_it_flushes_when_it_is_taken)
{
    play_around(1, 4, 0,
                PLAYS({ "child_unmapped", { "pin_child", "borrow_child" } },
                      { "child_unmapped",
                        { "pin_child", "map_child flush unmap_child" } }));
}

TEST(explore_history, xsa_408_what_it_was_decides_and_not_what_it_becomes)
{
    play_around(
        1, 3, 0,
        PLAYS({ "child_pinned", { "unpin_child map_child", "pin_child" } },
              { "child_unmapped",
                { "pin_child unpin_child borrow_child",
                  "pin_child unpin_child" } }));
}

TEST(explore_history, what_guests_can_write_is_not_examined_as_descriptors)
{
    play_around(
        1, 3, 0,
        PLAYS(
            { "child_pinned", { "unpin_child gdt_of_leaf", "pin_child" } },
            { "child_pinned", { "unpin_child gdt_of_leaf", "map_leaf" } },
            { "child_idle", { "gdt_of_leaf no_gdt", "map_leaf unmap_again" } },
            { "child_idle",
              { "gdt_of_leaf no_gdt map_leaf", "gdt_of_leaf no_gdt" } }));
}
