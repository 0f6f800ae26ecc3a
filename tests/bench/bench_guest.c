/* SPDX-License-Identifier: MIT */
/* Frames with an owner: a guest grows by many, and shrinks again. */
#include <xen/domheap.h>

#include "workloads.h"

#define GUEST_ROUNDS 2U

static void gets(unsigned long n)
{
    for (unsigned long i = 0; i < n; i += DOMHEAP_BATCH)
        BUG_ON(tested->get_guest(taken + i, DOMHEAP_BATCH) != DOMHEAP_BATCH);
}

static void puts_in_order(unsigned long n)
{
    for (unsigned long i = 0; i < n; i += DOMHEAP_BATCH)
        tested->put_guest(taken + i, DOMHEAP_BATCH);
}

/* The first round, after which the frames have been in use, does not count. */
void guest(const struct run *run)
{
    unsigned long n = ALIGN_UP(run->n, DOMHEAP_BATCH);

    begin(FIRST_FRAME, run->nr_frames);
    tested->begin_guest();
    gets(n);
    puts_in_order(n);
    for (unsigned int i = 0; i < GUEST_ROUNDS; i++) {
        if (run->variant == GUEST_GET)
            measure(gets, n, n);
        else
            gets(n);
        if (run->variant == GUEST_PUT)
            measure(puts_in_order, n, n);
        else
            puts_in_order(n);
    }
}
