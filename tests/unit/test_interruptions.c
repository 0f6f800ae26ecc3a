/* SPDX-License-Identifier: MIT */
/*
 * Every way to interrupt the examination of a page table, or its end: for each
 * level, at its first, a middle and its last slot, begun from each state that a
 * table can be in. Then it is resumed, or turned round, or its domain
 * destroyed; and the auditor looks on. The cells of this matrix are counted:
 * all of them must come about.
 *
 * A table here has three children, at those slots, and so have these. The
 * record of deferred work of a vCPU is the holder through which it is used.
 */
#include <stdio.h>

#include <hosted.h>
#include <test.h>
#include <xen/audit.h>
#include <xen/errno.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>
#include <xen/relinquish.h>

#include "../model/pv_machine.h"

#define LAST   ((unsigned int)PTES_PER_TABLE - 1)
#define MIDDLE (LAST / 2) /* the slot before the hypervisor's, at level 4 */

static const unsigned int slot_of[] = { 0, MIDDLE, LAST };
static const char *const place_name[] = { "first", "middle", "last" };

/* What is done, in what state it finds the table, and what stops it. */
enum direction { FORWARD, BACKWARD };

static const struct state {
    const char *name;
    bool partial;
    enum direction left_by; /* if partial */
    enum direction goes;
} states[] = {
    { "idle", false, FORWARD, FORWARD },
    { "valid", false, FORWARD, BACKWARD },
    { "partial forward, on", true, FORWARD, FORWARD },
    { "partial forward, back", true, FORWARD, BACKWARD },
    { "partial backward, on", true, BACKWARD, BACKWARD },
    { "partial backward, forward", true, BACKWARD, FORWARD },
};

/* Between two entries; inside of the entry's own table, which is left partial;
 * or that table is in the hands of another CPU. */
enum stop { BETWEEN, INSIDE, HELD };
static const char *const stop_name[] = { "between", "inside", "held" };

enum next { RESUME, REVERSE, DESTROY, NR_NEXT };

static struct domain *d;
static struct page_holder *h;
static struct page_info *table;
static unsigned int level;
static unsigned long asks_until_yes;

/* At the n-th time, and from then on. */
static bool ask(void)
{
    if (asks_until_yes > 0)
        asks_until_yes--;

    return asks_until_yes == 0;
}

static struct page_info *tree(unsigned int of_level)
{
    struct page_info *pg = pv_page(d);

    for (unsigned int i = 0; i < ARRAY_SIZE(slot_of) && of_level > 0; i++)
        pv_write(pg, slot_of[i],
                 pv_entry(tree(of_level - 1), PV_TABLE | PTE_UNCOUNTED));

    return pg;
}

static void start(unsigned int of_level)
{
    level = of_level;
    d = pv_domain(1, 1);
    h = &d->vcpu[0].deferred;
    table = tree(level);
    EXPECT(get_page(table, d));
    *h = (struct page_holder){ table, HOLD_HALF };
}

static void finish(void)
{
    hosted_yield(NULL);
    EXPECT_EQ(audit(), 0);
    EXPECT_EQ(domain_destroy(d), 0);
    EXPECT_EQ(audit(), 0);
    EXPECT(pv_all_free());
}

static unsigned long type_info(const struct page_info *pg)
{
    return __atomic_load_n(&pg->inuse_overlay.type_info, __ATOMIC_RELAXED);
}

/* Twice the entries that are held fully, and one for half of one. */
static unsigned int position(void)
{
    if (type_info(table) & PGT_partial)
        return 2U * table->inuse_overlay.nr_validated_ptes +
               (table->inuse_overlay.partial_pte != 0);

    return type_info(table) & PGT_validated ? 2 * (LAST + 1) : 0;
}

/* Go that way, until the @nr-th time that it asks; 0: to the end. */
static int go(enum direction direction, unsigned long nr)
{
    int rc;

    if (direction == FORWARD && h->hold == HOLD_FULL)
        return 0;
    asks_until_yes = nr;
    hosted_yield(nr ? ask : NULL);
    if (direction == FORWARD) {
        /* What holds half holds as much as one who has only read it. */
        h->hold = HOLD_READ_ONLY;
        rc = get_page_table(h, level);
        if (rc)
            h->hold = HOLD_HALF;
    } else {
        rc = put_holder(h);
    }
    hosted_yield(NULL);

    return rc;
}

