/* SPDX-License-Identifier: MIT */
/*
 * The idle loop: background work, and then halting until an interrupt.
 *
 * An interrupt may come between the last look at what there is to do and the
 * HLT. So it leaves a note, the loop looks at that with interrupts off, and HLT
 * lets them in at the same moment as it begins to wait.
 *
 * While the CPU halts its TLB need not be up to date: it may be marked. The
 * interrupt that wakes it therefore does nothing but end the HLT; the CPU stops
 * being idle, which flushes, and then answers what it was asked.
 */
#include <asm/processor.h>
#include <cpu/delay.h>
#include <cpu/idle.h>
#include <cpu/lapic.h>
#include <cpu/percpu.h>
#include <cpu/registers.h>
#include <cpu/traps.h>
#include <xen/arch.h>
#include <xen/background.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>
#include <xen/tlb.h>
#include <xen/vcpu.h>

/* 2 ms under QEMU, and no more than anybody notices elsewhere. */
#define LOOK_TICKS 0x20000U

/* How long a CPU may take to leave or to join. */
#define PARK_MS 5000U

/* Acquire: pairs with the release in tell_to_park(). */
static bool shall_park(const struct cpu *me)
{
    return __atomic_load_n(&me->shall_park, __ATOMIC_ACQUIRE);
}

/* Halt, unless an interrupt has come since me->woken was cleared. */
static void halt(struct cpu *me)
{
    bool enabled = interrupts_disable();

    if (!__atomic_load_n(&me->woken, __ATOMIC_RELAXED)) {
        tlb_idle_enter();
        me->halting = true;
        wait_for_interrupt();
        me->halting = false;
        tlb_idle_leave();
        smp_answer();
    }
    interrupts_restore(enabled);
}

/*
 * Nobody asks a CPU that has left for anything. What its TLB holds does not
 * matter: it joins with an empty one.
 */
static void park(struct cpu *me)
{
    heap_leave();
    smp_leave();
    cpu_set_state(me, CPU_PARKED);
    interrupts_disable();
    while (shall_park(me))
        wait_for_interrupt();
    smp_join();
    cpu_set_state(me, CPU_UP);
    interrupts_enable();
}

/* With a guest's tables loaded it could look into what was one of them. */
static void idle_once(struct cpu *me)
{
    ASSERT(!current_vcpu());
    __atomic_store_n(&me->woken, false, __ATOMIC_RELAXED);
    cpu_has_yielded();
    if (shall_park(me))
        park(me);
    tlb_clock_restart();
    if (!background_step())
        halt(me);
}

_Noreturn void idle_loop(void)
{
    interrupts_enable();
    for (;;)
        idle_once(this_cpu());
}

void idle_until(bool (*is_over)(void))
{
    if (!lapic_is_on()) {
        while (!is_over()) {
            tlb_clock_restart();
            background_step();
            cpu_relax();
        }
        return;
    }

    lapic_set_timer(VECTOR_TICK, LOOK_TICKS);
    while (!is_over())
        idle_once(this_cpu());
    lapic_set_timer(VECTOR_TICK, 0);
}

/* Tell a CPU, which need not have joined, and wait until its state is that. */
static bool tell_to_park(struct cpu *cpu, bool park, enum cpu_state wanted)
{
    uint64_t deadline = deadline_ms(PARK_MS);

    /* Release: the interrupt finds it said. Pairs with the acquire in
     * shall_park(). */
    __atomic_store_n(&cpu->shall_park, park, __ATOMIC_RELEASE);
    arch_send_ipi(cpu->id);
    while (cpu_state(cpu) != wanted) {
        if (deadline_is_over(deadline))
            return false;
        if (!smp_answer())
            cpu_relax();
    }

    return true;
}

static struct cpu *in_state(unsigned int nr, enum cpu_state state)
{
    struct cpu *cpu = nr > 0 ? cpu_of(nr) : NULL;

    return cpu && cpu_state(cpu) == state ? cpu : NULL;
}

bool cpu_park(unsigned int nr)
{
    struct cpu *cpu = in_state(nr, CPU_UP);

    return cpu && tell_to_park(cpu, true, CPU_PARKED);
}

bool cpu_unpark(unsigned int nr)
{
    struct cpu *cpu = in_state(nr, CPU_PARKED);

    return cpu && tell_to_park(cpu, false, CPU_UP);
}
