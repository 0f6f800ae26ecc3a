/* SPDX-License-Identifier: MIT */
/*
 * Real threads as CPUs: flushes, calls, idling, leaving, and frames that change
 * hands meanwhile. The thread sanitizer looks on, and so does each new owner of
 * a frame: no CPU that runs may remember it.
 */
#include <stdlib.h>

#include <cpu_threads.h>
#include <hosted.h>
#include <test.h>
#include <xen/arch.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>
#include <xen/tlb.h>

#include <asm/processor.h>

#include "../model/small_machine.h"

#define NR_THREADS 4U
#define NR_ROUNDS  100000U
#define FIRST      BIT(12)
#define NR_FRAMES  64U

/* Each CPU has a page that leads to a frame of its own, or nowhere (0), and has
 * looked up those of all. */
static unsigned long entry[NR_THREADS], remembered[NR_THREADS][NR_THREADS];

/* Idle, or left: what it remembers it will forget before it runs. */
static bool away[NR_THREADS];

static unsigned int nr_calls, nr_answered;

/* In the place of the library's: each thread forgets for itself. */
void arch_flush_tlb_local(void)
{
    for (unsigned int page = 0; page < NR_THREADS; page++)
        __atomic_store_n(&remembered[arch_cpu_id()][page], 0, __ATOMIC_RELAXED);
}

/* As a CPU would: what is remembered is not looked up again. */
static void access_any(void)
{
    unsigned int page = cpu_draw(NR_THREADS);
    unsigned long *mine = &remembered[arch_cpu_id()][page];

    if (!__atomic_load_n(mine, __ATOMIC_RELAXED))
        __atomic_store_n(mine, __atomic_load_n(&entry[page], __ATOMIC_ACQUIRE),
                         __ATOMIC_RELAXED);
}

static void expect_unreachable(unsigned long frame)
{
    for (unsigned int cpu = 0; cpu < NR_THREADS; cpu++) {
        if (__atomic_load_n(&away[cpu], __ATOMIC_ACQUIRE))
            continue;
        for (unsigned int page = 0; page < NR_THREADS; page++) {
            if (__atomic_load_n(&remembered[cpu][page], __ATOMIC_ACQUIRE) ==
                frame)
                abort();
        }
    }
}

/* The entry goes by a plain store, which may be on its way for a while. */
static void move_on(void)
{
    unsigned long *mine = &entry[arch_cpu_id()];
    unsigned long frame = __atomic_load_n(mine, __ATOMIC_RELAXED);
    struct tlb_debt debt;
    struct page_info *pg;

    if (frame) {
        __atomic_store_n(mine, 0, __ATOMIC_RELAXED);
        debt = tlb_debt_now(cpu_draw(2) ? NULL : &cpu_online_map);
        free_heap_pages(mfn_to_page(_mfn(frame)), 0, debt);
        return;
    }
    if (cpu_draw(2)) {
        pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    } else {
        pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, &debt);
        smp_answer();
        tlb_debt_pay(debt);
    }
    if (!pg)
        return;
    frame = mfn_x(page_to_mfn(pg));
    expect_unreachable(frame);
    __atomic_store_n(mine, frame, __ATOMIC_RELEASE);
}

static void answer_call(void *data)
{
    __atomic_fetch_add((unsigned int *)data, 1, __ATOMIC_RELAXED);
}

/* Those that leave meanwhile are missed, so only CPU 0 must have answered. */
static void call_all(void)
{
    unsigned int nr = 0;

    smp_call(&cpu_online_map, answer_call, &nr, true);
    if (nr == 0)
        abort();
    smp_call(&cpu_online_map, answer_call, &nr_answered, false);
    __atomic_fetch_add(&nr_calls, 1, __ATOMIC_RELAXED);
}

static void set_away(bool yes)
{
    __atomic_store_n(&away[arch_cpu_id()], yes, __ATOMIC_RELEASE);
}

static void idle(void)
{
    set_away(true);
    tlb_idle_enter();
    for (unsigned int i = cpu_draw(50); i > 0; i--) {
        smp_answer();
        cpu_relax();
    }
    tlb_idle_leave();
    set_away(false);
}

static void leave_and_join(void)
{
    if (arch_cpu_id() == 0)
        return;
    set_away(true);
    smp_leave();
    cpu_relax();
    smp_join();
    set_away(false);
}

static void run_cpu(void)
{
    for (unsigned int round = 0; round < NR_ROUNDS; round++) {
        switch (cpu_draw(32)) {
        case 0 ... 8: move_on(); break;
        case 9: idle(); break;
        case 10: call_all(); break;
        case 11: flush_tlb_mask(&cpu_online_map); break;
        case 12: flush_tlb_local(); break;
        case 13: leave_and_join(); break;
        case 14: tlb_clock_restart(); break;
        default: access_any();
        }
        smp_answer();
    }
}

TEST(tlb_threads, no_running_cpu_remembers_what_is_handed_out)
{
    static const struct ram ram[] = { { FIRST, NR_FRAMES } };
    struct tlb_counters counters;
    unsigned int nr_out = 0;

    small_machine_heap(ram, 1);
    cpu_threads_run(NR_THREADS, run_cpu);
    for (unsigned int i = 0; i < NR_THREADS; i++)
        nr_out += entry[i] != 0;
    EXPECT_EQ(heap_nr_free(), NR_FRAMES - nr_out);
    EXPECT_EQ(heap_check(), 0);
    EXPECT(nr_calls > 0 && nr_answered > 0);
    tlb_counters(&counters);
    EXPECT(counters.debts > 0 && counters.idle_marks > 0);
    EXPECT(counters.restarts > 0 || TLB_CLOCK_MAX > 2000);
}
