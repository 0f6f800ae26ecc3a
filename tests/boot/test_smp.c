/* SPDX-License-Identifier: MIT */
/* All the CPUs: who has come, and how they ask one another. */
#include <test.h>

#include <asm/processor.h>
#include <boot/setup.h>
#include <cpu/control.h>
#include <cpu/delay.h>
#include <cpu/lapic.h>
#include <cpu/paging.h>
#include <cpu/percpu.h>
#include <cpu/registers.h>
#include <xen/arch.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/tlb.h>

#include "on_cpus.h"

TEST(smp, every_cpu_that_came_up_takes_part)
{
    unsigned int nr_up = 0;

    for (unsigned int i = 0; i < nr_cpus; i++) {
        const struct cpu *cpu = cpu_of(i);

        nr_up += cpu && cpu->state == CPU_UP;
        if (cpu)
            EXPECT_EQ(cpumask_test(&cpu_online_map, i), cpu->state == CPU_UP);
    }
    EXPECT_EQ(cpumask_weight(&cpu_online_map), nr_up);
    EXPECT(nr_up <= boot_state()->nr_cpus_listed);
    EXPECT(nr_up <= boot_state()->options.max_cpus);
}

/* What a CPU finds when it looks at itself. */
struct portrait {
    unsigned int nr_calls, id;
    uintptr_t self, rsp, gdt, tss;
    uint64_t cr0, cr3, cr4, efer, idt;
    bool interrupts;
};
static struct portrait portraits[CONFIG_NR_CPUS];

static uintptr_t task_base(void)
{
    const struct tss_descriptor *d =
        (const struct tss_descriptor *)(store_gdt().base + store_task());

    return d->base_0 | (uint64_t)d->base_16 << 16 | (uint64_t)d->base_24 << 24 |
           (uint64_t)d->base_32 << 32;
}

static void look_at_oneself(void *data)
{
    struct portrait *p = (struct portrait *)data + arch_cpu_id();

    p->nr_calls++;
    p->id = arch_cpu_id();
    p->self = (uintptr_t)this_cpu();
    p->rsp = (uintptr_t)__builtin_frame_address(0);
    p->gdt = store_gdt().base;
    p->tss = task_base();
    p->cr0 = read_cr0();
    p->cr3 = read_cr3();
    p->cr4 = read_cr4();
    p->efer = rdmsr(MSR_EFER);
    p->idt = store_idt().base;
    p->interrupts = interrupts_disable();
}

static void check_portrait(unsigned int cpu, const struct portrait *p)
{
    struct cpu *it = cpu_of(cpu);

    REQUIRE(it != NULL);
    EXPECT_EQ(p->nr_calls, 1);
    EXPECT_EQ(p->id, cpu);
    EXPECT_EQ(p->self, (uintptr_t)it);
    EXPECT(p->rsp - (uintptr_t)it->stacks->main.stack < STACK_SIZE);
    EXPECT_EQ(p->gdt, (uintptr_t)it->tables.gdt);
    EXPECT_EQ(p->tss, (uintptr_t)&it->tables.tss);
    EXPECT_EQ(p->cr0, CR0_WHOLE);
    EXPECT_EQ(p->cr3, paging_root());
    EXPECT_EQ(p->cr4, CR4_WHOLE);
    EXPECT_EQ(p->efer, EFER_WHOLE | EFER_LMA);
    EXPECT_EQ(p->idt, store_idt().base);
    EXPECT(!p->interrupts);
}

TEST(smp, each_cpu_runs_as_itself_and_all_alike)
{
    cpumask_t all = all_cpus();
    unsigned int cpu;

    for (unsigned int i = 0; i < CONFIG_NR_CPUS; i++)
        portraits[i] = (struct portrait){ 0 };
    smp_call(&all, look_at_oneself, portraits, true);
    for_each_cpu(cpu, &all)
        check_portrait(cpu, &portraits[cpu]);
    for (cpu = 0; cpu < CONFIG_NR_CPUS; cpu++) {
        if (!cpumask_test(&all, cpu))
            EXPECT_EQ(portraits[cpu].nr_calls, 0);
    }
    console_printf("# %u CPUs ran it\n", cpumask_weight(&all));
}

