/* SPDX-License-Identifier: MIT */
/* Many gets, then many puts; and both mixed, of all orders. */
#include <stdio.h>
#include <stdlib.h>

#include "workloads.h"

#define BULK_SEED   42U
#define BULK_ROUNDS 2U

static unsigned int bulk_order;

static void gets(unsigned long n)
{
    for (unsigned long i = 0; i < n; i++)
        taken[i] = tested->get(bulk_order, HEAP_NO_LIMIT, HEAP_NO_SCRUB);
}

static void puts_in_order(unsigned long n)
{
    for (unsigned long i = 0; i < n; i++)
        tested->put(taken[i], bulk_order);
}

static void arrange(enum sequence sequence)
{
    if (sequence == RANDOM)
        shuffle_taken(BULK_SEED);
    for (unsigned long i = 0; sequence == REVERSE && i < nr_taken / 2; i++) {
        struct page_info *pg = taken[i];

        taken[i] = taken[nr_taken - 1 - i];
        taken[nr_taken - 1 - i] = pg;
    }
}

static void do_it(void (*loop)(unsigned long n), unsigned long n, bool counted)
{
    if (counted)
        measure(loop, n, n);
    else
        loop(n);
}

/* All frames have been in use before. */
static void bulk(const struct run *run, unsigned int order,
                 enum sequence sequence, bool count_gets)
{
    bulk_order = order;
    begin(FIRST_FRAME, run->nr_frames);
    gets(run->nr_frames >> order);
    puts_in_order(run->nr_frames >> order);
    for (unsigned int i = 0; i < BULK_ROUNDS; i++) {
        do_it(gets, run->n, count_gets);
        nr_taken = run->n;
        BUG_ON(!taken[nr_taken - 1]);
        arrange(sequence);
        do_it(puts_in_order, run->n, !count_gets);
    }
}

void bulk_get(const struct run *run)
{
    bulk(run, 0, SAME, true);
}

void bulk_put(const struct run *run)
{
    bulk(run, 0, run->variant, false);
}

void bulk_get_superpages(const struct run *run)
{
    bulk(run, SUPERPAGE_ORDER, SAME, true);
}

void bulk_put_superpages(const struct run *run)
{
    bulk(run, SUPERPAGE_ORDER, SAME, false);
}

/* Of the mix: the orders of what is taken, and how many frames shall be. */
#define MIX_SEED         42U
#define MIX_WARM_UP      400000UL
#define MIX_MAX_FAILURES 64U

static uint8_t *order_of;
static unsigned long nr_in_use, target, nr_calls, nr_failed;

/* Half of them order 0, a quarter order 1, and so on up to 9. */
static unsigned int random_order(void)
{
    return lowest_bit(random_bits() | BIT(SUPERPAGE_ORDER));
}

static void get_up_to_target(void)
{
    unsigned int failures = 0;

    while (nr_in_use < target && failures < MIX_MAX_FAILURES) {
        unsigned int order = random_order();
        struct page_info *pg = tested->get(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB);

        nr_calls++;
        if (!pg) {
            failures++;
            nr_failed++;
            continue;
        }
        order_of[nr_taken] = (uint8_t)order;
        taken[nr_taken++] = pg;
        nr_in_use += BIT(order);
    }
}

static void mix_steps(unsigned long n)
{
    while (n-- > 0) {
        unsigned long i = random_below(nr_taken);
        unsigned int order = order_of[i];

        put_taken(i, order);
        order_of[i] = order_of[nr_taken];
        nr_in_use -= BIT(order);
        nr_calls++;
        get_up_to_target();
    }
}

void mix(const struct run *run)
{
    begin(FIRST_FRAME, run->nr_frames);
    order_of = malloc(run->nr_frames);
    BUG_ON(!order_of);
    random_seed(MIX_SEED);
    target = run->nr_frames * run->variant / HUNDRED_PERCENT;
    get_up_to_target();
    mix_steps(MIX_WARM_UP);
    nr_calls = 0;
    measure(mix_steps, run->n, 0);
    measure_more(nr_calls);
    printf("failures: %lu\n", nr_failed);
}
