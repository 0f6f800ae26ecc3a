/* SPDX-License-Identifier: MIT */
/* What the TLB clock asks of a CPU: forget, and have another one look up. */
#include <cpu/control.h>
#include <cpu/lapic.h>
#include <cpu/percpu.h>
#include <cpu/registers.h>
#include <x86/apic.h>
#include <xen/arch.h>

/* Turning global pages off flushes all, those too. An interrupt in between that
 * does the same leaves them on, and has flushed. */
void arch_flush_tlb_local(void)
{
    write_cr4(CR4_WHOLE & ~CR4_PGE);
    write_cr4(CR4_WHOLE);
}

void arch_send_ipi(unsigned int cpu)
{
    lapic_send(cpu_of(cpu)->apic_id, COMMAND_VECTOR | VECTOR_ANSWER);
}