/* The state that the table is to be in before; @nr as for go(). */
static void prepare(const struct state *state, unsigned long nr)
{
    if (!state->partial && state->goes == FORWARD)
        return;
    if (!state->partial || state->left_by == BACKWARD)
        EXPECT_EQ(go(FORWARD, 0), 0);
    if (state->partial)
        EXPECT_EQ(go(state->left_by, nr), -ERESTART);
    EXPECT_EQ(audit(), 0);
}

static bool reached(enum direction direction, unsigned int wanted)
{
    return direction == FORWARD ? position() >= wanted : position() <= wanted;
}

/* What does position() come to, if @direction is interrupted at the @nr-th
 * question, after a preparation of @nr_before? Is it @wanted, or beyond? */
static bool probe(const struct state *state, unsigned long nr_before,
                  enum direction direction, unsigned long nr,
                  unsigned int wanted)
{
    bool yes;

    start(level);
    if (state)
        prepare(state, nr_before);
    else if (direction == BACKWARD)
        EXPECT_EQ(go(FORWARD, 0), 0);
    yes = go(direction, nr) == 0 || reached(direction, wanted);
    EXPECT_EQ(domain_destroy(d), 0);

    return yes;
}

/* The first question at which it is @wanted or beyond. */
static unsigned long search(const struct state *state, unsigned long nr_before,
                            enum direction direction, unsigned int wanted)
{
    unsigned long below = 0, nr = 1;

    while (!probe(state, nr_before, direction, nr, wanted)) {
        below = nr;
        nr *= 2;
    }
    while (nr - below > 1) {
        unsigned long between = below + (nr - below) / 2;

        if (probe(state, nr_before, direction, between, wanted))
            nr = between;
        else
            below = between;
    }

    return nr;
}

/*
 * Where a table is left by who goes the one way, for who then goes on, or turns
 * round: with every slot still before him. A child of its first slot, or of its
 * last, is what he finds half done, and with more than one entry of it to do;
 * leaves are never that.
 */
static unsigned long search_before(const struct state *state)
{
    bool low = state->goes == FORWARD;

    if (!state->partial)
        return 0;
    if (level == 1)
        return search(NULL, 0, state->left_by, low ? 2 : 2 * LAST);

    return search(NULL, 0, state->left_by, low ? 1 : 2 * LAST + 1) +
           (state->left_by != state->goes);
}

/* The position() to be stopped at; between two entries there is one more. */
static unsigned int wanted_at(const struct state *state, unsigned int place,
                              enum stop stop)
{
    unsigned int slot = slot_of[place];

    if (stop == INSIDE)
        return 2 * slot + 1;
    if (stop == HELD)
        return state->goes == FORWARD ? 2 * slot : 2 * (slot + 1);
    /* Of leaves, he who left it has done the first that can be done. */
    if (level == 1 && state->partial && state->goes == FORWARD && place == 0)
        return 2 * 2;
    if (level == 1 && state->partial && state->goes == BACKWARD && place == 2)
        return 2 * (LAST - 1);

    return 2 * (slot == LAST ? LAST : slot + 1);
}

/*
 * Leaves are done at once. And of a table that is partial, the last child is
 * gone, or half of one, which waits for nobody.
 */
static bool exists(const struct state *state, unsigned int place,
                   enum stop stop)
{
    if (level == 1)
        return stop == BETWEEN;

    return stop != HELD || !state->partial || state->goes == FORWARD ||
           place != 2;
}

/* Another CPU works on a child, or is about to change an entry of it. */
static unsigned long hold_child(enum direction direction, unsigned int slot)
{
    struct page_info *child = mfn_to_page(pv_entry_mfn(pv_read(table, slot)));
    unsigned long before = type_info(child);

    __atomic_store_n(&child->inuse_overlay.type_info,
                     direction == FORWARD
                         ? type_of_level(level - 1) | PGT_busy | 1
                         : (before + 1) | PGT_locked,
                     __ATOMIC_RELAXED);

    return before;
}

static void let_child_go(unsigned int slot, unsigned long before)
{
    struct page_info *child = mfn_to_page(pv_entry_mfn(pv_read(table, slot)));

    __atomic_store_n(&child->inuse_overlay.type_info, before, __ATOMIC_RELAXED);
}

