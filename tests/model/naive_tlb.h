/* SPDX-License-Identifier: MIT */
/*
 * What the one CPU may have cached of guests' translations: all that the tables
 * of the domain which it runs have said since it last flushed.
 */
#ifndef NAIVE_TLB_H
#define NAIVE_TLB_H

#include "naive_guests.h"

/* @domain runs, or NAIVE_NONE, and there is what is @now, where there was what
 * was @before. Reports what the CPU may reach and must not. */
void naive_tlb_step(const struct naive_guests *before,
                    const struct naive_guests *now, unsigned int domain);

/* It must not reach anything. */
void naive_tlb_forget(void);

#endif /* NAIVE_TLB_H */
