/* SPDX-License-Identifier: MIT */
/* How grants end: a side of a handle, and the table of a domain that dies. */
#include <xen/errno.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include <asm/contents.h>
#include <asm/processor.h>

#include "grants.h"

void grant_put_sides(const struct grant_handle *h, unsigned int sides)
{
    bool may_write = !(h->flags & GNTMAP_readonly);

    if (sides & GNTMAP_host_map)
        grant_put_page(page_of_link(h->page), may_write);
    if (sides & GNTMAP_device_map)
        grant_put_page(page_of_link(h->page), may_write);
}

/* In this order: when the granter sees the mark go the frame is free for
 * whatever it wants. */
void grant_handle_finish(struct domain *d, unsigned int n,
                         const struct grant_handle *h, unsigned int sides)
{
    grant_put_sides(h, sides);
    grant_unpin(h->granter, h->ref, sides | (h->flags & GNTMAP_readonly));
    if (grant_handle_end(d, n, sides))
        domain_put(h->granter);
}

/* From here on no reference is pinned, and no handle made. */
static void close_table(struct grant_table *t)
{
    spin_lock(&t->lock);
    t->closed = true;
    if (t->nr_pinned == 0)
        grant_free_pins(t);
    spin_unlock(&t->lock);
}

static void undo_handle(struct domain *d, unsigned int n)
{
    const struct grant_handle *handle = grant_handle_of(&d->grants, n);
    unsigned int sides = handle->flags & GRANT_SIDES;
    struct grant_handle copy;

    if (handle->granter && grant_handle_begin(d, n, sides, &copy) == GNTST_okay)
        grant_handle_finish(d, n, &copy, sides);
}

/*
 * What was shared is an ordinary frame of the guest's from now on: it may be
 * mapped by others, so it cannot be had back at once.
 */
static void give_up_shared_frames(struct grant_table *t)
{
    unsigned int nr;

    /* Others may be asking which they are. */
    spin_lock(&t->lock);
    nr = t->nr_frames;
    t->nr_frames = 0;
    spin_unlock(&t->lock);
    for (unsigned int i = 0; i < nr; i++) {
        struct page_info *pg = mfn_to_page(frame_of_contents(t->shared[i]));

        put_page_writable(pg);
        put_page(pg);
        t->shared[i] = NULL;
    }
}

static void give_handles_back(struct grant_table *t)
{
    for (unsigned int i = 0; i < t->nr_handle_frames; i++) {
        grant_frame_give_back(t->handles[i]);
        t->handles[i] = NULL;
    }
    t->nr_handle_frames = 0;
    t->nr_relinquished = 0;
    t->free_handle = GRANT_NO_HANDLE;
}

/* Nobody but other domains looks at the table, and those only at its pins. */
int grant_table_relinquish(struct domain *d)
{
    struct grant_table *t = &d->grants;

    close_table(t);
    while (t->nr_relinquished < grant_nr_handles(t)) {
        undo_handle(d, t->nr_relinquished++);
        if (cpu_must_yield())
            return -ERESTART;
    }
    give_handles_back(t);
    give_up_shared_frames(t);

    return 0;
}

void grant_table_holders(const struct domain *d,
                         void (*found)(void *data, struct page_info *pg,
                                       enum hold hold),
                         void *data)
{
    const struct grant_table *t = &d->grants;

    for (unsigned int i = 0; i < t->nr_frames; i++)
        found(data, mfn_to_page(frame_of_contents(t->shared[i])), HOLD_FULL);
    for (unsigned int n = 0; n < grant_nr_handles(t); n++) {
        const struct grant_handle *h = grant_handle_of(t, n);
        enum hold hold =
            h->flags & GNTMAP_readonly ? HOLD_READ_ONLY : HOLD_FULL;

        if (h->granter && h->flags & GNTMAP_host_map)
            found(data, page_of_link(h->page), hold);
        if (h->granter && h->flags & GNTMAP_device_map)
            found(data, page_of_link(h->page), hold);
    }
}
