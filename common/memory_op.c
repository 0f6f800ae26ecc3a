/* SPDX-License-Identifier: MIT */
/*
 * memory_op: a guest takes memory, gives it back, and asks how much it has and
 * where.
 *
 * Each extent is served as a whole, or nothing remains of it but, where it is
 * given back, the part that has gone.
 */
#include <public/xen.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/guest_access.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>

#include <asm/processor.h>

#include "memory_op.h"

/* So many single frames at a time: their numbers are on the stack. */
#define MANY 64UL

/* A reservation that is being changed. */
struct change {
    const struct xen_memory_reservation *r;
    struct domain *d;
    uint64_t list; /* of the guest's; 0: none */
    unsigned long command;
    unsigned int flags; /* as extent_node() says */
};

/* Another CPU of @d's may give a frame back meanwhile: not one that is free, or
 * another's, gets a name. */
static void name_extent(struct domain *d, mfn_t mfn, unsigned int order,
                        uint64_t gfn)
{
    for (unsigned long i = 0; i < BIT(order); i++) {
        struct page_info *pg = get_page_from_mfn(mfn_add(mfn, i), d);

        if (!pg)
            continue;
        m2p_set(mfn_add(mfn, i), gfn + i);
        put_page(pg);
    }
}

/* The owner's own reference goes; the frame stays as long as there are others:
 * pinned or mapped, it is still there. */
static bool release_page(struct domain *d, mfn_t mfn)
{
    struct page_info *pg = get_page_from_mfn(mfn, d);
    bool released;

    if (!pg)
        return false;
    released =
        !(__atomic_load_n(&pg->count_info, __ATOMIC_RELAXED) & PGC_extra) &&
        put_page_allocated(pg);
    put_page(pg);

    return released;
}

/* Up to MANY frames; returns how many of the first ones have been released.
 * Most are of those that release_pages() takes. */
static unsigned long release_frames(struct domain *d, const xen_pfn_t *mfn,
                                    unsigned long nr)
{
    struct page_info *page[MANY];
    unsigned int valid = 0, done;

    while (valid < nr && mfn_valid(_mfn(mfn[valid]))) {
        page[valid] = mfn_to_page(_mfn(mfn[valid]));
        valid++;
    }
    for (done = 0; done < valid; done++) {
        done += release_pages(d, page + done, valid - done);
        if (done == valid || !release_page(d, _mfn(mfn[done])))
            break;
    }

    return done;
}

static bool release_extent(struct domain *d, mfn_t mfn, unsigned int order)
{
    unsigned long nr = BIT(order) < MANY ? BIT(order) : MANY;
    xen_pfn_t frame[MANY];

    for (unsigned long n = 0; n < BIT(order); n += nr) {
        for (unsigned long i = 0; i < nr; i++)
            frame[i] = mfn_x(mfn_add(mfn, n + i));
        if (release_frames(d, frame, nr) < nr)
            return false;
    }

    return true;
}

static bool decrease(const struct change *c, unsigned long i)
{
    xen_pfn_t mfn;

    return !copy_element_from_guest(&mfn, c->list, i, sizeof(mfn)) &&
           release_extent(c->d, _mfn(mfn), c->r->extent_order);
}

/* Some of the guest's list cannot be read. */
static unsigned long
one_by_one(const struct change *c, unsigned long i, unsigned long nr,
           bool (*change)(const struct change *c, unsigned long i))
{
    unsigned long done = 0;

    while (done < nr && change(c, i + done))
        done++;

    return done;
}

/* @nr single frames. Returns how many of them are done. */
static unsigned long decrease_many(const struct change *c, unsigned long i,
                                   unsigned long nr)
{
    xen_pfn_t mfn[MANY];

    if (copy_from_guest(mfn, c->list + i * sizeof(mfn[0]), nr * sizeof(mfn[0])))
        return one_by_one(c, i, nr, decrease);

    return release_frames(c->d, mfn, nr);
}

/* Tell the guest of one, or take it back. */
static bool report(const struct change *c, unsigned long i, mfn_t mfn)
{
    xen_pfn_t frame = mfn_x(mfn);

    if (!copy_element_to_guest(c->list, i, &frame, sizeof(frame)))
        return true;
    for (unsigned long n = 0; n < BIT(c->r->extent_order); n++)
        (void)release_page(c->d, mfn_add(mfn, n));

    return false;
}

/* As far as the guest can be told of them. */
static unsigned long report_many(const struct change *c, unsigned long i,
                                 struct page_info *const *page,
                                 unsigned long nr)
{
    xen_pfn_t mfn[MANY];
    unsigned long done = 0;

    for (unsigned long n = 0; n < nr; n++)
        mfn[n] = mfn_x(page_to_mfn(page[n]));
    if (!copy_to_guest(c->list + i * sizeof(mfn[0]), mfn, nr * sizeof(mfn[0])))
        return nr;
    while (done < nr && report(c, i + done, _mfn(mfn[done])))
        done++;
    for (unsigned long n = done + 1; n < nr; n++)
        (void)release_page(c->d, _mfn(mfn[n]));

    return done;
}

static bool increase(const struct change *c, unsigned long i)
{
    bool named = c->command == XENMEM_populate_physmap;
    xen_pfn_t gfn = 0;
    struct page_info *pg;
    mfn_t mfn;

    if (named && copy_element_from_guest(&gfn, c->list, i, sizeof(gfn)))
        return false;
    pg = alloc_domheap_pages(c->d, c->r->extent_order,
                             extent_limit(c->r->mem_flags), c->flags);
    if (!pg)
        return false;
    mfn = page_to_mfn(pg);
    if (named)
        name_extent(c->d, mfn, c->r->extent_order, gfn);

    return (!named && c->list == 0) || report(c, i, mfn);
}

