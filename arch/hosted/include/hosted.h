/* SPDX-License-Identifier: MIT */
/* What a process that is a machine offers to the tests that run in it. */
#ifndef HOSTED_H
#define HOSTED_H

#include <stdbool.h>

#include <xen/memory_map.h>
#include <xen/mm-frame.h>

/* The exit status of a process that stopped in arch_bug(). */
#define HOSTED_BUG_STATUS 70

/* Have @tell say, on standard output, what led to a bug, before it ends. */
void hosted_at_bug(void (*tell)(void));

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

/* The @i-th thing that arch_alloc_table() gave, of the first few, or NULL. */
struct hosted_table {
    void *start;
    size_t size;
};
const struct hosted_table *hosted_table(unsigned int i);

/* Let the next calls of arch_map_frame_table() succeed @nr times, then fail. */
void hosted_fail_map_after(unsigned int nr);

/* So many frames of tables have been unmapped, ever. */
unsigned long hosted_nr_unmapped(void);

/* Have @look called whenever a group of the frame table is about to be opened.
 */
void hosted_at_open(void (*look)(void));

/* Memory for the contents of frames (<asm/contents.h>), all zero. Called by who
 * uses them; again, it clears what was touched. */
void hosted_arena_init(void);

/* Let @oracle say, each time a CPU asks, whether it must yield; NULL: never. */
void hosted_yield(bool (*oracle)(void));

/*
 * What guests find at their addresses: the @size bytes at @memory from @address
 * on, and nothing anywhere else. And let the next @nr accesses succeed, and
 * those that follow fail; UINT_MAX: none fails.
 */
void hosted_guest_memory(uint64_t address, void *memory, size_t size);
void hosted_fail_access_after(unsigned int nr);

/* What each CPU has loaded as its base pointer; INVALID_MFN: nothing. */
mfn_t hosted_base_pointer(unsigned int cpu);

/* What machine_console_read() finds; NULL: standard input. */
void hosted_type(const char *text);

#endif /* HOSTED_H */
