/* SPDX-License-Identifier: MIT */
/*
 * Copies between frames that were granted, or are the caller's own.
 *
 * For as long as it takes a reference is pinned as by a mapping, and the frame
 * is held: what it contains is reached from what is held, never from a number
 * that was looked at before.
 */
#include <xen/hypercall.h>
#include <xen/string.h>

#include <asm/contents.h>

#include "grant_ops.h"

struct operand {
    struct domain *granter; /* NULL: it is the caller's own */
    grant_ref_t ref;
    unsigned int flags; /* GNTMAP_ that it is pinned as */
    struct page_info *page;
};

static bool is_written(const struct operand *o)
{
    return !(o->flags & GNTMAP_readonly);
}

static int begin_granted(struct vcpu *v, const struct gnttab_copy_ptr *ptr,
                         struct operand *o)
{
    mfn_t mfn;
    int status =
        grant_pin(o->granter, ptr->u.ref, v->domain->id, o->flags, &mfn);

    if (status)
        return status;
    o->ref = ptr->u.ref;
    o->page = grant_get_page(o->granter, mfn, is_written(o));
    if (o->page)
        return GNTST_okay;
    grant_unpin(o->granter, o->ref, o->flags);

    return GNTST_bad_page;
}

static int begin(struct vcpu *v, const struct gnttab_copy_ptr *ptr,
                 bool is_granted, bool may_write, struct operand *o)
{
    int status;

    o->flags = GNTMAP_host_map | (may_write ? 0 : GNTMAP_readonly);
    o->granter = NULL;
    if (!is_granted) {
        if (ptr->domid != DOMID_SELF)
            return GNTST_permission_denied;
        o->page = grant_get_page(v->domain, _mfn(ptr->u.gmfn), may_write);
        return o->page ? GNTST_okay : GNTST_bad_page;
    }

    o->granter = named_domain_get(v, ptr->domid);
    if (!o->granter)
        return GNTST_bad_domain;
    status = begin_granted(v, ptr, o);
    if (status)
        named_domain_put(v, o->granter);

    return status;
}

static void end(const struct vcpu *v, const struct operand *o)
{
    grant_put_page(o->page, is_written(o));
    if (!o->granter)
        return;
    grant_unpin(o->granter, o->ref, o->flags);
    named_domain_put(v, o->granter);
}

/* Both may be one frame, and the guests may write meanwhile. */
static void copy(const struct gnttab_copy *op, const struct operand *to,
                 const struct operand *from)
{
    char *target = frame_contents(page_to_mfn(to->page));
    const char *source = frame_contents(page_to_mfn(from->page));

    memmove(target + op->dest.offset, source + op->source.offset, op->len);
}

static bool is_within_frame(const struct gnttab_copy_ptr *ptr, unsigned int len)
{
    return ptr->offset <= PAGE_SIZE && len <= PAGE_SIZE - ptr->offset;
}

int grant_copy(struct vcpu *v, void *element)
{
    struct gnttab_copy *op = element;
    struct operand from, to;

    if (!is_within_frame(&op->source, op->len) ||
        !is_within_frame(&op->dest, op->len)) {
        op->status = GNTST_bad_copy_arg;
        return 0;
    }
    op->status = (short)begin(v, &op->source, op->flags & GNTCOPY_source_gref,
                              false, &from);
    if (op->status)
        return 0;
    op->status =
        (short)begin(v, &op->dest, op->flags & GNTCOPY_dest_gref, true, &to);
    if (!op->status) {
        copy(op, &to, &from);
        end(v, &to);
    }
    end(v, &from);

    return 0;
}
