/* SPDX-License-Identifier: MIT */
/*
 * What CPUs do on the stage, and with which frames.
 *
 * There is one table that it is all about, the child; a parent that may name it
 * in one entry, and another; and what the child names, in its first and in its
 * last entry. Two small tables of level 1, the windows, are always there, to
 * map things in: one of the guest's, and one of the other domain's.
 */
#ifndef ACTIONS_H
#define ACTIONS_H

#include "stage.h"

struct cast {
    unsigned int level; /* the child's; the parents' is one above */
    struct page_info *child, *parent, *second, *window, *foreign;
    struct page_info *leaf[2];
    struct page_info *next; /* nobody's: the one that the heap gives next */
};
extern struct cast cast;

#define PARENT_SLOT 1U /* of the child in both parents */
#define LINEAR_SLOT 3U /* of one parent in the other */

struct action {
    const char *name;
    void (*run)(void);
};

/* Those with pairs of which all starts are tried; NULL: the end. */
extern const struct action actions[];

/* More words for programs; ends as above. One list at a time. */
void words_add(const struct action *more);

/* Let @cpu do those of these names, with blanks between; others count as well.
 * And do what was set for this CPU. */
void program_set(unsigned int cpu, const char *names);
void program_run(void);

/* What has happened when it begins; NULL: the end. */
struct start {
    const char *name;
    void (*make)(void);
};
extern const struct start starts[];

/* Others, which are looked for first. One list at a time. */
void starts_instead(const struct start *list);

/* Build the stage with a child of that level, all of it idle, for @nr CPUs, and
 * keep it as @state. */
void cast_build(unsigned int level, unsigned int nr, unsigned int state);

/* Put @state back, and go on to the start of that name from there. */
void cast_start(unsigned int state, const char *name);

/* Hypercalls, of the vCPU that runs here; restarted, unless it is decided that
 * the guest leaves it at that. */
long call_pin(const struct page_info *pg, unsigned int level);
long call_unpin(const struct page_info *pg);
long call_base(const struct page_info *pg);
long call_user_base(const struct page_info *pg);
long call_update(const struct page_info *table, unsigned int slot,
                 uint64_t entry);
long call_decrease(const struct page_info *pg);
long call_increase(void);
long call_exchange(const struct page_info *pg);
long call_flush(void);
long call_gdt(const struct page_info *pg);

/* Where they have their arguments: memory of the guest's. */
void calls_init(void);

/* Whose frames and tables this CPU's calls are about from now on; NULL: its own
 * domain's. */
void calls_about(const struct domain *d);

/* For starts: a table whose pin is interrupted the @nr th time that it asks,
 * and is not gone on with. */
void start_pin_interrupted(struct page_info *pg, unsigned int level,
                           unsigned int nr);

#endif /* ACTIONS_H */
