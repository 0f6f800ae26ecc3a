/* SPDX-License-Identifier: MIT */
/*
 * Every schedule of small programs: one frame that changes hands, CPUs that may
 * remember it, and every time at which the clock may stand.
 *
 * A program is a word, a letter an action of its CPU:
 *
 *   A  access: look the page up, and remember where it leads
 *   M  move: the frame is given back, and handed out to the next guest
 *   T  it becomes a page table, and then plain memory again
 *   F  flush this CPU's TLB
 *   S  switch to no guest, with a flush, and back
 *   I  idle for a moment
 *   L  leave, and join again
 *   R  start the clock again, if it has wrapped
 */
#include <stdio.h>
#include <string.h>

#include <hosted.h>
#include <simulation.h>
#include <test.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>
#include <xen/tlb.h>

#include "../model/guests.h"

#define MAX_CPUS 3U

static const char *program[MAX_CPUS];
static struct guest_block block;
static bool block_is_taken;
static unsigned long nr_schedules, nr_steps;

/* There is one frame to hand out, all others are in use for ever. */
static void start(unsigned int nr)
{
    guests_start(nr);
    for (unsigned int cpu = 1; cpu < nr; cpu++) {
        hosted_set_cpu_id(cpu);
        smp_join();
    }
    hosted_set_cpu_id(0);
    for (unsigned int i = 0; i < GUEST_FRAMES; i++)
        EXPECT(guest_allocate(0, 0, 0, &block));
    EXPECT_EQ(heap_nr_free(), 0);
}

static void move_on(void)
{
    unsigned int guest = 1 - block.guest;

    guest_free(&block);
    EXPECT(guest_allocate(guest, 0, 0, &block));
    guest_map(guest, 0, block.first, true);
}

static void act(char action)
{
    unsigned int guest = guest_running();
    bool taken = block_is_taken;

    switch (action) {
    case 'A': guest_access(guest, 0); break;
    case 'F': flush_tlb_local(); break;
    case 'I': guest_idle(1); break;
    case 'L': guest_leave_and_join(1); break;
    case 'R': tlb_clock_restart(); break;
    case 'S':
        guest_switch(NO_GUEST, true);
        guest_switch(guest, false);
        break;
    default:
        if (taken)
            break;
        block_is_taken = true;
        if (action == 'M') {
            move_on();
        } else {
            guest_make_table(&block, block.first);
            guest_make_plain(block.first);
        }
        block_is_taken = false;
    }
}

static void run_program(void)
{
    for (const char *action = program[arch_cpu_id()]; *action; action++) {
        if (action != program[arch_cpu_id()])
            simulation_point();
        act(*action);
        nr_steps++;
    }
}

/* The same state before each schedule, whatever the last one left. */
static void prepare(unsigned int nr, uint32_t time)
{
    while (block.guest != 0)
        move_on();
    if (TLB_CLOCK_MAX - tlb_clock_now() < 100) {
        while (tlb_clock_now() != 0)
            flush_tlb_local();
        tlb_clock_restart();
    }
    for (unsigned int cpu = 0; cpu < nr; cpu++) {
        hosted_set_cpu_id(cpu);
        guest_switch(0, true);
    }
    hosted_set_cpu_id(0);
    while (TLB_CLOCK_MAX < 100 && tlb_clock_now() != time)
        flush_tlb_local();
    guest_map(0, 0, block.first, true);
}

static void try_all(unsigned int nr, uint32_t time)
{
    simulation_first();
    do {
        prepare(nr, time);
        simulation_run(nr, run_program, simulation_try);
        nr_schedules++;
        if (test_nr_failures() > 0) {
            test_fail(__FILE__, __LINE__, "with %s, %s, %s, from %u",
                      program[0], program[1], nr > 2 ? program[2] : "", time);
            return;
        }
    } while (simulation_next());
}

/* The clock stands; is far from its end; two ticks from it, and one. A wide one
 * cannot be had there. */
static void try_times(unsigned int nr)
{
    const uint32_t time[] = { TLB_CLOCK_MAX - 3, 0, TLB_CLOCK_MAX - 1,
                              TLB_CLOCK_MAX };
    unsigned int nr_times = TLB_CLOCK_MAX < 100 ? ARRAY_SIZE(time) : 1;

    for (unsigned int i = 0; i < nr_times && test_nr_failures() == 0; i++)
        try_all(nr, time[i]);
}

/* All words of up to @length letters of @letters, in the place of CPU @cpu. */
static void try_words(unsigned int nr, unsigned int cpu, const char *letters,
                      unsigned int length)
{
    unsigned long nr_letters = strlen(letters), nr_words = 1;
    char word[8];

    for (unsigned int i = 0; i < length; i++)
        nr_words *= nr_letters;
    program[cpu] = word;
    for (unsigned long w = 0; w < nr_words && test_nr_failures() == 0; w++) {
        unsigned long rest = w;

        for (unsigned int i = 0; i < length; i++, rest /= nr_letters)
            word[i] = letters[rest % nr_letters];
        word[length] = '\0';
        try_times(nr);
    }
}

static void report(void)
{
    printf("# clock of %u bits: %lu steps in %lu schedules\n",
           CONFIG_TLB_CLOCK_BITS, nr_steps, nr_schedules);
}

TEST(soft_tlb_all, a_frame_moves_while_another_cpu_does_two_things)
{
    hosted_answer_at_once(true);
    start(2);
    program[0] = "M";
    try_words(2, 1, "AFSILR", 2);
    report();
}

TEST(soft_tlb_all, a_frame_becomes_a_table_while_another_cpu_does_two_things)
{
    hosted_answer_at_once(true);
    start(2);
    program[0] = "T";
    try_words(2, 1, "AFSILR", 2);
    report();
}

TEST(soft_tlb_all, a_frame_moves_twice)
{
    hosted_answer_at_once(true);
    simulation_bound(3);
    start(2);
    program[0] = "MRM";
    try_words(2, 1, "AFIR", 3);
    report();
}

TEST(soft_tlb_all, a_cpu_joins_while_the_clock_starts_again)
{
    hosted_answer_at_once(true);
    simulation_bound(4);
    start(2);
    program[0] = "FRM";
    program[1] = "LA";
    try_times(2);
    report();
}

TEST(soft_tlb_all, two_others_look_on)
{
    static const char *const other[] = { "R", "F", "IA" };

    hosted_answer_at_once(true);
    simulation_bound(2);
    start(3);
    program[0] = "M";
    for (unsigned int i = 0; i < ARRAY_SIZE(other); i++) {
        program[2] = other[i];
        try_words(3, 1, "AFIR", 2);
    }
    report();
}
