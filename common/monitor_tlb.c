/* SPDX-License-Identifier: MIT */
/* What the monitor's command "tlb" answers: the clock, and what it saves. */
#include <xen/monitor.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/tlb.h>

static void show_clock(void)
{
    uint32_t now = tlb_clock_now();

    if (now)
        console_printf("clock       %u, up to %u\n", now, TLB_CLOCK_MAX);
    else
        console_printf("clock       0: all CPUs flush before it goes on\n");
}

static void show_counters(void)
{
    struct tlb_counters sum;

    tlb_counters(&sum);
    console_printf("flushes     %lu, of whole TLBs\n", sum.flushes);
    console_printf("interrupts  %lu, to have a CPU flush\n", sum.interrupts);
    console_printf("marks       %lu, of CPUs that idled instead\n",
                   sum.idle_marks);
    console_printf("debts       %lu, paid by flushes of their own\n",
                   sum.debts);
    console_printf("paid        %lu, by flushes that came anyway\n", sum.paid);
    console_printf("restarts    %lu, of the clock\n", sum.restarts);
    console_printf("missed      %lu, calls to CPUs that had left\n",
                   smp_nr_missed());
}

void monitor_show_tlb(void)
{
    cpumask_t online;
    unsigned int cpu;

    show_clock();
    show_counters();
    cpumask_copy(&online, &cpu_online_map);
    for_each_cpu(cpu, &online)
        console_printf("cpu %-7u flushed at %u%s\n", cpu, tlb_cpu_flushed(cpu),
                       tlb_cpu_idles(cpu) ? ", idles" : "");
}
