/* SPDX-License-Identifier: MIT */
/* Programs on the stage: from a start, at once, and all in order afterwards. */
#ifndef PLAY_H
#define PLAY_H

#include "actions.h"

struct play {
    const char *start;
    const char *program[STAGE_CPUS]; /* NULL: there is no such CPU */
};

/* Build the stage for plays with @nr CPUs around a child of that level. */
void play_build(unsigned int level, unsigned int nr);

/* Explore it with so many stops and yields (explore.h); false: something was
 * not as it must be. And each of a list, up to that, and to one without a
 * start. */
bool play(const struct play *it, unsigned int stops, unsigned int yields);
void play_all(const struct play *plays, unsigned int stops,
              unsigned int yields);

/* A list of them, where it is used. */
#define PLAYS(...) ((const struct play[]){ __VA_ARGS__, { NULL, { NULL } } })

#endif /* PLAY_H */
