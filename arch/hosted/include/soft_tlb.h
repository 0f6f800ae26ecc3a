/* SPDX-License-Identifier: MIT */
/*
 * The TLB of each simulated CPU: it keeps what it has been told, as a CPU
 * would, until that CPU flushes. It is told nothing of what changes in page
 * tables.
 */
#ifndef SOFT_TLB_H
#define SOFT_TLB_H

#include <stdbool.h>

#define SOFT_TLB_SPACES 8U   /* address spaces */
#define SOFT_TLB_PAGES  8U   /* of each of them */
#define SOFT_TLB_FRAMES 512U /* that they may lead to, from 0 on */
#define SOFT_TLB_CPUS   96U

/* Where a page leads. What it was told stays beside it, for the test. */
struct translation {
    unsigned int frame;
    bool writable;
    unsigned int age; /* whatever the test likes */
};

/* What CPU @cpu remembers of @page in @space; NULL: nothing. */
const struct translation *soft_tlb_find(unsigned int cpu, unsigned int space,
                                        unsigned int page);

/* This CPU has walked the page table, and remembers what it found. */
void soft_tlb_fill(unsigned int space, unsigned int page,
                   struct translation to);

/* A CPU may look pages up whenever it likes: call @walk when it does that at
 * the worst of times, just after its TLB was flushed. */
void soft_tlb_walker(void (*walk)(void));

/* This CPU forgets one page, which is no flush. */
void soft_tlb_drop(unsigned int space, unsigned int page);

/* How many translations to @frame does CPU @cpu remember? Or writable ones? */
unsigned int soft_tlb_holds(unsigned int cpu, unsigned int frame);
unsigned int soft_tlb_holds_writable(unsigned int cpu, unsigned int frame);

#endif /* SOFT_TLB_H */
