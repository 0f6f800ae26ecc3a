/* SPDX-License-Identifier: MIT */
/*
 * Random hypercalls of up to three domains, against a model that counts anew
 * each time. CALLS=number in the environment says how many; SEED where they
 * begin.
 */
#include <stdlib.h>

#include <test.h>
#include <xen/audit.h>

#include "../model/call_count.h"
#include "../model/differential.h"
#include "../model/naive_guests.h"

/* With sanitizers some seconds. Small tables have as many states, and are
 * looked through sooner. */
#define NR_CALLS (PTES_PER_TABLE == 4 ? 20000UL : 3000UL)

static unsigned int draw(unsigned int below)
{
    return (unsigned int)(test_random() >> 16) % below;
}

static void some_calls(bool grants)
{
    const char *calls = getenv("CALLS");
    unsigned long nr = calls ? strtoul(calls, NULL, 0) : NR_CALLS;

    differential_start(draw);
    differential_reset(NAIVE_DOMAINS, true, grants);
    while (count_of(EVENT_CALL) < nr && test_nr_failures() == 0)
        differential_step();
    differential_finish();
    EXPECT_EQ(audit(), 0);
    count_print();
}

TEST(hypercalls_random, every_result_and_every_count_is_the_models)
{
    some_calls(false);
}

/* Of grants the model knows nothing. */
TEST(hypercalls_random, with_grants_all_counts_are_the_auditors)
{
    some_calls(true);
}
