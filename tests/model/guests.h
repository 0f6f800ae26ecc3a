/* SPDX-License-Identifier: MIT */
/*
 * A hypervisor with guests, on simulated CPUs, that uses the heap and the TLB
 * clock as ours will: and asks, after every step, whether a CPU can still reach
 * a frame that it no longer may.
 *
 * Guests are address spaces with page tables of a few entries. Entries come and
 * go without a flush; what a CPU has looked up, its TLB remembers. A frame
 * moves on when it is handed out, and when it becomes a page table, which
 * nobody may write: at that moment (T1) no TLB may hold a translation to it
 * from before, or a writable one, but those of CPUs that idle or have left; and
 * when those come back (T2), neither may theirs.
 */
#ifndef GUESTS_H
#define GUESTS_H

#include <stdbool.h>

#include <xen/types.h>

#define NR_GUESTS 6U
#define NO_GUEST  NR_GUESTS

/* The memory: so many frames, one block. */
#define GUEST_MEMORY_ORDER 8U
#define GUEST_FRAMES       (1U << GUEST_MEMORY_ORDER)

/* A block of 2^order frames that a guest has. */
struct guest_block {
    unsigned int guest, first, order;
};

/* Build the machine: @nr CPUs, of which CPU 0 is there, and the heap. */
void guests_start(unsigned int nr);

/* Does the calling CPU, which runs @guest, reach what it may and no more? The
 * page must be looked up, and is remembered. */
void guest_access(unsigned int guest, unsigned int page);

/* Let a page lead to a frame of a guest that has it, or nowhere. No flush. */
void guest_map(unsigned int guest, unsigned int page, unsigned int frame,
               bool writable);
void guest_unmap(unsigned int guest, unsigned int page);

/*
 * Take a block for @guest; false: there is none. If @later, its debt is not
 * paid at once but when simulation_point() has come back @later times.
 */
bool guest_allocate(unsigned int guest, unsigned int order, unsigned int later,
                    struct guest_block *block);

/* Give a block back, with all entries that lead to it gone. */
void guest_free(const struct guest_block *block);

/* Let a frame of a block be a page table, or plain memory again. */
void guest_make_table(const struct guest_block *block, unsigned int frame);
void guest_make_plain(unsigned int frame);

/* The calling CPU runs another guest, or none; its TLB is flushed or not. */
void guest_switch(unsigned int guest, bool flush);

/* The calling CPU idles, or is away, while @points points pass. */
void guest_idle(unsigned int points);
void guest_leave_and_join(unsigned int points);

/* Which guest the calling CPU runs; whether a guest has the frame; its number
 * there is of the guest, or NO_GUEST. */
unsigned int guest_running(void);
unsigned int guest_of_frame(unsigned int frame);

/* Look through all TLBs, for who does not trust the question after each step.
 */
void guests_check_all(void);

#endif /* GUESTS_H */
