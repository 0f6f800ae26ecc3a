/* SPDX-License-Identifier: MIT */
/*
 * A pin is a flag in type_info and a full holder that no structure describes.
 * Who sets the flag gives it the references; who clears it has them.
 */
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/page_ref.h>
#include <xen/page_table.h>
#include <xen/page_type.h>

#include "pin.h"

int pin_table(struct vcpu *v, struct domain *owner, mfn_t mfn,
              unsigned int level)
{
    struct page_holder h = { get_page_from_mfn(mfn, owner), HOLD_READ_ONLY };
    int rc;

    if (!h.page)
        return -EINVAL;
    rc = get_page_table(&h, level);
    if (rc == 0) {
        /* A domain that dies loses its pins once, after it began to. So one
         * that another domain sets after that would stay. */
        if (!page_type_pin(h.page))
            rc = -EINVAL;
        else if (owner != v->domain && domain_has_begun_to_die(owner) &&
                 page_type_unpin(h.page))
            rc = -EINVAL;
        else
            return 0; /* the pin has what we held */
    }
    vcpu_defer(v, &h);

    return rc == -EINTR ? -ERESTART : rc;
}

int unpin_table(struct vcpu *v, struct domain *owner, mfn_t mfn)
{
    struct page_holder pin = { get_page_from_mfn(mfn, owner), HOLD_FULL };

    if (!pin.page)
        return -EINVAL;
    if (!page_type_unpin(pin.page)) {
        put_page(pin.page);
        return -EINVAL;
    }
    put_page(pin.page); /* ours; the pin's is left */
    vcpu_defer(v, &pin);

    return 0;
}
