/* SPDX-License-Identifier: MIT */
/*
 * Checks the invariants of grants that are about more than a frame's counts.
 *
 * Pins are counted down by the handles that there are, looked at, and counted
 * up again: so no memory is needed, and no handle is searched for.
 */
#include <xen/printk.h>

#include "grants.h"

/* Say that reference @ref of @d's is not as it must be. */
static int broken(int invariant, const struct domain *d, unsigned int ref,
                  const char *what, unsigned long expected, unsigned long found)
{
    printk(LOG_ERROR,
           "grants: G%d broken: %s of reference %u of domain %u: expected "
           "%#lx, found %#lx\n",
           invariant, what, ref, d->id, expected, found);

    return invariant;
}

static int check_handle(const struct domain *d, unsigned int n,
                        const struct grant_handle *h)
{
    unsigned long mfn = mfn_x(page_to_mfn(page_of_link(h->page)));
    const struct grant_pins *pins;

    if (d->grants.closed && n < d->grants.nr_relinquished)
        return broken(6, h->granter, h->ref, "handle that was undone", 0, 1);
    if (h->going || !(h->flags & GRANT_SIDES))
        return broken(2, h->granter, h->ref, "sides going", 0, h->going);
    if (h->granter->grants.nr_pinned == 0)
        return broken(2, h->granter, h->ref, "any pin", true, false);
    pins = grant_pins_of(&h->granter->grants, h->ref);
    if (pins->mfn != mfn)
        return broken(2, h->granter, h->ref, "frame", mfn, pins->mfn);
    if (pins->user != d->id)
        return broken(2, h->granter, h->ref, "user", d->id, pins->user);

    return 0;
}

static int check_handles(void)
{
    const struct domain *d = NULL;
    int rc = 0;

    while (!rc && (d = domain_next(d))) {
        const struct grant_table *t = &d->grants;

        for (unsigned int n = 0; n < grant_nr_handles(t) && !rc; n++) {
            const struct grant_handle *h = grant_handle_of(t, n);

            if (h->granter)
                rc = check_handle(d, n, h);
        }
    }

    return rc;
}

/* Take all handles out of the pins (-1), or put them back. */
static void count_handles(int by)
{
    const struct domain *d = NULL;

    while ((d = domain_next(d))) {
        const struct grant_table *t = &d->grants;

        for (unsigned int n = 0; n < grant_nr_handles(t); n++) {
            const struct grant_handle *h = grant_handle_of(t, n);

            if (h->granter)
                grant_count(grant_pins_of(&h->granter->grants, h->ref),
                            h->flags, by);
        }
    }
}

/* With the handles out of them: is there a pin of @d's that is no handle's? */
static int check_no_pins(const struct domain *d)
{
    const struct grant_table *t = &d->grants;

    for (unsigned int ref = 0; ref < GRANT_REFS_MAX; ref++) {
        if (!t->pins[ref / GRANT_PINS_PER_FRAME])
            ref += GRANT_PINS_PER_FRAME - 1;
        else if (grant_is_pinned(grant_pins_of(t, ref)))
            return broken(2, d, ref, "pins of no handle", 0, 1);
    }

    return 0;
}

static unsigned long count_pinned(const struct grant_table *t)
{
    unsigned long nr = 0;

    for (unsigned int ref = 0; ref < GRANT_REFS_MAX; ref++) {
        if (!t->pins[ref / GRANT_PINS_PER_FRAME])
            ref += GRANT_PINS_PER_FRAME - 1;
        else
            nr += grant_is_pinned(grant_pins_of(t, ref));
    }

    return nr;
}

static int check_totals(const struct domain *d)
{
    const struct grant_table *t = &d->grants;
    unsigned long nr = count_pinned(t);

    if (nr != t->nr_pinned)
        return broken(2, d, 0, "total of pins", nr, t->nr_pinned);
    if (t->closed && nr == 0 && t->pins[0])
        return broken(6, d, 0, "memory for no pins", 0, 1);

    return 0;
}

static int for_each_domain(int (*check)(const struct domain *d))
{
    const struct domain *d = NULL;
    int rc = 0;

    while (!rc && (d = domain_next(d)))
        rc = check(d);

    return rc;
}

int grant_table_check(void)
{
    int rc = for_each_domain(check_totals);

    if (!rc)
        rc = check_handles();
    if (rc)
        return rc;
    count_handles(-1);
    rc = for_each_domain(check_no_pins);
    count_handles(1);

    return rc;
}
