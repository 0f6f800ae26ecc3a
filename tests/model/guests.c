/* SPDX-License-Identifier: MIT */
/* Frames that change hands, page tables, and the question who can reach what.
 */
#include <simulation.h>
#include <soft_tlb.h>
#include <test.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>
#include <xen/tlb.h>

#include <asm/processor.h>

#include "guests.h"
#include "small_machine.h"

#define FIRST BIT(12)

_Static_assert(GUEST_FRAMES <= SOFT_TLB_FRAMES && NR_GUESTS <= SOFT_TLB_SPACES,
               "the TLB is too small");

struct entry {
    bool present, writable;
    unsigned int frame;
};

static struct entry table[NR_GUESTS][SOFT_TLB_PAGES];

/* The CPUs that each guest has run on since they last flushed. */
static cpumask_t ran_on[NR_GUESTS];

static struct {
    unsigned int guest; /* NO_GUEST: in nobody's hands, and not to be mapped */
    unsigned int age;   /* how often it has been handed out */
    bool foreign;       /* another guest has mapped it since */
    bool is_table;
} frames[GUEST_FRAMES];

static struct {
    unsigned int guest; /* that it runs */
    bool away;          /* idles, or has left */
} cpus[SOFT_TLB_CPUS];

static unsigned int me(void)
{
    return arch_cpu_id();
}

/* The CPU looks up what it likes, of the guest whose page table it has. */
static void walk(void)
{
    unsigned int guest = cpus[me()].guest;

    for (unsigned int page = 0; guest != NO_GUEST && page < SOFT_TLB_PAGES;
         page++)
        guest_access(guest, page);
}

void guests_start(unsigned int nr)
{
    static const struct ram ram[] = { { FIRST, GUEST_FRAMES } };

    small_machine_heap(ram, 1);
    smp_set_nr_cpus(nr);
    soft_tlb_walker(walk);
    for (unsigned int cpu = 0; cpu < nr; cpu++)
        cpus[cpu].guest = NO_GUEST;
    for (unsigned int frame = 0; frame < GUEST_FRAMES; frame++)
        frames[frame].guest = NO_GUEST;
}

/* May whoever remembers @to use it? */
static bool is_stale(const struct translation *to)
{
    return to->age != frames[to->frame].age ||
           (to->writable && frames[to->frame].is_table);
}

static void expect_fresh(unsigned int cpu, const struct translation *to)
{
    if (is_stale(to))
        test_fail(__FILE__, __LINE__,
                  "CPU %u reaches frame %u %s as it was %u owners ago", cpu,
                  to->frame, to->writable ? "to write" : "to read",
                  frames[to->frame].age - to->age);
}

static void check_tlb(unsigned int cpu)
{
    for (unsigned int guest = 0; guest < NR_GUESTS; guest++) {
        for (unsigned int page = 0; page < SOFT_TLB_PAGES; page++) {
            const struct translation *to = soft_tlb_find(cpu, guest, page);

            if (to)
                expect_fresh(cpu, to);
        }
    }
}

void guests_check_all(void)
{
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        if (!cpus[cpu].away)
            check_tlb(cpu);
    }
}

/* T1, for a frame that moves on at this moment. */
static void expect_unreachable(unsigned int frame)
{
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        if (soft_tlb_holds(cpu, frame) && !cpus[cpu].away)
            test_fail(__FILE__, __LINE__,
                      "frame %u is handed out, and CPU %u can reach it", frame,
                      cpu);
    }
}

static void expect_unwritable(unsigned int frame)
{
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        if (soft_tlb_holds_writable(cpu, frame) && !cpus[cpu].away)
            test_fail(__FILE__, __LINE__,
                      "frame %u is a table, and CPU %u can write it", frame,
                      cpu);
    }
}

void guest_access(unsigned int guest, unsigned int page)
{
    const struct translation *to = soft_tlb_find(me(), guest, page);
    const struct entry *entry = &table[guest][page];

    if (to) {
        expect_fresh(me(), to);
    } else if (entry->present) {
        soft_tlb_fill(guest, page,
                      (struct translation){ entry->frame, entry->writable,
                                            frames[entry->frame].age });
    }
}

