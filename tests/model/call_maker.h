/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls that a guest might make, and hostile ones: drawn so that page
 * tables get built, deep ones, and that everything that can be wrong with an
 * argument is wrong now and then.
 *
 * Each frame has a part that it plays, by its number: tables of level 4, of
 * level 3, ... and plain memory. Most entries suit the parts.
 */
#ifndef CALL_MAKER_H
#define CALL_MAKER_H

#include <xen/hypercall.h>

#include "naive_guests.h"

/* Where guests have their arguments, and what is there. */
#define CALL_MEMORY      0x10000UL
#define CALL_MEMORY_SIZE 1024U

struct call_maker {
    const struct naive_guests *g;
    char *memory; /* the guest's */
    unsigned int (*draw)(unsigned int below);
};

/* One that vCPU @v of domain @d makes. */
void make_call(const struct call_maker *maker, unsigned int d, unsigned int v,
               struct hypercall *call);

/* One of grants; not among the others, as the model knows nothing of them. And
 * what the guest writes to its table of grants before. */
void make_grant_call(const struct call_maker *maker, unsigned int d,
                     unsigned int v, struct hypercall *call);
void draw_grant(const struct call_maker *maker, unsigned int d,
                struct grant_table *table);

/* The same, as one that consists of others. */
void make_multicall(const struct call_maker *maker, struct hypercall *call);

/* The level that a frame is to be a table of; 0: none. */
unsigned int frame_part(unsigned int frame);

#endif /* CALL_MAKER_H */
