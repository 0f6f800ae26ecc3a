/* SPDX-License-Identifier: MIT */
/* Explores programs, and looks at what each schedule has left. */
#include <stdio.h>
#include <string.h>

#include "explore.h"
#include "play.h"

enum { IDLE, START }; /* states */

static const char *start_now;

void play_build(unsigned int level, unsigned int nr)
{
    cast_build(level, nr, IDLE);
    start_now = NULL;
}

static void reset(void)
{
    stage_put_back(START);
}

/* A state that was in order once need not be looked at again. */
static void check(void)
{
    if (!stage_is_new())
        return;
    stage_check();
    stage_strike();
}

bool play(const struct play *it, unsigned int stops, unsigned int yields)
{
    char name[200];
    struct exploration exploration = {
        .name = name,
        .stops = stops,
        .yields = yields,
        .reset = reset,
        .body = program_run,
        .check = check,
    };
    int length = snprintf(name, sizeof(name), "L%u %s:", cast.level, it->start);

    if (!start_now || strcmp(start_now, it->start) != 0) {
        cast_start(IDLE, it->start);
        stage_keep(START);
        start_now = it->start;
    }
    for (unsigned int cpu = 0; cpu < STAGE_CPUS && it->program[cpu]; cpu++) {
        length += snprintf(name + length, sizeof(name) - (size_t)length,
                           "%s %s", cpu ? "," : "", it->program[cpu]);
        program_set(cpu, it->program[cpu]);
        exploration.nr_cpus++;
    }

    return explore(&exploration);
}

void play_all(const struct play *plays, unsigned int stops, unsigned int yields)
{
    for (; plays->start; plays++) {
        if (!play(plays, stops, yields))
            return;
    }
    explore_report("plays");
}
