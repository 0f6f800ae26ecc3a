/* SPDX-License-Identifier: MIT */
/*
 * The stage: a machine of a few frames with a guest or two, whose whole state
 * can be kept and put back. And what must be true on it: after each step, after
 * each schedule, and when the guests have been destroyed.
 */
#ifndef STAGE_H
#define STAGE_H

#include <xen/domain.h>
#include <xen/page_info.h>

#define STAGE_CPUS   3U
#define STAGE_FIRST  64UL /* frame */
#define STAGE_FRAMES 64U

/* The guest, which runs on each CPU with the vCPU of that number; and another,
 * which may map the first one's frames, and runs on none. */
extern struct domain *guest, *other;

/* A vCPU of the guest's that never runs: it holds what tests leave undone. */
struct vcpu *stage_spare_vcpu(void);

/* Build it for @nr CPUs. Once in a process. */
void stage_build(unsigned int nr);

/* A new frame of @d's, and what to call it. */
struct page_info *stage_page(struct domain *d, const char *name);

/* Keep the state of the machine as number @n, and put it back. */
#define STAGE_STATES 4U
void stage_keep(unsigned int n);
void stage_put_back(unsigned int n);

/* Was the machine, but for times, never before in the state that it is in? */
bool stage_is_new(void);

/* Find everything in order, now that nobody acts. */
void stage_check(void);

/* Destroy the guests, and find all memory free. */
void stage_strike(void);

/* For a CPU, with the guest paused: go on with destroying it, unless it is
 * decided to leave that for later. */
void stage_destroy_guest(void);

/* For explore_names(). */
void stage_name(const void *address, char *text, size_t size);

/*
 * What may be in the TLB of each CPU: all that its guest's valid tables have
 * led to writably since it last flushed. From stage_build() on a frame that is
 * used as a table, with such a translation left, is a failure (I10).
 */
void stage_watch(void);

/* The CPUs as they are before a schedule: nothing but what can be there now. */
void stage_fill_tlbs(void);

#endif /* STAGE_H */