/* @nr single frames. Returns how many of them are done. */
static unsigned long increase_many(const struct change *c, unsigned long i,
                                   unsigned long nr)
{
    bool named = c->command == XENMEM_populate_physmap;
    struct page_info *page[MANY];
    xen_pfn_t gfn[MANY];

    if (named &&
        copy_from_guest(gfn, c->list + i * sizeof(gfn[0]), nr * sizeof(gfn[0])))
        return one_by_one(c, i, nr, increase);
    nr = alloc_domheap_stream(c->d, extent_limit(c->r->mem_flags), c->flags,
                              named ? gfn : NULL, page, (unsigned int)nr);

    return nr == 0 || (!named && c->list == 0) ? nr
                                               : report_many(c, i, page, nr);
}

/* How many of the next ones are done at a time: the first by itself, lest who
 * must yield at once does much. */
static unsigned long at_once(const struct change *c, unsigned long nr_done,
                             unsigned long left)
{
    unsigned long nr = nr_done + 1 < MANY ? nr_done + 1 : MANY;

    if (c->r->extent_order > 0)
        nr = 1;

    return nr < left ? nr : left;
}

static unsigned long change_some(const struct change *c, unsigned long i,
                                 unsigned long nr)
{
    bool is_less = c->command == XENMEM_decrease_reservation;

    if (c->r->extent_order > 0)
        return is_less ? decrease(c, i) : increase(c, i);

    return is_less ? decrease_many(c, i, nr) : increase_many(c, i, nr);
}

/* From @start on. Returns how many are done in all, and whether that is because
 * this CPU must yield. */
static unsigned long change_extents(const struct change *c, unsigned long start,
                                    bool *interrupted)
{
    unsigned long i = start;

    while (i < c->r->nr_extents) {
        unsigned long nr = at_once(c, i - start, c->r->nr_extents - i), done;

        *interrupted = i > start && cpu_must_yield();
        if (*interrupted)
            break;
        done = change_some(c, i, nr);
        i += done;
        if (done < nr)
            break;
    }

    return i;
}

/* All of its extents must be ones that a continuation can count, and a guest
 * can name. */
static bool is_sane(const struct vcpu *v, struct change *c)
{
    bool list_is_optional = c->command == XENMEM_increase_reservation;

    if (c->command != XENMEM_decrease_reservation &&
        !extent_node(c->r->mem_flags, &c->flags))
        return false;

    return c->r->nr_extents <= UINT32_MAX >> MEMOP_EXTENT_SHIFT &&
           c->r->extent_order <= extent_order_max(v->domain) &&
           ((list_is_optional && c->list == 0) ||
            guest_range_ok(c->list, c->r->nr_extents * sizeof(xen_pfn_t)));
}

static void change_reservation(struct vcpu *v, struct hypercall *call)
{
    unsigned long nr_done = call->argument[0] >> MEMOP_EXTENT_SHIFT;
    struct xen_memory_reservation r;
    struct change c = { .r = &r,
                        .command = call->argument[0] & MEMOP_CMD_MASK };
    bool interrupted = false;

    call->result = (long)nr_done;
    if (copy_from_guest(&r, call->argument[1], sizeof(r)))
        return;
    c.list = (uint64_t)r.extent_start;
    c.d = named_domain_get(v, r.domid);
    if (c.d && may_act_for(v, c.d) && is_sane(v, &c))
        nr_done = change_extents(&c, nr_done, &interrupted);
    named_domain_put(v, c.d);
    call->result = (long)nr_done;
    if (interrupted) {
        call->argument[0] = c.command | nr_done << MEMOP_EXTENT_SHIFT;
        call->restart = true;
    }
}

/* How much a domain has, or may have. */
static long ask_reservation(struct vcpu *v, unsigned long command,
                            uint64_t argument)
{
    struct domain *d;
    domid_t id;
    long answer;

    if (copy_from_guest(&id, argument, sizeof(id)))
        return -EFAULT;
    d = named_domain_get(v, id);
    if (!d)
        return -ESRCH;
    spin_lock(&d->page_alloc_lock);
    answer = (long)(command == XENMEM_current_reservation ? d->nr_pages
                                                          : d->max_pages);
    spin_unlock(&d->page_alloc_lock);
    if (!may_act_for(v, d))
        answer = -EPERM;
    named_domain_put(v, d);

    return answer;
}

static long tell_m2p(uint64_t argument)
{
    const struct xen_machphys_mapping mapping = {
        .v_start = MACH2PHYS_VIRT_START,
        .v_end = MACH2PHYS_VIRT_END,
        .max_mfn = MACH2PHYS_NR_ENTRIES - 1,
    };

    return copy_to_guest(argument, &mapping, sizeof(mapping));
}

/* What is not served by the extent cannot go on with one. */
static long ask(struct vcpu *v, unsigned long command, uint64_t argument)
{
    switch (command) {
    case XENMEM_maximum_ram_page: return (long)mfn_x(pdx_to_mfn(nr_pdxs - 1));
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
        return ask_reservation(v, command, argument);
    case XENMEM_machphys_mapping: return tell_m2p(argument);
    default: return command >> MEMOP_EXTENT_SHIFT ? -EINVAL : -ENOSYS;
    }
}

void do_memory_op(struct vcpu *v, struct hypercall *call)
{
    switch (call->argument[0] & MEMOP_CMD_MASK) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap: change_reservation(v, call); break;
    case XENMEM_exchange: memory_exchange(v, call); break;
    default: call->result = ask(v, call->argument[0], call->argument[1]);
    }
}
