/* SPDX-License-Identifier: MIT */
/* The search: which words matter, which schedule is next, and what failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hosted.h>
#include <simulation.h>
#include <test.h>
#include <xen/bug.h>
#include <xen/text.h>

#include "explore.h"
#include "points.h"

#define NR_WORDS      4096U /* a power of 2 */
#define MAX_DECISIONS 100U
#define MAX_TRACE     400U
#define MAX_STEPS     20000UL

/* A word that the operations use, and which CPUs do. */
struct word {
    const void *address;
    uint8_t readers, writers;
    bool is_local; /* an interrupt of the CPU itself may change it */
    bool is_point;
};

static struct word words[NR_WORDS];
static unsigned int filled[NR_WORDS], nr_filled;
static bool found_points; /* that this run does not know of yet */

struct step {
    const char *where;
    const void *address;
    unsigned int cpu;
    bool changes, is_point;
};

/* What was decided otherwise than usually: the how manieth decision it was
 * after how many steps. So it does not matter which steps are points. */
struct decision {
    unsigned int step, number, taken;
};

static const struct exploration *running;
static bool simulates, looks_into_heap;
static struct step trace[MAX_TRACE];
static unsigned long nr_steps; /* of this run */
static unsigned int yields, nr_yields_left;
static struct decision decisions[MAX_DECISIONS];
static unsigned int nr_decisions, nr_asked; /* since the last step */
static struct decision plan[MAX_DECISIONS]; /* EXPLORE_SCHEDULE */
static unsigned int nr_planned;
static bool follows_plan;
static const void *changed;
static struct {
    unsigned long explorations, schedules, steps;
} total;

static void (*look)(const void *address);
static void (*name_word)(const void *address, char *text, size_t size);

void explore_each_step(void (*function)(const void *address))
{
    look = function;
}

void explore_names(void (*name)(const void *address, char *text, size_t size))
{
    name_word = name;
}

static unsigned int option(const char *name, unsigned int otherwise)
{
    const char *text = getenv(name);

    return text ? (unsigned int)atoi(text) : otherwise;
}

void explore_report(const char *what)
{
    printf("# %s: %lu explorations, %lu schedules, %lu steps\n", what,
           total.explorations, total.schedules, total.steps);
    memset(&total, 0, sizeof(total));
}

static struct word *find_word(const void *address)
{
    unsigned int i = (unsigned int)((uintptr_t)address >> 2) * 2654435761U;

    for (i >>= 20; words[i].address != address; i = (i + 1) % NR_WORDS) {
        if (!words[i].address) {
            BUG_ON(nr_filled == NR_WORDS / 2);
            filled[nr_filled++] = i;
            words[i].address = address;
            break;
        }
    }

    return &words[i];
}

static void forget_words(void)
{
    while (nr_filled > 0)
        words[filled[--nr_filled]] = (struct word){ 0 };
}

/* Do several CPUs use it, and does one change what others use? Or is it one
 * that is used as if they did. */
static bool is_shared(const struct word *word)
{
    unsigned int users = word->readers | word->writers;

    return word->is_local || (word->writers && (users & (users - 1)));
}

static void see_what_changed(void)
{
    const void *address = changed;

    changed = NULL;
    if (address && look)
        look(address);
}

void explore_point(const void *address, int changes, const char *where)
{
    struct word *word;
    uint8_t me;

    if (!simulates)
        return;
    see_what_changed();
    word = find_word(address);
    me = (uint8_t)(1U << arch_cpu_id());
    *(changes ? &word->writers : &word->readers) |= me;
    if (changes == 1)
        simulation_act();
    if (word->is_point || follows_plan)
        simulation_look();
    else if (is_shared(word))
        found_points = true;
    see_what_changed();

    trace[nr_steps++ % MAX_TRACE] =
        (struct step){ where, address, arch_cpu_id(), changes != 0,
                       word->is_point };
    nr_asked = 0;
    if (nr_steps == MAX_STEPS)
        BUG("a schedule that does not end");
    if (changes)
        changed = address;
}

bool explore_tried(bool changed_it)
{
    if (simulates && changed_it)
        simulation_act();

    return changed_it;
}

bool explore_heap_tried(bool changed_it)
{
    return looks_into_heap ? explore_tried(changed_it) : changed_it;
}

void explore_heap(void)
{
    looks_into_heap = true;
}

void explore_heap_point(const void *address, int changes, const char *where)
{
    if (looks_into_heap)
        explore_point(address, changes, where);
}

