/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts. The hypervisor expects no exception but at the few
 * instructions that the exception table lists; any other one is told, and stops
 * the machine. Interrupts are other CPUs' requests, and NMIs their questions.
 */
#include <cpu/lapic.h>
#include <cpu/machine_check.h>
#include <cpu/may_fault.h>
#include <cpu/nmi.h>
#include <cpu/percpu.h>
#include <cpu/traps.h>
#include <cpu/watchdog.h>
#include <x86/desc.h>
#include <xen/machine.h>
#include <xen/printk.h>
#include <xen/smp.h>

/* The linker collects who may fault, and where it goes on if it does. */
struct exception_fixup {
    uintptr_t at, go_on_at;
};
extern const struct exception_fixup exception_table_start[];
extern const struct exception_fixup exception_table_end[];

bool machine_probe_read(const void *address, uint8_t *value)
{
    uint8_t byte = 0, done = 0;

    asm volatile("1: movb %2, %0\n\t" MAY_FAULT "movb $1, %1\n\t"
                 "2:"
                 : "+q"(byte), "+q"(done)
                 : "m"(*(const volatile uint8_t *)address));
    if (done)
        *value = byte;

    return done;
}

bool machine_probe_write(void *address, uint8_t value)
{
    uint8_t done = 0;

    asm volatile("1: movb %2, %1\n\t" MAY_FAULT "movb $1, %0\n\t"
                 "2:"
                 : "+q"(done), "=m"(*(volatile uint8_t *)address)
                 : "q"(value));

    return done;
}

static bool fix_up(struct trap_frame *frame)
{
    const struct exception_fixup *fixup;

    if (frame->vector != VECTOR_PAGE_FAULT && frame->vector != VECTOR_GP_FAULT)
        return false;

    for (fixup = exception_table_start; fixup < exception_table_end; fixup++) {
        if (fixup->at == frame->rip) {
            frame->rip = fixup->go_on_at;
            return true;
        }
    }

    return false;
}

static void exception(struct trap_frame *frame)
{
    static unsigned int depth;

    if (fix_up(frame))
        return;

    stop_other_cpus();
    console_force();
    switch (depth++) {
    case 0:
        exception_print(frame);
        print_stopped_cpus();
        break;
    case 1:
        /* Telling it went wrong: this much should still be possible. */
        console_printf("\nException %lu at %#lx while another one is told.\n",
                       frame->vector, frame->rip);
        break;
    }
    machine_poweroff(MACHINE_EXIT_BUG);
}

static unsigned long nr_stray;

unsigned long nr_stray_interrupts(void)
{
    return __atomic_load_n(&nr_stray, __ATOMIC_RELAXED);
}

/*
 * A CPU that halts uses no translation, and answers when it no longer halts:
 * by then it has flushed, if it was marked (idle.c).
 */
static void interrupt(struct trap_frame *frame)
{
    struct cpu *me = this_cpu();

    switch (frame->vector) {
    case VECTOR_SPURIOUS: return;
    case VECTOR_ANSWER: break;
    case VECTOR_TICK: cpu_request_yield(me); break;
    case VECTOR_WATCHDOG: watchdog_look(frame); break;
    default: __atomic_fetch_add(&nr_stray, 1, __ATOMIC_RELAXED); break;
    }

    lapic_end_of_interrupt();
    __atomic_store_n(&me->woken, true, __ATOMIC_RELAXED);
    if (frame->rip == (uintptr_t)wait_for_interrupt + WAIT_HLT)
        frame->rip = (uintptr_t)wait_for_interrupt + WAIT_OVER;
    if (!me->halting)
        smp_answer();
}

void trap(struct trap_frame *frame)
{
    if (frame->vector >= NR_EXCEPTIONS)
        interrupt(frame);
    else if (frame->vector == VECTOR_MACHINE_CHECK)
        machine_check(frame);
    else if (frame->vector != VECTOR_NMI || !nmi_answer(frame))
        exception(frame);
}
