/* SPDX-License-Identifier: MIT */
/*
 * What each CPU keeps at hand: stacks of free frames, and of small blocks.
 *
 * A CPU's stacks are its own: no lock, no locked instruction. Two things may
 * come in between all the same: an interrupt, by which another CPU asks for all
 * that is there (magazines_collect()), and another CPU that marks a frame. So a
 * stack's height and a frame's state change by local_compare_exchange() on the
 * common way, and on the others the CPU says that it is busy: who asks then,
 * asks again.
 */
#ifndef MAGAZINE_H
#define MAGAZINE_H

#include <xen/page_alloc.h>

#include <asm/processor.h>

#include "chunk_supply.h"

#define MAGAZINE_SIZE 64U

/*
 * Two arrays, so that between taking and giving a whole one there is room for
 * both. Closed, nothing is put there: at first, and while memory is short.
 */
struct magazine {
    unsigned long height;    /* 1 + how many are in page[]; 0: closed */
    struct page_info **page; /* the last one is taken first */
    unsigned long nr_spare;
    struct page_info **spare;
};

/* Others may look at these numbers, but do not rely on them. */
static inline void set_number(unsigned long *nr, unsigned long to)
{
    __atomic_store_n(nr, to, __ATOMIC_RELAXED);
}

static inline unsigned long read_number(const unsigned long *nr)
{
    return __atomic_load_n(nr, __ATOMIC_RELAXED);
}

static inline unsigned long magazine_nr(const struct magazine *m)
{
    return m->height ? m->height - 1 : 0;
}

/* Blocks of these orders are kept too; each of the small ones is its order. */
enum small { SMALL_CHUNK, SMALL_1, SMALL_2, SMALL_3, NR_SMALL };
#define SMALL_MAX 30U

struct small_stack {
    unsigned long nr, size;
    struct page_info *page[SMALL_MAX];
};

struct heap_cpu {
    struct magazine magazine[NR_CONTENTS]; /* CLEAN ones owe nothing either */
    struct small_stack small[NR_SMALL];    /* whatever they contain; no debt */
    unsigned long current; /* the chunk to take from, and 1; or 0 */
    unsigned int node;
    struct heap_node *home; /* that node */
    unsigned int too_long;  /* a run of this order it had not, or of none */
    bool busy;
    bool owing;               /* some frame of the DIRTY ones may owe a flush */
    struct page_info *popped; /* one that was not as expected, or NULL */
    struct page_info *pages;  /* those of its node lie there */
    unsigned long nr_pages;
    struct page_info *frames[4][MAGAZINE_SIZE];
} __aligned(64);

extern struct heap_cpu heap_cpus[CONFIG_NR_CPUS];

/* Which CPUs may have anything. Atomic. */
extern cpumask_t heap_users;

/* This CPU's, ready for use. They are made ready when it first wants any. */
struct heap_cpu *magazines_begin_here(void);

static inline struct heap_cpu *magazines_here(void)
{
    struct heap_cpu *me = cpu_heap();

    return likely(me != &heap_nobody) ? me : magazines_begin_here();
}

/* Between them no other CPU is given what this one has. */
static inline void magazines_begin(struct heap_cpu *me)
{
    __atomic_store_n(&me->busy, true, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void magazines_end(struct heap_cpu *me)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&me->busy, false, __ATOMIC_RELEASE);
}

/* This CPU takes from no chunk any more. */
void magazine_release(struct heap_cpu *me);

/* The chunk that this CPU owns and takes from, or BIT_TREE_NONE. */
unsigned long magazine_chunk(struct heap_cpu *me);

/**
 * magazine_refill - take free frames from the node, into both magazines.
 *
 * At most as many as one holds. @prefer says of which kind a whole block should
 * be. False: the node has none, or none but those in chunks of others.
 */
bool magazine_refill(struct heap_cpu *me, enum contents prefer);

/* Push one that owes what its entry says; if there is no room at hand, the
 * oldest ones go back to their chunks. */
void magazine_put(struct heap_cpu *me, enum contents contents,
                  struct page_info *pg);

/* Take a dirty frame whose debt is paid, from among all at hand; or NULL. */
struct page_info *magazine_take_paid(struct heap_cpu *me);

/* What all dirty frames at hand owe together. */
struct tlb_debt magazine_debt(struct heap_cpu *me);

#include "magazine_drain.h"
#include "magazine_stack.h"

#endif /* MAGAZINE_H */
