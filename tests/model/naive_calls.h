/* SPDX-License-Identifier: MIT */
/*
 * What each hypercall must do to <naive_guests.h>, and what it must say: read
 * from the registers and the memory of the guest, as the core reads them.
 */
#ifndef NAIVE_CALLS_H
#define NAIVE_CALLS_H

#include <xen/hypercall.h>

#include "naive_guests.h"

/* The vCPU that calls, and what it has before it. */
struct naive_caller {
    struct naive_guests *g;
    unsigned int d, v;

    /* Memory of the guest's, as it was before. */
    uint64_t address;
    const char *memory;
    size_t size;

    /* Elements of a list to be served at most; for a call that went no further.
     */
    unsigned long limit;

    /*
     * What cannot be known here: which frames the heap gave, and whether it had
     * any more. So many extents have been served; these are the words of the
     * guest's memory now, and this is what the core had after that.
     */
    unsigned long nr_served;
    long result;
    const char *memory_after;
    const struct naive_guests *after;
    bool (*heap_has)(unsigned int order);

    /* Of a list, how many of its elements are done; and may it be compared with
     * what the guest was told? */
    unsigned long nr_done;
    bool compare;
};

/* The result of @call, which is served to its end, or as far as limit says. */
long naive_hypercall(struct naive_caller *c, const struct hypercall *call);

/* A segment number @index of the local table is used: is it there? */
bool naive_load_ldt(struct naive_caller *c, unsigned int index);

/* The parts of it: */
long naive_mmu_update(struct naive_caller *c, const struct hypercall *call);
long naive_mmuext_op(struct naive_caller *c, const struct hypercall *call);
long naive_memory_op(struct naive_caller *c, const struct hypercall *call);
long naive_exchange(struct naive_caller *c, uint64_t argument);
long naive_descriptor_call(struct naive_caller *c,
                           const struct hypercall *call);

int naive_update_entry(struct naive_caller *c, unsigned int d,
                       unsigned int owner, unsigned int frame,
                       unsigned int level, unsigned int slot, uint64_t entry,
                       bool preserve);

/* The frame that address @va leads to at @level 1 or 0, by the tables of the
 * caller; NAIVE_NONE: nowhere. */
unsigned int naive_walk(const struct naive_caller *c, unsigned long va,
                        unsigned int level);

/* Each false: it cannot be read, or is not where a guest may point. */
bool naive_read(const struct naive_caller *c, uint64_t from, void *to,
                size_t size);
bool naive_range_ok(uint64_t address, uint64_t size);

/* Is there memory of the node that mem_flags ask for? The machine has one. */
bool naive_node_ok(unsigned int mem_flags);

/* How a list begins: 0, or why it does not. And what becomes of its result. */
int naive_list_begin(const struct naive_caller *c, const struct hypercall *call,
                     unsigned int *count, size_t size);
int naive_list_end(const struct naive_caller *c, const struct hypercall *call,
                   int rc);

/* The domain of a number: its index, NAIVE_IO, ...; NAIVE_NONE: there is none.
 * And may the caller act for it? */
unsigned int naive_domain_of(const struct naive_caller *c, unsigned int id);
bool naive_may_act_for(const struct naive_caller *c, unsigned int d);

static inline struct naive_vcpu *naive_vcpu(const struct naive_caller *c)
{
    return &c->g->domain[c->d].vcpu[c->v];
}

#endif /* NAIVE_CALLS_H */
