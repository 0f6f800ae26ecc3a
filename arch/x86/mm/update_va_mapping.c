/* SPDX-License-Identifier: MIT */
/*
 * update_va_mapping: a guest changes the entry that translates one of its
 * addresses, wherever that is, and has the old translation forgotten.
 */
#include <public/xen.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/guest_walk.h>
#include <xen/hypercall.h>
#include <xen/page_ref.h>

#include "guest_flush.h"

/* The entry has been written: to tell CPUs so is all that can fail now. */
static int flush(struct vcpu *v, uintptr_t va, unsigned long flags)
{
    unsigned long kind = flags & UVMF_FLUSHTYPE_MASK;
    unsigned long whose = flags & ~UVMF_FLUSHTYPE_MASK;
    const struct guest_flush what = { kind == UVMF_INVLPG, va };

    if (kind != UVMF_TLB_FLUSH && kind != UVMF_INVLPG)
        return 0;
    switch (whose) {
    case UVMF_LOCAL: guest_flush_here(&what); return 0;
    case UVMF_ALL: guest_flush_all(v, &what); return 0;
    default: return guest_flush_vcpus(v, whose, &what);
    }
}

static void update(struct vcpu *v, struct domain *frames,
                   struct hypercall *call)
{
    uintptr_t va = call->argument[0];
    unsigned int slot;
    struct page_info *table = guest_walk(v, va, &slot);
    int rc = -EINVAL;

    if (table) {
        rc = update_entry(v, v->domain, frames, table, 1, slot,
                          call->argument[1], 0);
        put_page(table);
    }
    if (rc == -ERESTART)
        call->restart = true;
    else
        call->result = rc ?: flush(v, va, call->argument[2]);
}

void do_update_va_mapping(struct vcpu *v, struct hypercall *call)
{
    update(v, v->domain, call);
}

void do_update_va_mapping_otherdomain(struct vcpu *v, struct hypercall *call)
{
    struct domain *frames = named_owner_get(v, (domid_t)call->argument[3]);

    if (!frames)
        call->result = -ESRCH;
    else if (frames != dom_io && !may_act_for(v, frames))
        call->result = -EPERM;
    else
        update(v, frames, call);
    named_domain_put(v, frames);
}
