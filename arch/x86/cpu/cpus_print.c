/* SPDX-License-Identifier: MIT */
/* What the monitor's command "cpus" answers: where is everybody? */
#include <cpu/nmi.h>
#include <cpu/percpu.h>
#include <cpu/smpboot.h>
#include <cpu/traps.h>
#include <xen/arch.h>
#include <xen/machine.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/tlb.h>

static const char *state_name(unsigned int nr, const struct cpu *cpu)
{
    switch (cpu_state(cpu)) {
    case CPU_ABSENT: break;
    case CPU_STARTING: return "starts";
    case CPU_GIVEN_UP: return "given up";
    case CPU_UP: return tlb_cpu_idles(nr) ? "idles" : "runs";
    case CPU_PARKED: return "parked";
    }

    return "absent";
}

static void print_cpu(unsigned int nr, const struct cpu *cpu)
{
    const struct cpu_where *where = &cpu->where;
    uintptr_t rip = where->rip;

    if (nr == arch_cpu_id())
        rip = (uintptr_t)__builtin_return_address(0);
    console_printf("%4u  %4u  %-8s  %10u  ", nr, cpu->apic_id,
                   state_name(nr, cpu), tlb_cpu_flushed(nr));
    if (nr != arch_cpu_id() && where->told == 0)
        console_printf("nobody knows\n");
    else if (where->told != where->asked)
        console_printf("it does not answer; was at %pS\n", (void *)rip);
    else
        console_printf("%pS\n", (void *)rip);
}

void machine_print_cpus(void)
{
    ask_where_cpus_are();
    console_printf(" CPU  APIC  state     last flush  where\n");
    for (unsigned int i = 0; i < nr_cpus; i++) {
        const struct cpu *cpu = cpu_of(i);

        if (cpu)
            print_cpu(i, cpu);
        else
            console_printf("%4u        absent\n", i);
    }
    console_printf("%u of %u CPUs take part; stray interrupts: %lu; CPUs that "
                   "came uninvited: %u\n",
                   cpumask_weight(&cpu_online_map), nr_cpus,
                   nr_stray_interrupts(), smpboot_nr_refused());
}
