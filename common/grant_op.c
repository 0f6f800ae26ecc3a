/* SPDX-License-Identifier: MIT */
/*
 * The hypercall for grants: commands, arrays, and how they are interrupted.
 *
 * An error of one element is told in it, and the call goes on. Between two the
 * call may be interrupted; then the array begins where it is to be gone on.
 */
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>

#include <asm/processor.h>

#include "grant_ops.h"

/* Each of them, while this CPU is not asked to yield. */
static int serve_each(struct vcpu *v, struct grant_elements *e, size_t size,
                      int (*serve)(struct vcpu *v, void *element))
{
    union {
        struct gnttab_map_grant_ref map;
        struct gnttab_copy copy;
    } element;

    e->size = size;
    for (; e->done < e->nr; e->done++) {
        int rc;

        if (e->done > 0 && cpu_must_yield())
            return -ERESTART;
        if (copy_element_from_guest(&element, e->array, e->done, size))
            return -EFAULT;
        rc = serve(v, &element);
        if (rc)
            return rc;
        if (copy_element_to_guest(e->array, e->done, &element, size))
            return -EFAULT;
    }

    return 0;
}

/* The domain whose table the caller may ask about. */
static int target(struct vcpu *v, domid_t id, struct domain **d)
{
    *d = named_domain_get(v, id);
    if (!*d)
        return GNTST_bad_domain;
    if (*d == v->domain || v->domain->privileged)
        return GNTST_okay;
    named_domain_put(v, *d);

    return GNTST_permission_denied;
}

static int write_frame_list(struct domain *d,
                            const struct gnttab_setup_table *op)
{
    for (unsigned int i = 0; i < op->nr_frames; i++) {
        unsigned long mfn = mfn_x(grant_table_frame(d, i));

        if (copy_element_to_guest((uintptr_t)op->frame_list, i, &mfn,
                                  sizeof(mfn)))
            return GNTST_bad_virt_addr;
    }

    return GNTST_okay;
}

static int setup_table(struct vcpu *v, uint64_t arg)
{
    struct gnttab_setup_table op;
    struct domain *d;
    int status;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    status = target(v, op.dom, &d);
    if (!status) {
        status = grant_table_grow(d, op.nr_frames) ? GNTST_general_error
                                                   : write_frame_list(d, &op);
        named_domain_put(v, d);
    }
    op.status = (short)status;

    return copy_to_guest(arg, &op, sizeof(op));
}

static int query_size(struct vcpu *v, uint64_t arg)
{
    struct gnttab_query_size op;
    struct domain *d;
    int status;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    status = target(v, op.dom, &d);
    if (!status) {
        op.nr_frames = grant_table_size(d);
        op.max_nr_frames = GRANT_MAX_FRAMES;
        named_domain_put(v, d);
    }
    op.status = (short)status;

    return copy_to_guest(arg, &op, sizeof(op));
}

/* There is one, and what is mapped by it stays as it is. */
static int set_version(uint64_t arg)
{
    struct gnttab_set_version op;
    unsigned int wanted;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    wanted = op.version;
    op.version = 1;
    if (copy_to_guest(arg, &op, sizeof(op)))
        return -EFAULT;

    return wanted == 1 ? 0 : wanted == 2 ? -ENOSYS : -EINVAL;
}

static int get_version(struct vcpu *v, uint64_t arg)
{
    struct gnttab_get_version op;
    struct domain *d;
    int status;

    if (copy_from_guest(&op, arg, sizeof(op)))
        return -EFAULT;
    status = target(v, op.dom, &d);
    if (status)
        return status == GNTST_bad_domain ? -ESRCH : -EPERM;
    named_domain_put(v, d);
    op.version = 1;

    return copy_to_guest(arg, &op, sizeof(op));
}

static int serve(struct vcpu *v, unsigned int command, struct grant_elements *e)
{
    switch (command) {
    case GNTTABOP_map_grant_ref:
        return serve_each(v, e, sizeof(struct gnttab_map_grant_ref), grant_map);
    case GNTTABOP_unmap_grant_ref: return grant_unmap(v, e);
    case GNTTABOP_copy:
        return serve_each(v, e, sizeof(struct gnttab_copy), grant_copy);
    case GNTTABOP_setup_table:
        return e->nr == 1 ? setup_table(v, e->array) : -EINVAL;
    case GNTTABOP_query_size:
        return e->nr == 1 ? query_size(v, e->array) : -EINVAL;
    case GNTTABOP_set_version: return set_version(e->array);
    case GNTTABOP_get_version: return get_version(v, e->array);
    default: return -ENOSYS;
    }
}

void do_grant_table_op(struct vcpu *v, struct hypercall *call)
{
    struct grant_elements e = {
        .array = call->argument[1],
        .nr = (unsigned int)call->argument[2],
    };

    if (e.nr > INT32_MAX) {
        call->result = -EINVAL;
        return;
    }
    call->result = serve(v, (unsigned int)call->argument[0], &e);
    if (call->result == -ERESTART) {
        call->argument[1] += e.done * e.size;
        call->argument[2] = e.nr - e.done;
        call->restart = true;
    }
}
