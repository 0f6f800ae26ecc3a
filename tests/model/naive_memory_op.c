/* SPDX-License-Identifier: MIT */
/*
 * memory_op. Which frames the heap gives is its own affair (there is a model of
 * that): here they only must have been free, and there must have been a reason
 * for each that was not given.
 */
#include <public/xen.h>
#include <string.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/m2p.h>

#include <public/memory.h>

#include "naive_calls.h"

#define EXTENTS_MAX (~0U >> MEMOP_EXTENT_SHIFT)

static unsigned int max_order(const struct naive_caller *c)
{
    return c->g->domain[c->d].privileged ? 12 : 9;
}

/* A word of the guest's memory as the call has left it. */
static bool read_after(const struct naive_caller *c, uint64_t from,
                       xen_pfn_t *to)
{
    struct naive_caller now = *c;

    now.memory = c->memory_after;

    return naive_read(&now, from, to, sizeof(*to));
}

static bool quota_allows(const struct naive_caller *c, unsigned int d,
                         unsigned int order)
{
    return naive_nr_pages(c->g, d) + (1UL << order) <=
           c->g->domain[d].max_pages;
}

/* The first of the frames that the heap gave for one extent: told in the list,
 * or the first that @d has by now and had not. */
static unsigned int given_frame(const struct naive_caller *c, unsigned int d,
                                uint64_t told_at)
{
    xen_pfn_t mfn;

    if (told_at)
        return read_after(c, told_at, &mfn) ? naive_frame_of(c->g, mfn)
                                            : NAIVE_NONE;
    for (unsigned int f = 0; f < NAIVE_FRAMES; f++)
        if (c->g->frame[f].owner == 0 && c->after->frame[f].owner == d + 1)
            return f;

    return NAIVE_NONE;
}

static void give(struct naive_caller *c, unsigned int d, unsigned int first,
                 unsigned int order, bool named, unsigned long gfn)
{
    EXPECT(first != NAIVE_NONE);
    for (unsigned int i = 0; i < 1U << order && first != NAIVE_NONE; i++) {
        struct naive_frame *frame = &c->g->frame[first + i];

        EXPECT(first + i < NAIVE_FRAMES && frame->owner == 0);
        *frame = (struct naive_frame){ .owner = d + 1, .allocated = true };
        frame->m2p = named ? gfn + i : M2P_INVALID;
    }
}

static bool release(struct naive_caller *c, unsigned int d, unsigned long mfn)
{
    unsigned int f = naive_frame_of(c->g, mfn);
    bool allocated;

    if (!naive_get(c->g, mfn, d))
        return false;
    allocated = c->g->frame[f].allocated;
    c->g->frame[f].allocated = false;
    if (allocated) {
        naive_push(c->g, f, HOLD_READ_ONLY);
        naive_drop(c->g);
    }
    naive_drop(c->g);

    return allocated;
}

static bool decrease_one(struct naive_caller *c, unsigned int d, uint64_t at,
                         unsigned int order)
{
    xen_pfn_t mfn;

    if (!naive_read(c, at, &mfn, sizeof(mfn)))
        return false;
    for (unsigned int i = 0; i < 1U << order; i++)
        if (!release(c, d, mfn + i))
            return false;

    return true;
}

/* May it fail? Only if it has reason to. */
static bool increase_one(struct naive_caller *c, unsigned int d, uint64_t at,
                         const struct xen_memory_reservation *r, bool named,
                         bool was_served)
{
    unsigned int bits = r->mem_flags & 0xff;
    xen_pfn_t gfn = 0;

    if (named && !naive_read(c, at, &gfn, sizeof(gfn)))
        return false;
    if (c->g->domain[d].state != DOMAIN_ALIVE ||
        !quota_allows(c, d, r->extent_order))
        return false;
    if (!was_served) {
        /* It could have been told of it, and there is none. */
        xen_pfn_t word;

        EXPECT((at && !naive_read(c, at, &word, sizeof(word))) || bits ||
               !c->heap_has(r->extent_order));
        return false;
    }
    give(c, d, given_frame(c, d, at), r->extent_order, named, gfn);

    return true;
}

bool naive_node_ok(unsigned int mem_flags)
{
    unsigned int number = mem_flags >> 8 & 0xff; /* of the node, and 1 */
    bool exact = mem_flags >> 17 & 1, is_virtual = mem_flags >> 18 & 1;

    return number <= 1 || is_virtual || (number <= 64 && !exact);
}

static bool is_sane(const struct naive_caller *c, unsigned long command,
                    const struct xen_memory_reservation *r)
{
    uint64_t list = (uint64_t)r->extent_start;

    if (r->nr_extents > EXTENTS_MAX || r->extent_order > max_order(c) ||
        (command != XENMEM_decrease_reservation &&
         !naive_node_ok(r->mem_flags)))
        return false;

    return (command == XENMEM_increase_reservation && list == 0) ||
           naive_range_ok(list, r->nr_extents * 8);
}

static long change(struct naive_caller *c, unsigned long command,
                   unsigned long start, uint64_t argument)
{
    struct xen_memory_reservation r;
    unsigned long i = start;
    unsigned int d;
    bool ok = true;

    if (!naive_read(c, argument, &r, sizeof(r)))
        return (long)start;
    d = naive_domain_of(c, r.domid);
    if (d >= NAIVE_DOMAINS || !naive_may_act_for(c, d) ||
        !is_sane(c, command, &r))
        return (long)start;
    while (i < r.nr_extents && i - start < c->limit && ok) {
        uint64_t at = (uint64_t)r.extent_start;

        if (at)
            at += i * 8;
        ok =
            command == XENMEM_decrease_reservation
                ? decrease_one(c, d, at, r.extent_order)
                : increase_one(c, d, at, &r, command == XENMEM_populate_physmap,
                               i < c->nr_served);
        i += ok;
    }
    c->nr_done = i - start;

    return (long)i;
}

static long ask_reservation(const struct naive_caller *c, unsigned long command,
                            uint64_t argument)
{
    unsigned int d;
    domid_t id;

    if (!naive_read(c, argument, &id, sizeof(id)))
        return -EFAULT;
    d = naive_domain_of(c, id);
    if (d >= NAIVE_DOMAINS)
        return -ESRCH;
    if (!naive_may_act_for(c, d))
        return -EPERM;

    return command == XENMEM_current_reservation
               ? (long)naive_nr_pages(c->g, d)
               : (long)c->g->domain[d].max_pages;
}

long naive_memory_op(struct naive_caller *c, const struct hypercall *call)
{
    unsigned long command = call->argument[0] & MEMOP_CMD_MASK;
    unsigned long start = call->argument[0] >> MEMOP_EXTENT_SHIFT;
    struct xen_machphys_mapping mapping;

    switch (command) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return change(c, command, start, call->argument[1]);
    case XENMEM_exchange:
        return start ? -EINVAL : naive_exchange(c, call->argument[1]);
    default: break;
    }
    if (start)
        return -EINVAL;
    switch (command) {
    case XENMEM_maximum_ram_page: return (long)c->g->highest;
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
        return ask_reservation(c, command, call->argument[1]);
    case XENMEM_machphys_mapping:
        return naive_read(c, call->argument[1], &mapping, sizeof(mapping))
                   ? 0
                   : -EFAULT;
    default: return -ENOSYS;
    }
}
