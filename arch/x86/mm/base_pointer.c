/* SPDX-License-Identifier: MIT */
/* Changes what a vCPU translates by: take the new, use it, put the old. */
#include <xen/arch.h>
#include <xen/base_pointer.h>
#include <xen/descriptors.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/page_ref.h>
#include <xen/page_table.h>

/* *@h, which was empty, holds @mfn as a table of level 4. */
static int get_root(struct vcpu *v, mfn_t mfn, struct page_holder *h)
{
    int rc;

    h->page = get_page_from_mfn(mfn, v->domain);
    if (!h->page)
        return -EINVAL;
    h->hold = HOLD_READ_ONLY;
    rc = get_page_table(h, PAGETABLE_LEVELS);
    if (rc)
        vcpu_defer(v, h);

    return rc == -EINTR ? -ERESTART : rc;
}

static bool is_base(const struct page_holder *base, mfn_t mfn)
{
    return base->page && mfn_eq(page_to_mfn(base->page), mfn);
}

static void load(const struct vcpu *v, mfn_t mfn)
{
    if (v == current_vcpu())
        arch_load_base_pointer(mfn);
}

int vcpu_new_kernel_base(struct vcpu *v, mfn_t mfn)
{
    struct page_holder new = PAGE_HOLDER_EMPTY, old;
    int rc;

    if (!is_base(&v->kernel_base, mfn)) {
        rc = get_root(v, mfn, &new);
        if (rc)
            return rc;
        /* The local table is where the old one said that it was. */
        vcpu_drop_ldt(v);
        old = v->kernel_base;
        v->kernel_base = new;
        load(v, mfn);
        /* Only now does no CPU translate by it. */
        vcpu_defer(v, &old);
    } else {
        load(v, mfn); /* it may want what it has cached forgotten */
    }

    return 0;
}

int vcpu_new_user_base(struct vcpu *v, mfn_t mfn)
{
    struct page_holder new = PAGE_HOLDER_EMPTY, old;

    if (is_base(&v->user_base, mfn))
        return 0;
    if (mfn_x(mfn) != 0) {
        int rc = get_root(v, mfn, &new);

        if (rc)
            return rc;
    }
    old = v->user_base;
    v->user_base = new;
    vcpu_defer(v, &old);

    return 0;
}
