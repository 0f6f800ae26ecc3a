/* SPDX-License-Identifier: MIT */
/*
 * Maps what was granted.
 *
 * The reference is pinned, the frame is taken once for each side, the entry is
 * made, and only then is the handle known: nobody can unmap what is not there
 * yet. What fails undoes what was done, the last first.
 */
#include <xen/errno.h>
#include <xen/grant_entry.h>

#include "grant_ops.h"

/* What a handle keeps of the flags; the rest is the entry's. */
#define HANDLE_FLAGS (GRANT_SIDES | GNTMAP_readonly | GNTMAP_contains_pte)

/* Take the frame for each side: all of them or none. */
static int take_frame(struct grant_handle *h, mfn_t mfn)
{
    bool may_write = !(h->flags & GNTMAP_readonly);
    struct page_info *pg = grant_get_page(h->granter, mfn, may_write);

    if (!pg)
        return GNTST_bad_page;
    if ((h->flags & GRANT_SIDES) == GRANT_SIDES &&
        !grant_get_page(h->granter, mfn, may_write)) {
        grant_put_page(pg, may_write);
        return GNTST_bad_page;
    }
    h->page = link_of_page(pg);

    return GNTST_okay;
}

/* The reference is pinned for it. Returns 0 or -ERESTART, and sets the status.
 */
static int map_pinned(struct vcpu *v, struct gnttab_map_grant_ref *op,
                      struct grant_handle *h, mfn_t mfn)
{
    int rc = 0;

    op->status = (short)take_frame(h, mfn);
    if (op->status == GNTST_okay && op->flags & GNTMAP_host_map) {
        rc = grant_entry_make(v, h->granter, mfn, op->host_addr, op->flags);
        if (rc) {
            op->status = GNTST_general_error;
            grant_put_sides(h, h->flags & GRANT_SIDES);
        }
    }

    return rc == -ERESTART ? rc : 0;
}

static int map_number(struct vcpu *v, struct gnttab_map_grant_ref *op,
                      struct domain *granter, unsigned int n)
{
    struct grant_handle h = {
        .granter = granter,
        .ref = (uint16_t)op->ref, /* all of it, if it is pinned */
        .flags = (uint8_t)(op->flags & HANDLE_FLAGS),
    };
    mfn_t mfn;
    int rc;

    op->status =
        (short)grant_pin(granter, op->ref, v->domain->id, op->flags, &mfn);
    if (op->status)
        return 0;
    rc = map_pinned(v, op, &h, mfn);
    if (op->status) {
        grant_unpin(granter, op->ref, op->flags);
        return rc;
    }
    op->handle = n;
    op->dev_bus_addr = mfn_to_maddr(mfn);
    grant_handle_publish(v->domain, n, &h);

    return 0;
}

static int map_of(struct vcpu *v, struct gnttab_map_grant_ref *op,
                  struct domain *granter)
{
    unsigned int n;
    int rc;

    if (grant_handle_reserve(v->domain, &n)) {
        op->status = GNTST_no_device_space;
        return 0;
    }
    rc = map_number(v, op, granter, n);
    if (op->status)
        grant_handle_cancel(v->domain, n);

    return rc;
}

int grant_map(struct vcpu *v, void *element)
{
    struct gnttab_map_grant_ref *op = element;
    struct domain *granter;
    int rc;

    if (!(op->flags & GRANT_SIDES)) {
        op->status = GNTST_bad_gntref;
        return 0;
    }
    granter = domain_get(op->dom);
    if (!granter) {
        op->status = GNTST_bad_domain;
        return 0;
    }
    rc = map_of(v, op, granter);
    /* The handle's reference, if there is one. */
    if (op->status)
        domain_put(granter);

    return rc;
}
