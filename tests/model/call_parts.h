/* SPDX-License-Identifier: MIT */
/* Arguments of hypercalls, good ones and bad ones: what call_maker.c shares. */
#ifndef CALL_PARTS_H
#define CALL_PARTS_H

#include "call_maker.h"

/* Places in the guest's memory. */
#define LIST_AT   0U
#define LIST_MAX  12U /* elements */
#define OUT_AT    400U
#define STRUCT_AT 600U
#define DONE_AT   1000U

/* For whom. */
extern struct call_maker calls;

static inline unsigned int draw(unsigned int below)
{
    return calls.draw(below);
}

static inline bool one_in(unsigned int nr)
{
    return draw(nr) == 0;
}

/* A frame of @owner's that plays the part, most of the time. */
unsigned long pick_mfn(unsigned int owner, unsigned int part);

/* Of a table: few, so that they meet. One is the hypervisor's, one is none. */
unsigned int pick_slot(void);

uint64_t make_entry(unsigned int level, unsigned int owner);
uint64_t make_descriptor(void);

/* What is to be written to a word of a frame. */
uint64_t make_word(unsigned int frame, unsigned int slot, unsigned int owner);

/* Somebody, or nobody. */
unsigned int strange_domain(void);

/* Where a list is, or is not. */
uint64_t list_address(unsigned int nr, unsigned int size);

/* An address, to which the tables of the vCPU lead if they can. */
unsigned long draw_va(const struct naive_vcpu *v);

/* Each makes hypercalls of some numbers, of domain @d. */
void make_va_mapping(unsigned int d, unsigned int v, struct hypercall *call);
void make_memory_op(unsigned int d, struct hypercall *call);
void make_descriptor_call(unsigned int d, struct hypercall *call);

#endif /* CALL_PARTS_H */
