/* SPDX-License-Identifier: MIT */
/* Guests at work on simulated CPUs: nobody reaches a frame that moved on. */
#include <stdio.h>

#include <simulation.h>
#include <soft_tlb.h>
#include <test.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>
#include <xen/tlb.h>

#include "../model/guests.h"

#define NR_STEPS        300000U
#define NR_STEPS_MANY   60000U /* with many CPUs, who wait for each other */
#define MAX_HELD        48U
#define MAX_ORDER_TAKEN 4U

/* The blocks that guests have; what a CPU works on is not among them. */
static struct guest_block held[MAX_HELD];
static unsigned int nr_held;
static unsigned long nr_steps, most_steps;

/* How rarely a CPU looks whether the clock must be started again. */
static unsigned int restart_chance;

static unsigned int draw(unsigned int below)
{
    return (unsigned int)(test_random() >> 32) % below;
}

/* Whoever it is; or, for a while, mostly the one that went on last. */
static unsigned int choose(unsigned int nr)
{
    return nr_steps & 0x800 && draw(8) ? 0 : draw(nr);
}

static unsigned int any_frame(void)
{
    return draw(GUEST_FRAMES);
}

static void put(const struct guest_block *block)
{
    if (nr_held < MAX_HELD)
        held[nr_held++] = *block;
    else
        guest_free(block);
}

static void take(void)
{
    struct guest_block block;

    if (nr_held == MAX_HELD)
        return;
    if (!guest_allocate(draw(NR_GUESTS), draw(MAX_ORDER_TAKEN),
                        draw(4) ? 0 : 1 + draw(30), &block))
        return;
    put(&block);
}

static struct guest_block take_out(unsigned int i)
{
    struct guest_block block = held[i];

    held[i] = held[--nr_held];

    return block;
}

/* As a whole, or half by half, with a time for each. */
static void give_back(void)
{
    struct guest_block block;

    if (nr_held == 0)
        return;
    block = take_out(draw(nr_held));
    while (block.order > 0 && draw(2)) {
        block.order--;
        guest_free(&block);
        block.first += 1U << block.order;
    }
    guest_free(&block);
}

static void make_table(void)
{
    struct guest_block block;

    if (nr_held == 0)
        return;
    block = take_out(draw(nr_held));
    guest_make_table(&block, block.first + draw(1U << block.order));
    put(&block);
}

/* A frame of its own mostly, so that not every frame taints all. */
static void map(void)
{
    unsigned int guest = draw(NR_GUESTS), frame = any_frame();

    for (unsigned int i = 0; i < 8 && guest_of_frame(frame) != guest; i++)
        frame = any_frame();
    if (guest_of_frame(frame) == guest || draw(20) == 0)
        guest_map(guest, draw(SOFT_TLB_PAGES), frame, draw(4) != 0);
}

static void access_some(void)
{
    unsigned int guest = guest_running();

    for (unsigned int i = draw(4); guest != NO_GUEST && i > 0; i--)
        guest_access(guest, draw(SOFT_TLB_PAGES));
}

static void flush_some(void)
{
    cpumask_t mask = { { 0 } };

    for (unsigned int i = draw(4); i > 0; i--)
        cpumask_set(&mask, draw(nr_cpus));
    flush_tlb_mask(&mask);
}

static void count_call(void *data)
{
    __atomic_fetch_add((unsigned int *)data, 1, __ATOMIC_RELAXED);
}

static void call_some(void)
{
    unsigned int nr_called = 0;
    cpumask_t mask = { { 0 } };

    cpumask_set(&mask, 0);
    cpumask_set(&mask, arch_cpu_id());
    smp_call(&mask, count_call, &nr_called, true);
    EXPECT_EQ(nr_called, cpumask_weight(&mask));
}

static void be_away(void)
{
    switch (draw(arch_cpu_id() ? 3 : 2)) {
    case 0:
        tlb_clock_restart();
        /* fall through */
    case 1: guest_idle(draw(20)); return;
    default: guest_leave_and_join(draw(10));
    }
}

static void step(void)
{
    switch (draw(64)) {
    case 0 ... 7: take(); break;
    case 8 ... 14: give_back(); break;
    case 15 ... 24: map(); break;
    case 25 ... 27: guest_unmap(draw(NR_GUESTS), draw(SOFT_TLB_PAGES)); break;
    case 28 ... 30: make_table(); break;
    case 31 ... 33: guest_make_plain(any_frame()); break;
    case 34 ... 37: guest_switch(draw(NR_GUESTS + 1), draw(2)); break;
    case 38: flush_tlb_local(); break;
    case 39: flush_some(); break;
    case 40: call_some(); break;
    case 41 ... 43: be_away(); break;
    case 44: soft_tlb_drop(draw(NR_GUESTS), draw(SOFT_TLB_PAGES)); break;
    default: access_some();
    }
    if (draw(restart_chance) == 0)
        tlb_clock_restart();
}

/* The clock goes up, or stands at 0, from where it starts at 1 (T3). */
static void check_clock(void)
{
    static uint32_t last = 1;
    uint32_t now = tlb_clock_now();

    EXPECT(now <= TLB_CLOCK_MAX);
    EXPECT(now >= last || now == 0 || TLB_CLOCK_MAX < 100000);
    last = now;
}

static void run_cpu(void)
{
    if (arch_cpu_id() > 0) {
        while (draw(20) > 0)
            simulation_point();
        smp_join();
    }
    while (nr_steps < most_steps && test_nr_failures() == 0) {
        step();
        check_clock();
        if (nr_steps++ % 4096 == 0)
            guests_check_all();
        if (nr_steps % 50000 == 0)
            EXPECT_EQ(heap_check(), 0);
        simulation_point();
    }
    heap_leave();
}

static void run_guests(unsigned int nr, unsigned int chance)
{
    struct tlb_counters counters;

    restart_chance = chance;
    most_steps = nr > 8 ? NR_STEPS_MANY : NR_STEPS;
    guests_start(nr);
    simulation_run(nr, run_cpu, choose);
    while (nr_held > 0) {
        struct guest_block block = take_out(0);

        guest_free(&block);
    }
    EXPECT_EQ(heap_check(), 0);
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(GUEST_MEMORY_ORDER), 1);
    tlb_counters(&counters);
    printf(
        "# %u CPUs, clock of %u bits: %lu steps, %lu flushes, %lu interrupts, "
        "%lu marks, %lu restarts\n",
        nr, CONFIG_TLB_CLOCK_BITS, nr_steps, counters.flushes,
        counters.interrupts, counters.idle_marks, counters.restarts);
}

TEST(soft_tlb, one_cpu)
{
    run_guests(1, 8);
}

TEST(soft_tlb, two_cpus)
{
    run_guests(2, 8);
}

TEST(soft_tlb, three_cpus_and_a_clock_that_stands_for_long)
{
    run_guests(3, 500);
}

TEST(soft_tlb, eight_cpus)
{
    run_guests(8, 32);
}

TEST(soft_tlb, sixty_four_cpus)
{
    run_guests(64, 128);
}

TEST(soft_tlb, sixty_five_cpus_share_bits)
{
    run_guests(65, 128);
}

TEST(soft_tlb, seventy_cpus_and_a_clock_that_stands_for_long)
{
    run_guests(70, 2000);
}
