/* SPDX-License-Identifier: MIT */
/*
 * Included first, by the command line, in the files that the explorer looks
 * into: each of their atomic operations is a point where another CPU may come
 * between, and so is taking a lock. The names of the builtins become macros
 * that name the builtins: a macro does not expand in itself.
 */
#ifndef EXPLORE_POINTS_H
#define EXPLORE_POINTS_H

#include <stdbool.h>

#define EXPLORE_STRING(x) #x
#define EXPLORE_NUMBER(x) EXPLORE_STRING(x)
#define EXPLORE_WHERE     __FILE__ ":" EXPLORE_NUMBER(__LINE__)
#define EXPLORE_READ(p)   EXPLORE_POINT(p, 0, EXPLORE_WHERE)
#define EXPLORE_CHANGE(p) EXPLORE_POINT(p, 1, EXPLORE_WHERE)
#define EXPLORE_TRY(p)    EXPLORE_POINT(p, 2, EXPLORE_WHERE)

/* An operation on the word at @address is about to be done, at @where; in the
 * heap, which only its own explorations look into. It reads (0), changes (1),
 * or tries to change the word (2), and then says whether it did: who waits need
 * not look again for what did not. */
void explore_point(const void *address, int changes, const char *where);
void explore_heap_point(const void *address, int changes, const char *where);
bool explore_tried(bool changed);
bool explore_heap_tried(bool changed);
#ifdef EXPLORE_HEAP
#define EXPLORE_POINT explore_heap_point
#define EXPLORE_TRIED explore_heap_tried
#else
#define EXPLORE_POINT explore_point
#define EXPLORE_TRIED explore_tried
#endif

/* One instruction, which no interrupt breaks; but another CPU may come between
 * what it reads and what it writes. What is inline there has no points. */
#include <asm/processor.h>
bool explore_local(unsigned long *word, unsigned long old, unsigned long new,
                   const char *where);
#define local_compare_exchange(word, old, new)                                 \
    explore_local(word, old, new, EXPLORE_WHERE)

#define __atomic_load_n(p, order) (EXPLORE_READ(p), __atomic_load_n(p, order))
#define __atomic_store_n(p, value, order)                                      \
    (EXPLORE_CHANGE(p), __atomic_store_n(p, value, order))
#define __atomic_exchange_n(p, value, order)                                   \
    (EXPLORE_CHANGE(p), __atomic_exchange_n(p, value, order))
#define __atomic_compare_exchange_n(p, expected, desired, weak, good, bad)     \
    (EXPLORE_TRY(p), EXPLORE_TRIED(__atomic_compare_exchange_n(                \
                         p, expected, desired, weak, good, bad)))
#define __atomic_fetch_add(p, value, order)                                    \
    (EXPLORE_CHANGE(p), __atomic_fetch_add(p, value, order))
#define __atomic_fetch_sub(p, value, order)                                    \
    (EXPLORE_CHANGE(p), __atomic_fetch_sub(p, value, order))
#define __atomic_fetch_or(p, value, order)                                     \
    (EXPLORE_CHANGE(p), __atomic_fetch_or(p, value, order))
#define __atomic_fetch_and(p, value, order)                                    \
    (EXPLORE_CHANGE(p), __atomic_fetch_and(p, value, order))
#define __atomic_fetch_xor(p, value, order)                                    \
    (EXPLORE_CHANGE(p), __atomic_fetch_xor(p, value, order))
#define __atomic_add_fetch(p, value, order)                                    \
    (EXPLORE_CHANGE(p), __atomic_add_fetch(p, value, order))
#define __atomic_sub_fetch(p, value, order)                                    \
    (EXPLORE_CHANGE(p), __atomic_sub_fetch(p, value, order))
#define __atomic_or_fetch(p, value, order)                                     \
    (EXPLORE_CHANGE(p), __atomic_or_fetch(p, value, order))
#define __atomic_and_fetch(p, value, order)                                    \
    (EXPLORE_CHANGE(p), __atomic_and_fetch(p, value, order))

/* Behind the macros above, so that what is inline there has points as well. */
#include <xen/spinlock.h>

#define spin_lock(lock)   (EXPLORE_CHANGE(lock), spin_lock(lock))
#define spin_unlock(lock) (spin_unlock(lock), (void)EXPLORE_TRIED(true))

#endif /* EXPLORE_POINTS_H */
