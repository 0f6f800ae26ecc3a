/* SPDX-License-Identifier: MIT */
/* What may stand in an entry, and what it names; and the end of a domain. */
#include <xen/errno.h>

#include "naive_guests.h"

#define CACHING (PTE_THROUGH | PTE_UNCACHED | PTE_LARGE)

int naive_check_entry(unsigned int level, uint64_t *entry)
{
    if (level > 1 && *entry & (CACHING | PTE_GLOBAL))
        return -EINVAL;
    *entry |= PTE_USER;
    *entry &= ~(uint64_t)PTE_GLOBAL & ~(uint64_t)PTE_UNCOUNTED;

    return 0;
}

int naive_check_descriptor(uint64_t *descriptor)
{
    uint64_t d = *descriptor;
    unsigned int selector = (d >> 16) & 0xffff, type = (d >> 40) & 15;
    bool present = d >> 47 & 1, segment = d >> 44 & 1;

    if (!present)
        return 0;
    if (segment || type == 0) {
        *descriptor = d | 3UL << 45;
        return 0;
    }
    if (type != 12 || (d >> 32 & 0xff) != 0)
        return -EINVAL;
    if (!(selector & 4) && selector / 8 >= 14 * 512)
        return -EINVAL;
    *descriptor = d & ~(3UL << 45);

    return 0;
}

static bool is_device(const struct naive_guests *g, unsigned long mfn)
{
    return mfn == g->device[0] || mfn == g->device[1];
}

static int take_device(struct naive_guests *g, unsigned int d,
                       unsigned int owner, uint64_t *entry)
{
    uint64_t address = *entry & PTE_ADDRESS;

    if (owner != d && owner != NAIVE_IO)
        return -EBUSY;
    if (address == PTE_ADDRESS)
        return -EINVAL;
    if (!g->domain[d].privileged || !is_device(g, address >> 12))
        return -EPERM;
    *entry |= PTE_UNCOUNTED;
    *entry &= ~(uint64_t)PTE_LARGE;
    if (!(*entry & PTE_UNCACHED))
        *entry |= PTE_UNCACHED | PTE_THROUGH;
    naive_push(g, NAIVE_NONE, HOLD_NONE);

    return 0;
}

static int take_leaf(struct naive_guests *g, unsigned int d, unsigned int owner,
                     uint64_t *entry)
{
    unsigned long mfn = (*entry & PTE_ADDRESS) >> 12;
    int rc = 0;

    if (mfn >= g->end_of_ram || is_device(g, mfn))
        return take_device(g, d, owner, entry);
    if (!naive_get(g, mfn, owner))
        return -EBUSY;
    if (*entry & CACHING)
        rc = -EINVAL;
    else if (*entry & PTE_WRITABLE && naive_take_type(g, NAIVE_WRITABLE))
        rc = -EBUSY;
    if (rc)
        naive_drop(g);

    return rc;
}

/* How many entries of @from name a table of their own level, @to or any. */
static unsigned int nr_links(const struct naive_guests *g, unsigned int from,
                             unsigned int to)
{
    const struct naive_frame *table = &g->frame[from];
    unsigned int end = table->phase == NAIVE_VALID
                           ? (unsigned int)PTES_PER_TABLE
                           : table->nr,
                 nr = 0;

    if (table->phase == NAIVE_IDLE || table->type < 2 || table->type > 4)
        return 0;
    for (unsigned int i = 0; i < end; i++) {
        struct naive_hold h =
            naive_entry_hold(g, table->type, i, table->word[i]);

        if (h.hold == HOLD_FULL && g->frame[h.frame].type == table->type)
            nr += to == NAIVE_NONE || h.frame == to;
    }

    return nr;
}

static bool is_linked_to(const struct naive_guests *g, unsigned int to)
{
    for (unsigned int f = 0; f < NAIVE_FRAMES; f++)
        if (nr_links(g, f, to) > 0)
            return true;

    return false;
}

/*
 * The frame in hand is no table of one level below: may @table name it as one
 * of its own level? It must be one already, and then a chain ends with it.
 */
static bool link_ok(const struct naive_guests *g, unsigned int table,
                    unsigned int level, uint64_t entry)
{
    unsigned int child = g->temporary[g->nr_temporary - 1].frame;
    const struct naive_frame *frame = &g->frame[child];

    return CONFIG_LINEAR_TABLES && !(entry & PTE_WRITABLE) && child != table &&
           !is_linked_to(g, table) && nr_links(g, child, NAIVE_NONE) == 0 &&
           frame->phase == NAIVE_VALID && frame->type == level;
}

int naive_take_entry(struct naive_guests *g, unsigned int d, unsigned int owner,
                     unsigned int table, unsigned int level, uint64_t *entry)
{
    unsigned long mfn = (*entry & PTE_ADDRESS) >> 12;
    int rc;

    if (level == 1)
        return take_leaf(g, d, owner, entry);
    if (CONFIG_LINEAR_TABLES && !(*entry & PTE_WRITABLE) &&
        mfn == g->first + table) {
        *entry |= PTE_UNCOUNTED;
        naive_push(g, NAIVE_NONE, HOLD_NONE);
        return 0;
    }
    if (owner != d || !naive_get(g, mfn, d))
        return -EINVAL;
    rc = naive_take_type(g, level - 1);
    if (rc == -EINVAL && link_ok(g, table, level, *entry)) {
        g->temporary[g->nr_temporary - 1].hold = HOLD_FULL;
        return 0;
    }
    if (rc)
        naive_drop(g);

    return rc;
}

/* Take apart what is partial; without that nobody would. */
static void end_of_partial(struct naive_guests *g, unsigned int frame)
{
    if (g->frame[frame].phase != NAIVE_PARTIAL)
        return;
    naive_push(g, frame, HOLD_HALF);
    naive_drop(g);
}

void naive_settle(struct naive_guests *g)
{
    for (unsigned int d = 0; d < NAIVE_DOMAINS; d++)
        for (unsigned int v = 0; v < NAIVE_VCPUS; v++)
            naive_drop_hold(g, &g->domain[d].vcpu[v].deferred);
    for (unsigned int f = 0; f < NAIVE_FRAMES; f++)
        end_of_partial(g, f);
}

static void strip_vcpu(struct naive_guests *g, struct naive_vcpu *v)
{
    naive_drop_hold(g, &v->deferred);
    naive_drop_hold(g, &v->kernel_base);
    naive_drop_hold(g, &v->user_base);
    for (unsigned int i = 0; i < GDT_FRAMES; i++)
        naive_drop_hold(g, &v->gdt[i]);
    for (unsigned int i = 0; i < LDT_FRAMES; i++)
        naive_drop_hold(g, &v->ldt[i]);
}

static void strip_frame(struct naive_guests *g, unsigned int f)
{
    struct naive_frame *frame = &g->frame[f];

    if (frame->pinned) {
        frame->pinned = false;
        naive_push(g, f, HOLD_FULL);
        naive_drop(g);
    }
    end_of_partial(g, f);
    if (frame->allocated) {
        frame->allocated = false;
        naive_push(g, f, HOLD_READ_ONLY);
        naive_drop(g);
    }
}

void naive_destroy(struct naive_guests *g, unsigned int d)
{
    for (unsigned int v = 0; v < NAIVE_VCPUS; v++)
        strip_vcpu(g, &g->domain[d].vcpu[v]);
    for (unsigned int f = 0; f < NAIVE_FRAMES; f++)
        if (g->frame[f].owner == d + 1)
            strip_frame(g, f);
    g->domain[d].state = DOMAIN_DEAD;
}
