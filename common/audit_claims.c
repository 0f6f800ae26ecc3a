/* SPDX-License-Identifier: MIT */
/* What the auditor makes of claims: do they add up? */
#include <xen/domain.h>

#include "audit_tally.h"
#include "heap_node.h"

static unsigned long claimed[MAX_NODES];

static void audit_claim(const struct domain *d)
{
    struct place at = { .mfn = INVALID_MFN };
    unsigned long sum = 0, may_get;

    for (unsigned int node = 0; node < nr_nodes; node++) {
        sum += d->claimed[node];
        claimed[node] += d->claimed[node];
    }
    may_get = d->nr_pages < d->max_pages ? d->max_pages - d->nr_pages : 0;
    audit_expect(28, &at, "claimed by a domain, by node", sum, d->nr_claimed);
    audit_expect(28, &at, "promised, and not given", 0, d->nr_promised);
    audit_expect(29, &at, "claimed by one that does not live", false,
                 sum > 0 && !domain_is_alive(d));
    audit_expect(29, &at, "claimed beyond the quota", false, sum > may_get);
}

void audit_claims(void)
{
    struct place at = { .mfn = INVALID_MFN };

    for (unsigned int node = 0; node < nr_nodes; node++)
        claimed[node] = 0;
    for (const struct domain *d = domain_next(NULL); d; d = domain_next(d))
        audit_claim(d);
    for (unsigned int node = 0; node < nr_nodes; node++)
        audit_expect(31, &at, "claimed of a node", claimed[node],
                     heap_nodes[node].nr_claimed);
}
