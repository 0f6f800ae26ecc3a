/* SPDX-License-Identifier: MIT */
/* What the monitor's command "claims" answers: who has been promised what. */
#include <xen/claim.h>
#include <xen/heap_statistics.h>
#include <xen/monitor.h>
#include <xen/printk.h>
#include <xen/string.h>

#include "monitor_size.h"

/* Of domains that have claims, the first ones; of the nodes of one, too. */
#define MAX_DOMAINS 32U
#define MAX_SHARES  4U

/* All of one moment. */
struct claims {
    unsigned long claimed[MAX_NODES], nr_claimed, nr_pages, max_pages;
};

static struct claims claims_of(struct domain *d)
{
    struct claims claims;

    spin_lock(&d->page_alloc_lock);
    memcpy(claims.claimed, d->claimed, sizeof(claims.claimed));
    claims.nr_claimed = d->nr_claimed;
    claims.nr_pages = d->nr_pages;
    claims.max_pages = d->max_pages;
    spin_unlock(&d->page_alloc_lock);

    return claims;
}

static void show_shares(const struct claims *claims)
{
    char text[SIZE_TEXT];
    unsigned int nr = 0;

    for (unsigned int node = 0; node < nr_nodes; node++)
        if (claims->claimed[node] > 0 && nr++ < MAX_SHARES)
            console_printf("%s node %u: %s", nr > 1 ? "," : "", node,
                           frames_text(text, claims->claimed[node]));
    if (nr > MAX_SHARES)
        console_printf(" and %u more", nr - MAX_SHARES);
    console_printf("\n");
}

static void show_claims(unsigned int id, const struct claims *claims)
{
    char claimed[SIZE_TEXT], owned[SIZE_TEXT], most[SIZE_TEXT];

    console_printf("d%-7u %10s  %10s  %10s ", id,
                   frames_text(claimed, claims->nr_claimed),
                   frames_text(owned, claims->nr_pages),
                   frames_text(most, claims->max_pages));
    show_shares(claims);
}

void monitor_show_claims(void)
{
    char sum_text[SIZE_TEXT], free_text[SIZE_TEXT];
    struct heap_node_statistics s;
    unsigned long sum = 0;
    unsigned int nr = 0;

    for (struct domain *d = domain_next(NULL); d; d = domain_next(d)) {
        struct claims claims = claims_of(d);

        if (claims.nr_claimed == 0)
            continue;
        if (nr == 0)
            console_printf("domain      claimed        owns     at most  of\n");
        if (nr++ < MAX_DOMAINS)
            show_claims(d->id, &claims);
        sum += claims.nr_claimed;
    }
    if (nr > MAX_DOMAINS)
        console_printf("and %u more\n", nr - MAX_DOMAINS);
    heap_sum_statistics(&s);
    console_printf("claims  %lu frames (%s) of %u domains, of %s free\n", sum,
                   frames_text(sum_text, sum), nr,
                   frames_text(free_text, s.nr_free));
    if (sum != s.nr_claimed)
        console_printf("        but by the nodes' count %lu\n", s.nr_claimed);
}
