/* SPDX-License-Identifier: MIT */
/* CPUs that idle, that leave, that come late, and that do not want to talk. */
#include <test.h>

#include <asm/processor.h>
#include <boot/setup.h>
#include <cpu/delay.h>
#include <cpu/idle.h>
#include <cpu/nmi.h>
#include <cpu/percpu.h>
#include <cpu/registers.h>
#include <cpu/smpboot.h>
#include <xen/arch.h>
#include <xen/background.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/tlb.h>

#include "on_cpus.h"

/* Wait until all others idle. */
static bool all_others_idle(const cpumask_t *others)
{
    uint64_t deadline = deadline_ms(PATIENCE_MS);
    unsigned int cpu;

    for_each_cpu(cpu, others) {
        while (!tlb_cpu_idles(cpu)) {
            if (!wait_a_turn(deadline))
                return false;
        }
    }

    return true;
}

static cpumask_t all_others(void)
{
    cpumask_t others = all_cpus();

    cpumask_clear(&others, 0);
    return others;
}

/* The watchdog wakes a CPU now and then: so not each try need succeed. */
TEST(idle, a_flush_marks_those_who_idle_and_interrupts_nobody)
{
    cpumask_t others = all_others();
    struct tlb_counters before, after;

    for (unsigned int tries = 0; tries < 20; tries++) {
        REQUIRE(all_others_idle(&others));
        tlb_counters(&before);
        flush_tlb_mask(&others);
        tlb_counters(&after);
        if (after.interrupts == before.interrupts)
            break;
    }
    EXPECT_EQ(after.interrupts, before.interrupts);
    EXPECT_EQ(after.idle_marks - before.idle_marks, cpumask_weight(&others));
    EXPECT_EQ(after.flushes, before.flushes);
}

TEST(idle, who_was_marked_flushes_before_it_stops_idling)
{
    cpumask_t others = all_others();
    uint64_t deadline = deadline_ms(PATIENCE_MS);
    struct tlb_counters before, after;
    unsigned int cpu;

    REQUIRE(all_others_idle(&others));
    tlb_counters(&before);
    flush_tlb_mask(&others);
    for_each_cpu(cpu, &others)
        smp_kick(cpu);
    do {
        tlb_counters(&after);
    } while (after.flushes - before.flushes < cpumask_weight(&others) &&
             wait_a_turn(deadline));
    EXPECT(after.flushes - before.flushes >= cpumask_weight(&others));
}

/* Work of so many steps, and who has looked for it. */
static struct {
    unsigned int nr_left;
    unsigned int nr_steps[CONFIG_NR_CPUS];
} work;

