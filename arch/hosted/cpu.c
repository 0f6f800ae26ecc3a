/* SPDX-License-Identifier: MIT */
/* A CPU is a thread, and a bug ends the process. */
#include <stdio.h>
#include <unistd.h>

#include <hosted.h>
#include <xen/arch.h>
#include <xen/page_alloc.h>

#include <asm/processor.h>

static _Thread_local unsigned int cpu_id;

static void *heap_of[CONFIG_NR_CPUS] = {
    [0 ... CONFIG_NR_CPUS - 1] = &heap_nobody,
};
_Thread_local void *hosted_cpu_heap = &heap_nobody;
static void (*tell_more)(void);

void hosted_at_bug(void (*tell)(void))
{
    tell_more = tell;
}

void hosted_set_cpu_id(unsigned int cpu)
{
    cpu_id = cpu;
    hosted_cpu_heap = heap_of[cpu];
}

void cpu_set_heap(void *to)
{
    heap_of[cpu_id] = to;
    hosted_cpu_heap = to;
}

unsigned int arch_cpu_id(void)
{
    return cpu_id;
}

_Noreturn void arch_bug(const char *file, int line, const char *what)
{
    fputs(hosted_console(), stderr);
    fprintf(stderr, "# BUG at %s:%d: %s\n", file, line, what);
    if (tell_more)
        tell_more();
    fflush(NULL);
    _exit(HOSTED_BUG_STATUS);
}
