/* SPDX-License-Identifier: MIT */
/* CPUs that take turns: coroutines, their interrupts, and who goes on. */
#include <limits.h>

#include <hosted.h>
#include <simulation.h>
#include <xen/bug.h>
#include <xen/config.h>
#include <xen/smp.h>

#include <asm/processor.h>

#include "coroutine.h"
#include "simulated.h"

#define MAX_DECISIONS 4096U

/* Two CPUs can wait for one another's answers for ever while a third could go
 * on: where schedules are tried one by one, so often somebody else does than is
 * next. */
#define MAX_DETOURS 4U

struct simulated_cpu {
    struct coroutine coroutine;
    bool returned;       /* from its body */
    bool waits;          /* stands in a loop that waits for another CPU */
    bool has_news;       /* another one has acted since it last looked */
    bool acted;          /* has done more than look again in vain */
    unsigned int looks;  /* into its mailbox, since it last went on */
    bool interrupts_off; /* an interrupt stays pending */
    bool interrupt;      /* is pending; several are one */
};

/* Their coroutines last, for the simulations to come. */
static struct simulated_cpu cpus[CONFIG_NR_CPUS];
static unsigned int nr_created;

static unsigned int nr_simulated, nr_left;
static unsigned int bound = UINT_MAX, nr_stops_left, nr_detours_left, ran_last;
static void (*cpu_body)(void);
static unsigned int (*chooser)(unsigned int nr);

/* Decided when the last one stopped: does anybody go on, and who. */
static bool is_next;
static unsigned int next;

bool simulated(void)
{
    return nr_simulated > 0;
}

static struct simulated_cpu *this_cpu(void)
{
    return &cpus[arch_cpu_id()];
}

/* Returns whether there was one. */
static bool take_interrupt(struct simulated_cpu *me)
{
    bool taken = false;

    while (me->interrupt && !me->interrupts_off) {
        taken = true;
        me->interrupt = false;
        me->interrupts_off = true;
        me->acted = true;
        smp_answer();
        me->interrupts_off = false;
    }

    return taken;
}

/* May it go on? A loop that waits may when another CPU has gone on. */
static bool may_run(const struct simulated_cpu *cpu)
{
    return !cpu->waits || cpu->has_news ||
           (cpu->interrupt && !cpu->interrupts_off);
}

/* Choose who goes on: usually the same, or else the next. False: nobody may. */
static bool pick(unsigned int *cpu)
{
    unsigned int able[CONFIG_NR_CPUS], nr = 0, chosen = 0, *left;
    bool may_stay = may_run(&cpus[ran_last]);

    if (may_stay)
        able[nr++] = ran_last;
    for (unsigned int n = 1; n < nr_simulated; n++) {
        unsigned int i = (ran_last + n) % nr_simulated;

        if (may_run(&cpus[i]))
            able[nr++] = i;
    }
    if (nr == 0)
        return false;
    left = may_stay ? &nr_stops_left : &nr_detours_left;
    if (nr > 1 && *left > 0)
        chosen = chooser(nr);
    if (chosen > 0)
        --*left;
    *cpu = ran_last = able[chosen];

    return true;
}

/* What @ran has done may be what others wait for. */
static void wake_others(const struct simulated_cpu *ran)
{
    for (unsigned int i = 0; i < nr_simulated; i++) {
        if (&cpus[i] != ran && !cpus[i].returned)
            cpus[i].has_news = true;
    }
}

static void begin_turn(struct simulated_cpu *it)
{
    it->acted = it->acted && !it->waits;
    it->waits = false;
    it->looks = 0;
}

/* Somebody goes on from here: nearly always this CPU, and then there is no need
 * to leave it. Returns whether it has taken an interrupt meanwhile. */
static bool switch_out(struct simulated_cpu *me)
{
    if (me->acted)
        wake_others(me);
    is_next = pick(&next);
    if (is_next && next == arch_cpu_id())
        begin_turn(me);
    else
        coroutine_leave(&me->coroutine);

    return take_interrupt(me);
}

