/* SPDX-License-Identifier: MIT */
/* What the flushes of TLBs have cost. Included by <xen/tlb.h>. */
#ifndef XEN_TLB_COUNTERS_H
#define XEN_TLB_COUNTERS_H

struct tlb_counters {
    unsigned long flushes;    /* of a whole TLB, on any CPU */
    unsigned long interrupts; /* sent to have a CPU flush */
    unsigned long idle_marks; /* relied on instead of such an interrupt */
    unsigned long debts;      /* paid for by flushes that they caused */
    unsigned long paid;       /* found paid already */
    unsigned long restarts;   /* of the clock */
};

/* The sums over all CPUs; not a snapshot. */
void tlb_counters(struct tlb_counters *counters);

#endif /* XEN_TLB_COUNTERS_H */
