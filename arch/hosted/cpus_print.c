/* SPDX-License-Identifier: MIT */
/* What the monitor shows of a process: nobody knows where a thread is, and
 * there is no slot for memory. */
#include <xen/machine.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/tlb.h>

void machine_print_cpus(void)
{
    console_printf(" CPU  state  last flush\n");
    for (unsigned int i = 0; i < nr_cpus; i++)
        console_printf("%4u  %-5s  %10u\n", i,
                       tlb_cpu_idles(i) ? "idles" : "runs", tlb_cpu_flushed(i));
}

void machine_add_memory(void)
{
    console_printf("hotadd  no memory can be plugged into a process\n");
}
