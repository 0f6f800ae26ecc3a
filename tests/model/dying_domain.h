/* SPDX-License-Identifier: MIT */
/*
 * A domain that dies, and another that looks on: what tests of its end share.
 */
#ifndef DYING_DOMAIN_H
#define DYING_DOMAIN_H

#include <test.h>

#include "pv_machine.h"

#define ENTRIES 2U /* a table, of those in use */

/* Interrupt at each point; where tables have hundreds of entries, at some. */
#define STRIDE (CONFIG_TABLE_BITS > 4 ? 29 : 1)

/* The one, number 1, that tests make; and the other one, which is privileged
 * and has a table of level 1, pinned. */
extern struct domain *d, *other;
extern struct page_info *map;

/* A machine with the other domain, which stays. */
void machine(void);

/* Yield at the question of number @at, or at each. And how many were asked. */
#define NEVER (~0UL)
void yields(unsigned long at, bool always);
extern unsigned long nr_questions;

void pin(struct page_info *pg, unsigned int level);

/* An entry of the other's table: to @pg, or with NULL to nothing. */
void map_foreign(unsigned int slot, struct page_info *pg, uint64_t flags);

/* Make d, with something of all that a domain may have. */
void build_all(void);

/* Destroy d, with an audit at each stop; returns how many there were. */
unsigned long destroy(void);

/* Run @build, and the end of what it builds, interrupted once, at each question
 * whether to yield that is ever asked. Returns how many those are. */
unsigned long destroy_at_each_point(void (*build)(void));

/* The same with an interruption at every point: each call does little. */
void destroy_with_all_interruptions(void (*build)(void));

/* What is left to be said after the end of d. */
void expect_nothing_left(void);

#endif /* DYING_DOMAIN_H */
