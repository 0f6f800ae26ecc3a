/* SPDX-License-Identifier: MIT */
/*
 * Unmaps what was mapped.
 *
 * First the entries go, then what TLBs may know of them; only then are the
 * frames given back and the references unpinned, which tells the granters that
 * it is over. To flush for each would be slow: so it is done for some at once.
 */
#include <xen/errno.h>
#include <xen/grant_entry.h>
#include <xen/guest_access.h>
#include <xen/tlb.h>

#include <asm/processor.h>

#include "grant_ops.h"

#define BATCH 16U

struct unmap {
    struct gnttab_unmap_grant_ref op;
    struct grant_handle handle;
    unsigned int sides; /* that are being unmapped */
};

/* End the entry, and see that the guest speaks of what it has. */
static int end_sides(struct vcpu *v, const struct unmap *u, unsigned int sides)
{
    mfn_t mfn = page_to_mfn(page_of_link(u->handle.page));

    if (sides & GNTMAP_device_map && u->op.dev_bus_addr != mfn_to_maddr(mfn))
        return GNTST_bad_dev_addr;
    if (sides & GNTMAP_host_map &&
        grant_entry_clear(v, mfn, u->op.host_addr, u->handle.flags))
        return GNTST_general_error;

    return GNTST_okay;
}

static void begin(struct vcpu *v, struct unmap *u)
{
    unsigned int sides = (u->op.host_addr ? GNTMAP_host_map : 0) |
                         (u->op.dev_bus_addr ? GNTMAP_device_map : 0);
    int status = grant_handle_begin(v->domain, u->op.handle, sides, &u->handle);

    u->sides = 0;
    if (!status) {
        status = end_sides(v, u, sides);
        if (status)
            grant_handle_keep(v->domain, u->op.handle, sides);
        else
            u->sides = sides;
    }
    u->op.status = (short)status;
}

/* At least one of the next @nr, which are some. Sets *@nr to how many. */
static int begin_batch(struct vcpu *v, const struct grant_elements *e,
                       struct unmap *u, unsigned int *nr)
{
    unsigned int max = *nr;

    for (*nr = 0; *nr < max; ++*nr) {
        if (*nr > 0 && cpu_must_yield())
            break;
        if (copy_element_from_guest(&u[*nr].op, e->array, e->done + *nr,
                                    sizeof(u->op)))
            return -EFAULT;
        begin(v, &u[*nr]);
    }

    return 0;
}

static void flush(struct domain *d, const struct unmap *u, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        if (u[i].sides & GNTMAP_host_map) {
            tlb_debt_pay(tlb_debt_now(&d->dirty_cpus));
            break;
        }
    }
}

int grant_unmap(struct vcpu *v, struct grant_elements *e)
{
    struct unmap batch[BATCH];
    int rc = 0;

    e->size = sizeof(batch->op);
    while (e->done < e->nr && !rc) {
        unsigned int nr = e->nr - e->done < BATCH ? e->nr - e->done : BATCH;

        if (e->done > 0 && cpu_must_yield())
            return -ERESTART;
        rc = begin_batch(v, e, batch, &nr);
        flush(v->domain, batch, nr);
        for (unsigned int i = 0; i < nr; i++) {
            if (batch[i].sides)
                grant_handle_finish(v->domain, batch[i].op.handle,
                                    &batch[i].handle, batch[i].sides);
            if (copy_element_to_guest(e->array, e->done + i, &batch[i].op,
                                      sizeof(batch->op)))
                rc = -EFAULT;
        }
        e->done += nr;
    }

    return rc;
}