/* Each CPU's GDT, TSS and stacks are where no other's are. */
TEST(smp, no_guard_of_any_cpu_is_mapped_and_each_stack_is)
{
    cpumask_t all = all_cpus();
    unsigned int cpu, level;

    for_each_cpu(cpu, &all) {
        struct cpu_stacks *stacks = cpu_of(cpu)->stacks;
        const uint8_t *guard;

        for (unsigned int i = 0; (guard = stacks_guard(stacks, i)); i++) {
            EXPECT(!paging_lookup(guard, &level));
            EXPECT(paging_lookup(guard + PAGE_SIZE, &level));
        }
        for (unsigned int i = 0; i < NR_IST; i++)
            EXPECT_EQ(cpu_of(cpu)->tables.tss.ist[i],
                      (uintptr_t)stacks->ist[i].stack + IST_STACK_SIZE);
    }
}

static void count(void *data)
{
    __atomic_fetch_add((unsigned int *)data, 1, __ATOMIC_RELAXED);
}

static unsigned int load(const unsigned int *number)
{
    return __atomic_load_n(number, __ATOMIC_RELAXED);
}

TEST(smp, a_call_with_wait_has_been_made_everywhere)
{
    cpumask_t all = all_cpus();
    unsigned int nr = 0;

    for (unsigned int i = 1; i <= 50; i++) {
        smp_call(&all, count, &nr, true);
        EXPECT_EQ(load(&nr), i * cpumask_weight(&all));
    }
}

TEST(smp, a_call_without_wait_is_made_in_time)
{
    static unsigned int nr;
    cpumask_t all = all_cpus();
    uint64_t deadline = deadline_ms(PATIENCE_MS);

    nr = 0;
    for (unsigned int i = 0; i < 50; i++)
        smp_call(&all, count, &nr, false);
    while (load(&nr) < 50 * cpumask_weight(&all) && wait_a_turn(deadline))
        ;
    EXPECT_EQ(load(&nr), 50 * cpumask_weight(&all));
}

TEST(smp, a_call_with_interrupts_off_comes_back)
{
    cpumask_t all = all_cpus();
    bool enabled = interrupts_disable();
    unsigned int nr = 0;

    smp_call(&all, count, &nr, true);
    interrupts_restore(enabled);
    EXPECT_EQ(nr, cpumask_weight(&all));
    EXPECT_EQ(enabled, lapic_is_on());
}

static cpumask_t players;
static uint64_t end_of_game;
static unsigned int nr_asked, nr_called;

/* One request, by turns with interrupts on and off. */
static void ask(unsigned int cpu, unsigned int turn)
{
    bool off = turn % 3 == 1, enabled = off && interrupts_disable();
    cpumask_t other = only(cpu);

    if (turn % 4 == 3) {
        count(&nr_asked);
        smp_call(&other, count, &nr_called, true);
    } else {
        flush_tlb_mask(&other);
    }
    if (off)
        interrupts_restore(enabled);
}

/* Thousands of requests, or as many as there is time for; of each pair both
 * ask. */
static void play(unsigned int me)
{
    unsigned int turn = me, cpu;

    do {
        for_each_cpu(cpu, &players)
            ask(cpu, turn++);
        flush_tlb_mask(&players);
    } while (turn < 2000 && !deadline_is_over(end_of_game));
}

/* It ends, or the watchdog says where everybody waits. */
TEST(smp, cpus_that_ask_each_other_at_once_all_get_an_answer)
{
    struct tlb_counters before, after;

    players = some_cpus(8);
    nr_asked = nr_called = 0;
    end_of_game = deadline_ms(1000);
    tlb_counters(&before);
    on_cpus(&players, play);
    tlb_counters(&after);
    EXPECT(nr_asked > 0);
    EXPECT_EQ(nr_called, nr_asked);
    EXPECT(after.flushes > before.flushes);
    console_printf("# %u CPUs, %lu flushes, %u calls\n",
                   cpumask_weight(&players), after.flushes - before.flushes,
                   nr_called);
}