void guest_map(unsigned int guest, unsigned int page, unsigned int frame,
               bool writable)
{
    if (frames[frame].guest == NO_GUEST)
        return;
    if (frames[frame].guest != guest)
        frames[frame].foreign = true;
    table[guest][page] =
        (struct entry){ true, writable && !frames[frame].is_table, frame };
}

void guest_unmap(unsigned int guest, unsigned int page)
{
    table[guest][page].present = false;
}

/* Remove what leads to @frame, or only what can write it. */
static void unmap_frame(unsigned int frame, bool only_writable)
{
    for (unsigned int i = 0; i < NR_GUESTS * SOFT_TLB_PAGES; i++) {
        struct entry *entry = &table[i / SOFT_TLB_PAGES][i % SOFT_TLB_PAGES];

        if (entry->present && entry->frame == frame &&
            (entry->writable || !only_writable))
            entry->present = false;
    }
}

bool guest_allocate(unsigned int guest, unsigned int order, unsigned int later,
                    struct guest_block *block)
{
    struct tlb_debt debt = TLB_NO_DEBT;
    struct page_info *pg = alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB,
                                            later ? &debt : NULL);

    if (!pg)
        return false;
    while (later-- > 0)
        simulation_point();
    tlb_debt_pay(debt);

    block->guest = guest;
    block->order = order;
    block->first = (unsigned int)(mfn_x(page_to_mfn(pg)) - FIRST);
    for (unsigned int i = 0; i < BIT(order); i++) {
        expect_unreachable(block->first + i);
        frames[block->first + i].age++;
        frames[block->first + i].guest = guest;
        frames[block->first + i].foreign = false;
        frames[block->first + i].is_table = false;
    }

    return true;
}

void guest_free(const struct guest_block *block)
{
    const cpumask_t *who = &ran_on[block->guest];
    struct tlb_debt debt;

    for (unsigned int i = 0; i < BIT(block->order); i++) {
        if (frames[block->first + i].foreign)
            who = NULL;
        frames[block->first + i].guest = NO_GUEST;
        unmap_frame(block->first + i, false);
    }
    simulation_point();
    debt = tlb_debt_now(who);
    simulation_point();
    free_heap_pages(mfn_to_page(_mfn(FIRST + block->first)), block->order,
                    debt);
}

void guest_make_table(const struct guest_block *block, unsigned int frame)
{
    const cpumask_t *who = frames[frame].foreign ? NULL : &ran_on[block->guest];

    if (frames[frame].is_table)
        return;
    frames[frame].guest = NO_GUEST; /* so that nobody maps it meanwhile */
    unmap_frame(frame, true);
    simulation_point();
    tlb_debt_pay(tlb_debt_now(who));
    expect_unwritable(frame);
    frames[frame].is_table = true;
    frames[frame].guest = block->guest;
}

void guest_make_plain(unsigned int frame)
{
    if (frames[frame].guest != NO_GUEST)
        frames[frame].is_table = false;
}

void guest_switch(unsigned int guest, bool flush)
{
    if (guest != NO_GUEST)
        cpumask_set_atomic(&ran_on[guest], me());
    cpus[me()].guest = guest;
    if (!flush)
        return;
    flush_tlb_local();
    for (unsigned int other = 0; other < NR_GUESTS; other++) {
        if (other != guest)
            cpumask_clear_atomic(&ran_on[other], me());
    }
}

static void stay_away(unsigned int points)
{
    cpus[me()].away = true;
    while (points-- > 0)
        simulation_point();
}

/* T2: what was owed has been paid. */
static void come_back(void)
{
    check_tlb(me());
    cpus[me()].away = false;
}

void guest_idle(unsigned int points)
{
    bool enabled = interrupts_disable();

    tlb_idle_enter();
    cpus[me()].away = true;
    interrupts_restore(enabled);
    stay_away(points);
    enabled = interrupts_disable();
    tlb_idle_leave();
    come_back();
    interrupts_restore(enabled);
}

void guest_leave_and_join(unsigned int points)
{
    unsigned int guest = cpus[me()].guest;

    cpus[me()].guest =
        NO_GUEST; /* the hypervisor's page tables, and no other */
    cpus[me()].away = true;
    smp_leave();
    stay_away(points);
    smp_join();
    come_back();
    guest_switch(guest, false);
}

unsigned int guest_running(void)
{
    return cpus[me()].guest;
}

unsigned int guest_of_frame(unsigned int frame)
{
    return frames[frame].guest;
}