/* Bring the table there, and stop it; was it so? */
static bool stop_there(const struct state *state, unsigned long nr_before,
                       unsigned int slot, enum stop stop, unsigned long nr,
                       unsigned int wanted)
{
    unsigned long word, child = 0;
    unsigned int before;
    int rc;

    start(level);
    prepare(state, nr_before);
    before = position();
    word = type_info(table);
    if (stop == HELD)
        child = hold_child(state->goes, slot);
    rc = go(state->goes, nr);
    if (stop == HELD)
        let_child_go(slot, child);

    /* Nothing has happened, or it can be told how far it came. */
    EXPECT_EQ(-rc, position() == before ? EINTR : ERESTART);
    EXPECT(
        type_info(table) ==
        (position() == before ? word : type_of_level(level) | PGT_partial | 1));
    EXPECT_EQ(audit(), 0);
    /* Half an entry that nobody could go on with is half one still. */
    if (stop == HELD && (state->goes == FORWARD) == (before > wanted))
        wanted = before;

    return position() == wanted;
}

static void destroy_by_steps(void)
{
    unsigned int nr = 0;
    int rc;

    hosted_yield(ask);
    do {
        asks_until_yes = 2;
        rc = domain_destroy(d);
        if (nr++ % 256 == 0)
            EXPECT_EQ(audit(), 0);
    } while (rc == -ERESTART);
    hosted_yield(NULL);
    EXPECT_EQ(rc, 0);
    EXPECT(pv_all_free());
}

/* From where it was stopped: to one of the ends. */
static void go_on(enum direction direction, enum next next)
{
    if (next == DESTROY) {
        destroy_by_steps();
        return;
    }
    if (next == REVERSE)
        direction = direction == FORWARD ? BACKWARD : FORWARD;
    EXPECT_EQ(go(direction, 0), 0);
    EXPECT_EQ(h->hold, direction == FORWARD ? HOLD_FULL : HOLD_NONE);
    EXPECT_EQ(position(), direction == FORWARD ? 2 * (LAST + 1) : 0);
    finish();
}

/* How many of the ways to go on there were from there. */
static unsigned int run_cell(const struct state *state, unsigned long nr_before,
                             unsigned int place, enum stop stop)
{
    unsigned int wanted = wanted_at(state, place, stop), nr_reached = 0;
    unsigned long nr = search(state, nr_before, state->goes, wanted);

    /* The next question after that is asked by who waits. */
    nr += stop == HELD;
    for (unsigned int next = 0; next < NR_NEXT; next++) {
        nr_reached +=
            stop_there(state, nr_before, slot_of[place], stop, nr, wanted);
        go_on(state->goes, (enum next)next);
    }

    return nr_reached;
}

static void run_state(const struct state *state, unsigned int *nr_reached,
                      unsigned int *nr_cells)
{
    unsigned long nr_before = search_before(state);

    printf("# L%u %-26s", level, state->name);
    for (unsigned int place = 0; place < ARRAY_SIZE(place_name); place++)
        for (unsigned int stop = BETWEEN; stop <= HELD; stop++) {
            unsigned int nr;

            if (!exists(state, place, (enum stop)stop)) {
                printf("   -");
                continue;
            }
            nr = run_cell(state, nr_before, place, (enum stop)stop);
            printf(" %u/%u", nr, NR_NEXT);
            *nr_reached += nr;
            *nr_cells += NR_NEXT;
        }
    printf("\n");
}

static void print_heading(void)
{
    printf("# to resume, to turn round, to destroy; stopped %s, %s, %s\n",
           stop_name[BETWEEN], stop_name[INSIDE], stop_name[HELD]);
    printf("# %-29s", "");
    for (unsigned int place = 0; place < ARRAY_SIZE(place_name); place++)
        printf(" %-11s", place_name[place]);
    printf("\n");
}

TEST(interruptions, the_matrix_is_full)
{
    unsigned int nr_reached = 0, nr_cells = 0;

    pv_machine(1);
    /* What the first domain of a number takes for good. */
    EXPECT_EQ(domain_destroy(pv_domain(1, 1)), 0);
    pv_mark_free();
    print_heading();
    for (level = 1; level <= 4; level++)
        for (unsigned int i = 0; i < ARRAY_SIZE(states); i++)
            run_state(&states[i], &nr_reached, &nr_cells);
    printf("# the matrix of interruptions: %u of %u cells%s\n", nr_reached,
           nr_cells, nr_reached == nr_cells ? ", full" : "");
    EXPECT_EQ(nr_reached, nr_cells);
    EXPECT_EQ(nr_cells, 3 * (6 * 3 + 3 * (6 * 3 * 3 - 2)));
}