static bool work_step(void)
{
    unsigned int left = __atomic_load_n(&work.nr_left, __ATOMIC_RELAXED);

    do {
        if (left == 0)
            return false;
    } while (!__atomic_compare_exchange_n(&work.nr_left, &left, left - 1, false,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    __atomic_fetch_add(&work.nr_steps[arch_cpu_id()], 1, __ATOMIC_RELAXED);

    return true;
}

static void register_work(void)
{
    static struct background background = { work_step, NULL };
    static bool done;

    if (!done)
        background_register(&background);
    done = true;
}

TEST(idle, a_kick_is_enough_for_all_steps_of_background_work)
{
    uint64_t deadline = deadline_ms(PATIENCE_MS);
    cpumask_t others = all_others();
    unsigned int cpu;

    register_work();
    for_each_cpu(cpu, &others) {
        REQUIRE(all_others_idle(&others));
        __atomic_store_n(&work.nr_steps[cpu], 0, __ATOMIC_RELAXED);
        __atomic_store_n(&work.nr_left, 10, __ATOMIC_RELAXED);
        smp_kick(cpu);
        while (__atomic_load_n(&work.nr_left, __ATOMIC_RELAXED) > 0 &&
               wait_a_turn(deadline))
            ;
        EXPECT_EQ(work.nr_left, 0);
        EXPECT(work.nr_steps[cpu] > 0);
    }
}

static void count(void *data)
{
    __atomic_fetch_add((unsigned int *)data, 1, __ATOMIC_RELAXED);
}

TEST(idle, what_is_asked_of_a_cpu_that_left_is_counted_and_not_waited_for)
{
    cpumask_t mask = only(last_cpu());
    unsigned long nr_missed = smp_nr_missed();
    enum log_level level = console_level();
    unsigned int last = last_cpu(), nr = 0;

    if (last == 0)
        return;
    REQUIRE(cpu_park(last));
    EXPECT(!cpumask_test(&cpu_online_map, last));
    console_set_level(LOG_ERROR);
    smp_call(&mask, count, &nr, true);
    console_set_level(level);
    EXPECT_EQ(smp_nr_missed() - nr_missed, 1);
    smp_kick(last);
    EXPECT_EQ(smp_nr_missed() - nr_missed, 2);
    flush_tlb_mask(&mask);
    EXPECT_EQ(nr, 0);

    REQUIRE(cpu_unpark(last));
    EXPECT(cpumask_test(&cpu_online_map, last));
    smp_call(&mask, count, &nr, true);
    EXPECT_EQ(nr, 1);
    EXPECT_EQ(smp_nr_missed() - nr_missed, 2);
}

static unsigned int restless;
static unsigned int nr_done;

/* CPU 0 has the last CPU leave and join; all others ask it for something. */
static void disturb(unsigned int me)
{
    cpumask_t mask = only(restless);
    unsigned int nr = 0;

    if (me == 0) {
        for (unsigned int i = 0; i < 20; i++)
            EXPECT(cpu_park(restless) && cpu_unpark(restless));
        __atomic_store_n(&nr_done, 1, __ATOMIC_RELAXED);
        return;
    }
    while (!__atomic_load_n(&nr_done, __ATOMIC_RELAXED)) {
        smp_call(&mask, count, &nr, true);
        flush_tlb_mask(&mask);
        smp_kick(restless);
    }
}

TEST(idle, who_leaves_amid_requests_is_waited_for_by_nobody)
{
    enum log_level level = console_level();
    cpumask_t players = some_cpus(4);

    restless = last_cpu();
    cpumask_clear(&players, restless);
    if (restless < 2)
        return;
    nr_done = 0;
    console_set_level(LOG_ERROR);
    on_cpus(&players, disturb);
    console_set_level(level);
}

static bool may_stop;

static void do_not_listen(unsigned int me)
{
    bool enabled = interrupts_disable();

    if (me == 0)
        ask_where_cpus_are();
    if (me == 0)
        __atomic_store_n(&may_stop, true, __ATOMIC_RELAXED);
    while (!__atomic_load_n(&may_stop, __ATOMIC_RELAXED))
        cpu_relax();
    interrupts_restore(enabled);
}

TEST(idle, an_nmi_finds_every_cpu_also_with_interrupts_off)
{
    cpumask_t players = some_cpus(8), others = all_others();
    unsigned int cpu;

    may_stop = false;
    on_cpus(&players, do_not_listen);
    cpumask_clear(&players, 0);
    for_each_cpu(cpu, &others) {
        const struct cpu_where *where = &cpu_of(cpu)->where;

        EXPECT(where->asked > 0);
        EXPECT_EQ(where->told, where->asked);
        EXPECT(where->rip != 0);
    }
}

/* Start a CPU anew that has left, as if it were in that state. */
static bool start_again(struct cpu *cpu, enum cpu_state state)
{
    uint64_t deadline = deadline_ms(PATIENCE_MS);
    unsigned int nr_refused = smpboot_nr_refused();

    __atomic_store_n(&cpu->shall_park, false, __ATOMIC_RELAXED);
    cpu_set_state(cpu, state);
    smpboot_wake(cpu->apic_id);
    while (!cpumask_test(&cpu_online_map, cpu->id) &&
           smpboot_nr_refused() == nr_refused && wait_a_turn(deadline))
        ;
    EXPECT(!deadline_is_over(deadline));

    return cpumask_test(&cpu_online_map, cpu->id);
}

TEST(idle, a_cpu_that_comes_late_may_not_join_and_one_that_is_expected_may)
{
    unsigned int last = last_cpu();

    if (last == 0)
        return;
    REQUIRE(cpu_park(last));
    EXPECT(!start_again(cpu_of(last), CPU_GIVEN_UP));
    EXPECT_EQ(cpu_of(last)->state, CPU_GIVEN_UP);
    EXPECT(start_again(cpu_of(last), CPU_STARTING));
    EXPECT_EQ(cpu_of(last)->state, CPU_UP);
}

/* With maxcpus= there are some that nobody has prepared anything for. */
TEST(idle, a_cpu_that_was_never_expected_may_not_join)
{
    const struct boot_state *state = boot_state();
    unsigned int nr_refused = smpboot_nr_refused(), nr = 0;
    uint64_t deadline = deadline_ms(PATIENCE_MS);
    cpumask_t before = cpu_online_map;

    if (nr_cpus == 1)
        return;
    for (unsigned int i = nr_cpus;
         i < state->nr_cpus_listed && i < CONFIG_NR_CPUS; i++) {
        smpboot_wake(state->madt.apic_id[i]);
        nr++;
    }
    while (smpboot_nr_refused() - nr_refused < nr && wait_a_turn(deadline))
        ;
    EXPECT_EQ(smpboot_nr_refused() - nr_refused, nr);
    for (unsigned int i = 0; i < CPUMASK_LONGS; i++)
        EXPECT_EQ(cpu_online_map.bits[i], before.bits[i]);
}
