/* SPDX-License-Identifier: MIT */
/*
 * Starting the other CPUs, all at once.
 *
 * INIT puts a CPU into a state in which it waits for START, and START names the
 * frame where it begins (Intel SDM, "Multiple-Processor Management"). It goes
 * through the trampoline, finds its area by its APIC number, and says that it
 * is there by one compare-and-exchange. Who has waited long enough for it says
 * that it is not wanted by another one on the same word. One of the two comes
 * first, so a CPU that comes late knows it, and stops; and one that has joined
 * was waited for.
 */
#include <asm/processor.h>
#include <cpu/delay.h>
#include <cpu/idle.h>
#include <cpu/lapic.h>
#include <cpu/layout.h>
#include <cpu/machine_check.h>
#include <cpu/paging.h>
#include <cpu/percpu.h>
#include <cpu/registers.h>
#include <cpu/smpboot.h>
#include <x86/apic.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/string.h>

/* What Intel tells to wait after each command. */
#define INIT_US  10000U
#define START_US 200U

/* Give up if none has come for so long: an emulator may have little time. */
#define SILENCE_MS 2000U

/* What trampoline.S reads. */
extern const char trampoline_start[], trampoline_end[];
extern uint64_t secondary_root;
extern struct cpu *secondary_by_apic_id[NR_APIC_IDS + 1];
extern unsigned int secondary_nr_refused;
_Noreturn void secondary_setup(struct cpu *me);

uint64_t secondary_root;
struct cpu *secondary_by_apic_id[NR_APIC_IDS + 1];
unsigned int secondary_nr_refused;

/* The start command for the trampoline. */
static uint32_t start_command;

unsigned int smpboot_nr_refused(void)
{
    return __atomic_load_n(&secondary_nr_refused, __ATOMIC_RELAXED);
}

/*
 * From STARTING on there are two ways, and one compare-and-exchange decides.
 * Acquire and release, in both cases: who comes finds what was prepared, and
 * pairs with cpu_set_state(); who sees that it came pairs by cpu_state().
 */
static bool leave_starting(struct cpu *cpu, enum cpu_state state)
{
    enum cpu_state starting = CPU_STARTING;

    return __atomic_compare_exchange_n(&cpu->state, &starting, state, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* From trampoline.S: with interrupts off, and GS set. */
_Noreturn void secondary_setup(struct cpu *me)
{
    descriptors_load(&me->tables, me->stacks);
    idt_load();
    machine_check_enable();
    lapic_enable();
    if (!leave_starting(me, CPU_UP)) {
        __atomic_fetch_add(&secondary_nr_refused, 1, __ATOMIC_RELAXED);
        cpu_halt();
    }
    smp_join();
    idle_loop();
}

/* Make an area for each CPU. Who has none is not expected. */
static void prepare(const struct madt *madt)
{
    secondary_root = paging_root();
    for (unsigned int i = 1; i < madt->nr; i++) {
        struct cpu *cpu = percpu_alloc(i, madt->apic_id[i]);

        if (!cpu) {
            printk(LOG_WARNING,
                   "CPUs %u to %u: left out: there is no memory for their "
                   "stacks\n",
                   i, madt->nr - 1);
            return;
        }
        cpu_set_state(cpu, CPU_STARTING);
        secondary_by_apic_id[cpu->apic_id] = cpu;
    }
}

static void place_trampoline(mfn_t frame)
{
    memcpy(maddr_to_virt(mfn_to_maddr(frame)), trampoline_start,
           (size_t)(trampoline_end - trampoline_start));
    start_command = COMMAND_START | (uint32_t)mfn_x(frame);
}

static bool is_starting(unsigned int nr)
{
    const struct cpu *cpu = cpu_of(nr);

    return cpu && cpu_state(cpu) == CPU_STARTING;
}

static void send_to_starting(uint32_t command)
{
    for (unsigned int i = 1; i < nr_cpus; i++) {
        if (is_starting(i))
            lapic_send(cpu_of(i)->apic_id, command);
    }
}

static unsigned int count_starting(void)
{
    unsigned int nr = 0;

    for (unsigned int i = 1; i < nr_cpus; i++)
        nr += is_starting(i);

    return nr;
}

/* Wait until all have come, or no more do. */
static void wait_for_all(void)
{
    uint64_t deadline = deadline_ms(SILENCE_MS);
    unsigned int missing = count_starting();

    while (missing > 0 && !deadline_is_over(deadline)) {
        unsigned int now = count_starting();

        if (now < missing)
            deadline = deadline_ms(SILENCE_MS);
        missing = now;
        cpu_relax();
    }
}

/* A CPU that is up is about to join, if it has not yet: or it dies over it. */
static void settle(unsigned int nr)
{
    uint64_t deadline = deadline_ms(SILENCE_MS);
    struct cpu *cpu = cpu_of(nr);

    if (!cpu)
        return;
    if (leave_starting(cpu, CPU_GIVEN_UP)) {
        printk(LOG_WARNING,
               "CPU %u (APIC number %u): left out: it does not answer\n", nr,
               cpu->apic_id);
        return;
    }
    while (!cpumask_test(&cpu_online_map, nr)) {
        if (deadline_is_over(deadline)) {
            printk(LOG_WARNING,
                   "CPU %u (APIC number %u): it came up, and has not joined\n",
                   nr, cpu->apic_id);
            return;
        }
        cpu_relax();
    }
}

/* The second START is for CPUs that have missed the first. */
unsigned long smpboot_start(const struct madt *madt, mfn_t trampoline)
{
    uint64_t start = rdtsc();

    smp_set_nr_cpus(madt->nr);
    prepare(madt);
    place_trampoline(trampoline);

    send_to_starting(COMMAND_INIT);
    delay_us(INIT_US);
    for (unsigned int i = 0; i < 2; i++) {
        send_to_starting(start_command);
        delay_us(START_US);
    }
    wait_for_all();
    for (unsigned int i = 1; i < nr_cpus; i++)
        settle(i);

    return ticks_to_ms(rdtsc() - start);
}

void smpboot_wake(uint32_t apic_id)
{
    lapic_send(apic_id, COMMAND_INIT);
    delay_us(INIT_US);
    lapic_send(apic_id, start_command);
}