/* Writes in any case: what it has read, if that was not @old. */
bool explore_local(unsigned long *word, unsigned long old, unsigned long new,
                   const char *where)
{
    unsigned long seen;
    bool enabled;

    if (!simulates || !looks_into_heap)
        return (local_compare_exchange)(word, old, new);
    find_word(word)->is_local = true;
    explore_point(word, 1, where);
    enabled = interrupts_disable();
    seen = *word;
    explore_point(word, 1, where);
    *word = seen == old ? new : seen;
    interrupts_restore(enabled);

    return seen == old;
}

static void mark_points(void)
{
    for (unsigned int i = 0; i < nr_filled; i++) {
        struct word *word = &words[filled[i]];

        word->is_point = is_shared(word);
    }
    found_points = false;
}

static unsigned int planned(struct decision at)
{
    for (unsigned int i = 0; i < nr_planned; i++) {
        if (plan[i].step == at.step && plan[i].number == at.number)
            return plan[i].taken;
    }

    return 0;
}

unsigned int explore_choose(unsigned int nr)
{
    struct decision it = { (unsigned int)nr_steps, nr_asked++, 0 };

    if (!simulates)
        return 0;
    it.taken = follows_plan ? planned(it) : simulation_try(nr);
    BUG_ON(it.taken >= nr);
    if (it.taken) {
        BUG_ON(nr_decisions == MAX_DECISIONS);
        decisions[nr_decisions++] = it;
    }

    return it.taken;
}

static bool must_yield(void)
{
    if (!simulates || nr_yields_left == 0 || explore_choose(2) == 0)
        return false;
    nr_yields_left--;

    return true;
}

static void print_step(const struct step *step)
{
    char text[100] = "";

    if (name_word)
        name_word(step->address, text, sizeof(text));
    printf("#   CPU %u %s %-36s %c %s\n", step->cpu, step->is_point ? "*" : " ",
           step->where, step->changes ? 'w' : 'r', text);
}

/* What went before a failure, and how to see it again. */
static void tell(void)
{
    unsigned long step = nr_steps > MAX_TRACE ? nr_steps - MAX_TRACE : 0;

    if (!running)
        return;
    simulates = false;
    for (; step < nr_steps; step++)
        print_step(&trace[step % MAX_TRACE]);
    printf("# EXPLORE_ONLY='%s' EXPLORE_SCHEDULE='", running->name);
    for (unsigned int i = 0; i < nr_decisions; i++)
        printf("%s%u.%u:%u", i ? " " : "", decisions[i].step,
               decisions[i].number, decisions[i].taken);
    printf("'\n");
    running = NULL;
}

static bool run_once(const struct exploration *it)
{
    unsigned int nr_failures = test_nr_failures();

    it->reset();
    nr_steps = nr_decisions = nr_asked = 0;
    nr_yields_left = yields;
    changed = NULL;
    simulates = true;
    simulation_run(it->nr_cpus, it->body, explore_choose);
    see_what_changed();
    simulates = false;
    it->check();
    total.steps += nr_steps;
    if (test_nr_failures() > nr_failures) {
        tell();
        return false;
    }

    return true;
}

/* Of the form 'step.number:taken ...'. */
static void read_plan(const char *text)
{
    int length;

    for (nr_planned = 0; nr_planned < MAX_DECISIONS; nr_planned++) {
        struct decision *it = &plan[nr_planned];

        if (sscanf(text, "%u.%u:%u%n", &it->step, &it->number, &it->taken,
                   &length) != 3)
            break;
        text += length;
    }
}

/* All schedules in which the words that are known to be shared are points. */
static bool run_all(const struct exploration *it, unsigned long *nr)
{
    simulation_first();
    *nr = 0;
    do {
        if (!run_once(it))
            return false;
        ++*nr;
    } while (!found_points && simulation_next());

    return true;
}

static unsigned int nr_points(void)
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < nr_filled; i++)
        nr += words[filled[i]].is_point;

    return nr;
}

bool explore(const struct exploration *it)
{
    const char *only = getenv("EXPLORE_ONLY");
    const char *schedule = getenv("EXPLORE_SCHEDULE");
    unsigned long nr = 0;
    bool good;

    if (only && !glob_match(only, it->name))
        return true;
    hosted_at_bug(tell);
    hosted_yield(must_yield);
    simulation_bound(
        option("EXPLORE_STOPS", it->stops + option("EXPLORE_MORE", 0)));
    yields = option("EXPLORE_YIELDS", it->yields);
    forget_words();
    running = it;
    follows_plan = schedule != NULL;
    if (schedule) {
        read_plan(schedule);
        good = run_once(it);
        tell();
        return good;
    }
    do {
        mark_points();
        good = run_all(it, &nr);
        total.schedules += nr;
    } while (good && found_points);
    running = NULL;
    total.explorations++;
    if (option("EXPLORE_VERBOSE", 0))
        printf("# %s: %lu schedules, %u words shared\n", it->name, nr,
               nr_points());

    return good;
}
