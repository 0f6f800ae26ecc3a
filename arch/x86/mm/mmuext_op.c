/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: what a guest wants done with whole tables, with TLBs, and with
 * frames.
 */
#include <public/xen.h>
#include <xen/base_pointer.h>
#include <xen/descriptors.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>
#include <xen/string.h>

#include <asm/contents.h>

#include "batch.h"
#include "guest_flush.h"
#include "pin.h"

/* Read from the guest at once. */
#define CHUNK 8

/* Anything may become of its contents: what a guest may write, this may. */
static struct page_info *get_page_to_fill(struct domain *owner, mfn_t mfn)
{
    struct page_info *pg = get_page_from_mfn(mfn, owner);

    if (pg && !get_page_writable(pg)) {
        put_page(pg);
        pg = NULL;
    }

    return pg;
}

static int clear_page(struct domain *owner, mfn_t mfn)
{
    struct page_info *pg = get_page_to_fill(owner, mfn);

    if (!pg)
        return -EINVAL;
    memset(frame_contents(mfn), 0, PAGE_SIZE);
    put_page_writable(pg);
    put_page(pg);

    return 0;
}

/* The same frame twice is no harm: then there is nothing to copy. */
static int copy_page(struct domain *owner, mfn_t to, mfn_t from)
{
    struct page_info *source = get_page_from_mfn(from, owner), *pg;

    if (!source)
        return -EINVAL;
    pg = get_page_to_fill(owner, to);
    if (pg) {
        if (pg != source)
            memcpy(frame_contents(to), frame_contents(from), PAGE_SIZE);
        put_page_writable(pg);
        put_page(pg);
    }
    put_page(source);

    return pg ? 0 : -EINVAL;
}

/* What frames of the old one it held are let go; of the new one, none is held
 * before it is needed. */
static int set_ldt(struct vcpu *v, uintptr_t base, unsigned int entries)
{
    if (entries == 0)
        base = 0;
    if (!IS_ALIGNED(base, PAGE_SIZE) || entries > LDT_MAX_ENTRIES ||
        !guest_range_ok(base, (uint64_t)entries * DESCRIPTOR_SIZE))
        return -EINVAL;
    vcpu_drop_ldt(v);
    v->ldt_base = base;
    v->ldt_entries = entries;

    return 0;
}

static int flush_cache(const struct vcpu *v)
{
    /* RAM is coherent as guests map it, and devices are never cached. */
    return v->domain->nr_devices > 0 ? 0 : -EACCES;
}

static int flush_vcpus(const struct vcpu *v, const struct mmuext_op *op,
                       const struct guest_flush *what)
{
    return guest_flush_vcpus(v, (uint64_t)op->arg2.vcpumask, what) ? -EINVAL
                                                                   : 0;
}

/* What concerns the caller alone. */
static int serve_own(struct vcpu *v, const struct mmuext_op *op)
{
    const struct guest_flush all = { .one_page = false };
    const struct guest_flush page = { true, op->arg1.linear_addr };

    switch (op->cmd) {
    case MMUEXT_NEW_BASEPTR: return vcpu_new_kernel_base(v, _mfn(op->arg1.mfn));
    case MMUEXT_NEW_USER_BASEPTR:
        return vcpu_new_user_base(v, _mfn(op->arg1.mfn));
    case MMUEXT_TLB_FLUSH_LOCAL: guest_flush_here(&all); return 0;
    case MMUEXT_INVLPG_LOCAL: guest_flush_here(&page); return 0;
    case MMUEXT_TLB_FLUSH_MULTI: return flush_vcpus(v, op, &all);
    case MMUEXT_INVLPG_MULTI: return flush_vcpus(v, op, &page);
    case MMUEXT_TLB_FLUSH_ALL: guest_flush_all(v, &all); return 0;
    case MMUEXT_INVLPG_ALL: guest_flush_all(v, &page); return 0;
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL: return flush_cache(v);
    case MMUEXT_SET_LDT:
        return set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
    default: return -ENOSYS;
    }
}

static int serve(struct vcpu *v, struct domain *owner,
                 const struct mmuext_op *op)
{
    mfn_t mfn = _mfn(op->arg1.mfn);

    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE:
        return pin_table(v, owner, mfn, op->cmd - MMUEXT_PIN_L1_TABLE + 1);
    case MMUEXT_UNPIN_TABLE: return unpin_table(v, owner, mfn);
    case MMUEXT_CLEAR_PAGE: return clear_page(owner, mfn);
    case MMUEXT_COPY_PAGE: return copy_page(owner, mfn, _mfn(op->arg2.src_mfn));
    case MMUEXT_MARK_SUPER:
    case MMUEXT_UNMARK_SUPER: return -EOPNOTSUPP;
    default:
        return owner == v->domain || op->cmd > MMUEXT_UNMARK_SUPER
                   ? serve_own(v, op)
                   : -EPERM;
    }
}

static int serve_all(struct batch *b, struct domain *owner)
{
    struct mmuext_op chunk[CHUNK];
    unsigned int i;

    for (; b->nr < b->count; b->nr++) {
        int rc =
            batch_next(b, chunk, CHUNK, &i) ?: serve(b->v, owner, &chunk[i]);

        if (rc)
            return rc;
    }

    return 0;
}

/* Frames of devices and of the hypervisor are nobody's tables, and are not to
 * be overwritten. */
static int may_serve(const struct vcpu *v, const struct domain *owner)
{
    if (!owner)
        return -ESRCH;
    if (!may_act_for(v, owner))
        return -EPERM;

    return owner == dom_io || owner == dom_xen ? -EINVAL : 0;
}

void do_mmuext_op(struct vcpu *v, struct hypercall *call)
{
    struct domain *owner;
    struct batch b;
    int rc;

    if (!batch_begin(&b, v, call, sizeof(struct mmuext_op)))
        return;
    owner = named_owner_get(v, (domid_t)call->argument[3]);
    rc = may_serve(v, owner);
    if (rc)
        call->result = rc;
    else
        batch_end(&b, serve_all(&b, owner));
    named_domain_put(v, owner);
}
