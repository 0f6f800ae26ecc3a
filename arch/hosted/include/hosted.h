/* SPDX-License-Identifier: MIT */
/* What a process that is a machine offers to the tests that run in it. */
#ifndef HOSTED_H
#define HOSTED_H

#include <stdbool.h>

#include <xen/memory_map.h>

/* The exit status of a process that stopped in arch_bug(). */
#define HOSTED_BUG_STATUS 70

/**
 * hosted_boot - make a heap of the RAM in @raw, all but what was reserved
 * before with bootmem_reserve(). Once in a process. No memory stands behind the
 * frames, only behind the frame table. Returns the map as it is used.
 */
const struct memory_map *hosted_boot(const struct e820_map *raw);

/* All that the console was sent since hosted_console_clear(), at most the
 * first megabyte. */
const char *hosted_console(void);
void hosted_console_clear(void);

/* Also show the console on standard output, from now on or no longer. */
void hosted_console_show(bool show);

/* This thread is the CPU of that number. A thread that never says is CPU 0. */
void hosted_set_cpu_id(unsigned int cpu);

/* Have each interrupt answered at once, by the CPU that it is for; for tests of
 * one thread, which is all CPUs by turns. And how many have been sent. */
void hosted_answer_at_once(bool yes);
unsigned long hosted_nr_interrupts(void);

/* Let the next calls of arch_map_frame_table() succeed @nr times, then fail. */
void hosted_fail_map_after(unsigned int nr);

/* What machine_console_read() finds; NULL: standard input. */
void hosted_type(const char *text);

#endif /* HOSTED_H */
