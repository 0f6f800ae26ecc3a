/* SPDX-License-Identifier: MIT */
/* Counts who scrubs, and who wants them to pause. */
#include <xen/compiler.h>
#include <xen/numa.h>
#include <xen/scrub.h>
#include <xen/smp.h>

#include "scrub_turn.h"

static bool is_busy[MAX_NODES];

static struct {
    unsigned int nr_scrubbing, nr_pauses;
    unsigned long nr_turns;
} __aligned(64) now;

/* Sequentially consistent, here and below: either who scrubs sees that it is to
 * pause, or who says so sees that somebody scrubs. */
bool scrub_begin(unsigned int node)
{
    if (__atomic_exchange_n(&is_busy[node], true, __ATOMIC_SEQ_CST))
        return false;
    __atomic_fetch_add(&now.nr_scrubbing, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&now.nr_pauses, __ATOMIC_SEQ_CST) == 0)
        return true;
    scrub_end(node);

    return false;
}

/* It is counted before it is over: who has found too little, and sees nobody
 * who scrubs, sees that somebody has. */
void scrub_end(unsigned int node)
{
    __atomic_fetch_add(&now.nr_turns, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_sub(&now.nr_scrubbing, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&is_busy[node], false, __ATOMIC_RELEASE);
}

bool scrub_goes_on(void)
{
    return __atomic_load_n(&now.nr_scrubbing, __ATOMIC_SEQ_CST) > 0;
}

unsigned long scrub_nr_turns(void)
{
    return __atomic_load_n(&now.nr_turns, __ATOMIC_SEQ_CST);
}

void scrub_pause(void)
{
    __atomic_fetch_add(&now.nr_pauses, 1, __ATOMIC_SEQ_CST);
    while (scrub_goes_on())
        smp_wait_a_turn();
}

void scrub_go_on(void)
{
    __atomic_fetch_sub(&now.nr_pauses, 1, __ATOMIC_SEQ_CST);
}
