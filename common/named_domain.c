/* SPDX-License-Identifier: MIT */
/* The domains that a hypercall's arguments name. */
#include <xen/hypercall.h>

/* The caller's own cannot go while it runs, so it needs no reference. */
struct domain *named_domain_get(const struct vcpu *v, domid_t id)
{
    if (id == DOMID_SELF || id == v->domain->id)
        return v->domain;

    return id < DOMID_FIRST_RESERVED ? domain_get(id) : NULL;
}

struct domain *named_owner_get(const struct vcpu *v, domid_t id)
{
    return id == DOMID_IO || id == DOMID_XEN ? domain_get(id)
                                             : named_domain_get(v, id);
}

void named_domain_put(const struct vcpu *v, struct domain *d)
{
    if (d && d != v->domain)
        domain_put(d);
}
