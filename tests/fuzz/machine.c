/* SPDX-License-Identifier: MIT */
/*
 * The machine of a fuzzer: one CPU, without a TLB; it has nothing to say, and a
 * bug is a finding.
 */
#include <stdio.h>
#include <stdlib.h>

#include <xen/arch.h>
#include <xen/page_alloc.h>

#include <asm/processor.h>

#include "fuzz.h"

void arch_console_write(const char *text, size_t size)
{
    (void)text;
    (void)size;
}

unsigned int arch_cpu_id(void)
{
    return 0;
}

_Noreturn void arch_bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

_Thread_local void *hosted_cpu_heap = &heap_nobody;

void cpu_set_heap(void *to)
{
    hosted_cpu_heap = to;
}

void cpu_relax(void)
{
}

bool interrupts_disable(void)
{
    return true;
}

void interrupts_restore(bool enabled)
{
    (void)enabled;
}

void arch_flush_tlb_local(void)
{
}

void arch_send_ipi(unsigned int cpu)
{
    (void)cpu;
    abort();
}