void simulation_look(void)
{
    while (simulated() && switch_out(this_cpu()))
        ; /* between the interrupt and what follows they may, too */
}

void simulation_act(void)
{
    this_cpu()->acted = true;
}

void simulation_point(void)
{
    simulation_act();
    if (simulated())
        switch_out(this_cpu());
}

void simulated_relax(void)
{
    this_cpu()->waits = true;
    this_cpu()->has_news = false;
    switch_out(this_cpu());
}

void simulated_interrupt(unsigned int cpu)
{
    BUG_ON(cpu >= nr_simulated);
    cpus[cpu].interrupt = true;
    simulation_point();
}

bool simulated_disable(void)
{
    struct simulated_cpu *me = this_cpu();
    bool enabled = !me->interrupts_off;

    me->interrupts_off = true;
    /* A turn of a loop that waits looks once; if it found something, again. */
    if (++me->looks > 1)
        me->acted = true;

    return enabled;
}

void simulated_restore(bool enabled)
{
    this_cpu()->interrupts_off = !enabled;
    take_interrupt(this_cpu());
}

static void run_cpu(void)
{
    struct simulated_cpu *me = this_cpu();

    take_interrupt(me); /* one may have come before it begins */
    for (;;) {
        while (me->returned)
            simulated_relax();
        cpu_body();
        me->returned = true;
        nr_left--;
        wake_others(me);
    }
}

void simulation_bound(unsigned int nr)
{
    bound = nr;
}

static void go_on(unsigned int cpu)
{
    struct simulated_cpu *it = &cpus[cpu];

    hosted_set_cpu_id(cpu);
    begin_turn(it);
    coroutine_enter(&it->coroutine);
}

void simulation_run(unsigned int nr, void (*body)(void),
                    unsigned int (*choose)(unsigned int nr))
{
    BUG_ON(nr > CONFIG_NR_CPUS);
    nr_simulated = nr_left = nr;
    nr_stops_left = bound;
    nr_detours_left = bound < UINT_MAX ? MAX_DETOURS : UINT_MAX;
    ran_last = 0;
    cpu_body = body;
    chooser = choose;
    for (; nr_created < nr; nr_created++)
        coroutine_create(&cpus[nr_created].coroutine, run_cpu);
    for (unsigned int i = 0; i < nr; i++) {
        cpus[i].returned = cpus[i].waits = cpus[i].interrupt =
            cpus[i].interrupts_off = false;
        cpus[i].acted = true;
    }

    /* Also those who have returned finish what an interrupt began. */
    for (is_next = pick(&next); is_next;)
        go_on(next);
    BUG_ON(nr_left > 0); /* everybody waits for somebody else */
    nr_simulated = 0;
    hosted_set_cpu_id(0);
}

/* The decisions of one schedule, and out of how many each was. */
static struct {
    unsigned int taken, of;
} decision[MAX_DECISIONS];
static unsigned int nr_decisions, nr_planned;

void simulation_first(void)
{
    nr_decisions = nr_planned = 0;
}

unsigned int simulation_try(unsigned int nr)
{
    BUG_ON(nr_decisions == MAX_DECISIONS);
    if (nr_decisions == nr_planned) {
        decision[nr_planned].taken = 0;
        decision[nr_planned++].of = nr;
    }
    BUG_ON(decision[nr_decisions].of != nr); /* it must run as it did before */

    return decision[nr_decisions++].taken;
}

bool simulation_next(void)
{
    nr_decisions = 0;
    while (nr_planned > 0 &&
           decision[nr_planned - 1].taken + 1 == decision[nr_planned - 1].of)
        nr_planned--;
    if (nr_planned == 0)
        return false;
    decision[nr_planned - 1].taken++;

    return true;
}
