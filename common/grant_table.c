/* SPDX-License-Identifier: MIT */
/* What is behind a grant table: frames that are shared, and handles. */
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>
#include <xen/string.h>

#include <asm/contents.h>

#include "grants.h"

void *grant_frame_take(void)
{
    struct page_info *pg =
        alloc_heap_pages(0, CONTENTS_LIMIT, HEAP_LONG_LIVED, NULL);

    if (!pg)
        return NULL;

    return memset(frame_contents(page_to_mfn(pg)), 0, PAGE_SIZE);
}

void grant_frame_give_back(void *frame)
{
    if (frame)
        free_heap_pages(mfn_to_page(frame_of_contents(frame)), 0, TLB_NO_DEBT);
}

/* What one more shared frame takes. */
struct growth {
    void *shared, *pins[2];
};

_Static_assert(GRANT_PIN_FRAMES == 2 * GRANT_MAX_FRAMES, "struct growth");

/* Returns 0 if it was used, or another CPU has come first: -EAGAIN. */
static int install(struct domain *d, const struct growth *growth,
                   unsigned int nr) __must_hold(d->grants.lock);
static int install(struct domain *d, const struct growth *growth,
                   unsigned int nr)
{
    struct grant_table *t = &d->grants;
    int rc;

    if (t->closed)
        return -EINVAL;
    if (t->nr_frames != nr)
        return -EAGAIN;
    rc = share_page(d, mfn_to_page(frame_of_contents(growth->shared)), false);
    if (rc)
        return rc;
    t->shared[nr] = growth->shared;
    t->pins[2 * nr] = growth->pins[0];
    t->pins[2 * nr + 1] = growth->pins[1];
    t->nr_frames++;

    return 0;
}

/* Memory is taken without the lock: it may be that others must flush. */
static int grow_by_one(struct domain *d, unsigned int nr)
{
    struct growth growth = { grant_frame_take(),
                             { grant_frame_take(), grant_frame_take() } };
    int rc = -ENOMEM;

    if (growth.shared && growth.pins[0] && growth.pins[1]) {
        spin_lock(&d->grants.lock);
        rc = install(d, &growth, nr);
        spin_unlock(&d->grants.lock);
    }
    if (rc) {
        grant_frame_give_back(growth.shared);
        grant_frame_give_back(growth.pins[0]);
        grant_frame_give_back(growth.pins[1]);
    }

    return rc;
}

unsigned int grant_table_size(struct domain *d)
{
    unsigned int nr;

    spin_lock(&d->grants.lock);
    nr = d->grants.nr_frames;
    spin_unlock(&d->grants.lock);

    return nr;
}

mfn_t grant_table_frame(struct domain *d, unsigned int i)
{
    mfn_t mfn = INVALID_MFN;

    spin_lock(&d->grants.lock);
    if (i < d->grants.nr_frames)
        mfn = frame_of_contents(d->grants.shared[i]);
    spin_unlock(&d->grants.lock);

    return mfn;
}

int grant_table_grow(struct domain *d, unsigned int nr)
{
    unsigned int now;

    if (nr > GRANT_MAX_FRAMES)
        return -ENOSPC;
    while ((now = grant_table_size(d)) < nr) {
        int rc = grow_by_one(d, now);

        if (rc && rc != -EAGAIN)
            return rc;
    }

    return 0;
}

static void free_handle(struct grant_table *t, unsigned int n)
    __must_hold(t->lock);
static void free_handle(struct grant_table *t, unsigned int n)
{
    *grant_handle_of(t, n) = (struct grant_handle){ .page = t->free_handle };
    t->free_handle = n;
}

/* The lowest numbers are to be used first. */
static void add_handles(struct grant_table *t, void *frame)
    __must_hold(t->lock);
static void add_handles(struct grant_table *t, void *frame)
{
    unsigned int first = grant_nr_handles(t);

    t->handles[t->nr_handle_frames++] = frame;
    for (unsigned int i = GRANT_HANDLES_PER_FRAME; i-- > 0;)
        free_handle(t, first + i);
}

/* @frame, if it is one, is used, and *@frame NULL then, if it is needed. */
static int try_to_reserve(struct grant_table *t, void **frame, unsigned int *n)
    __must_hold(t->lock);
static int try_to_reserve(struct grant_table *t, void **frame, unsigned int *n)
{
    if (t->closed)
        return -EINVAL;
    if (t->free_handle == GRANT_NO_HANDLE) {
        if (t->nr_handle_frames == GRANT_HANDLE_FRAMES)
            return -ENOSPC;
        if (!*frame)
            return -EAGAIN;
        add_handles(t, *frame);
        *frame = NULL;
    }
    *n = t->free_handle;
    t->free_handle = (unsigned int)grant_handle_of(t, *n)->page;

    return 0;
}

int grant_handle_reserve(struct domain *d, unsigned int *n)
{
    struct grant_table *t = &d->grants;
    void *frame = NULL;
    int rc;

    for (;;) {
        spin_lock(&t->lock);
        rc = try_to_reserve(t, &frame, n);
        spin_unlock(&t->lock);
        if (rc != -EAGAIN)
            break;
        frame = grant_frame_take();
        if (!frame)
            return -ENOMEM;
    }
    grant_frame_give_back(frame);

    return rc;
}

void grant_handle_publish(struct domain *d, unsigned int n,
                          const struct grant_handle *handle)
{
    spin_lock(&d->grants.lock);
    *grant_handle_of(&d->grants, n) = *handle;
    spin_unlock(&d->grants.lock);
}

void grant_handle_cancel(struct domain *d, unsigned int n)
{
    spin_lock(&d->grants.lock);
    free_handle(&d->grants, n);
    spin_unlock(&d->grants.lock);
}

static int begin(struct grant_table *t, unsigned int n, unsigned int sides,
                 struct grant_handle *copy) __must_hold(t->lock);
static int begin(struct grant_table *t, unsigned int n, unsigned int sides,
                 struct grant_handle *copy)
{
    struct grant_handle *handle;
    unsigned int there;

    if (n >= grant_nr_handles(t))
        return GNTST_bad_handle;
    handle = grant_handle_of(t, n);
    there = handle->flags & GRANT_SIDES & ~handle->going;
    if (!handle->granter || there == 0)
        return GNTST_bad_handle;
    if (sides & ~there)
        return sides & ~there & GNTMAP_host_map ? GNTST_bad_virt_addr
                                                : GNTST_bad_dev_addr;
    handle->going |= (uint8_t)sides;
    *copy = *handle;

    return GNTST_okay;
}

int grant_handle_begin(struct domain *d, unsigned int n, unsigned int sides,
                       struct grant_handle *copy)
{
    int status;

    spin_lock(&d->grants.lock);
    status = begin(&d->grants, n, sides, copy);
    spin_unlock(&d->grants.lock);

    return status;
}

void grant_handle_keep(struct domain *d, unsigned int n, unsigned int sides)
{
    spin_lock(&d->grants.lock);
    grant_handle_of(&d->grants, n)->going &= (uint8_t)~sides;
    spin_unlock(&d->grants.lock);
}

bool grant_handle_end(struct domain *d, unsigned int n, unsigned int sides)
{
    struct grant_table *t = &d->grants;
    struct grant_handle *handle;
    bool was_last;

    spin_lock(&t->lock);
    handle = grant_handle_of(t, n);
    handle->going &= (uint8_t)~sides;
    handle->flags &= (uint8_t)~sides;
    was_last = !(handle->flags & GRANT_SIDES);
    if (was_last)
        free_handle(t, n);
    spin_unlock(&t->lock);

    return was_last;
}
