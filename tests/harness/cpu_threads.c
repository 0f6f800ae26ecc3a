/* SPDX-License-Identifier: MIT */
/* Starts a thread for each CPU, and waits for them. */
#include <pthread.h>

#include <cpu_threads.h>
#include <hosted.h>
#include <xen/arch.h>
#include <xen/bug.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>

#include <asm/processor.h>

static void (*body_of_cpus)(void);
static unsigned int nr_at_work;

static void *run_cpu(void *cpu)
{
    hosted_set_cpu_id((unsigned int)(uintptr_t)cpu);
    if (!cpumask_test(&cpu_online_map, arch_cpu_id()))
        smp_join();
    body_of_cpus();

    /* Others may still ask. */
    __atomic_fetch_sub(&nr_at_work, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&nr_at_work, __ATOMIC_ACQUIRE) > 0) {
        smp_answer();
        cpu_relax();
    }
    heap_leave();
    if (arch_cpu_id() > 0)
        smp_leave();

    return NULL;
}

void cpu_threads_run(unsigned int nr, void (*body)(void))
{
    pthread_t thread[CONFIG_NR_CPUS];

    BUG_ON(nr > CONFIG_NR_CPUS);
    smp_set_nr_cpus(nr);
    body_of_cpus = body;
    nr_at_work = nr;
    for (uintptr_t cpu = 0; cpu < nr; cpu++)
        if (pthread_create(&thread[cpu], NULL, run_cpu, (void *)cpu) != 0)
            BUG("there is no thread for a CPU");
    for (unsigned int cpu = 0; cpu < nr; cpu++)
        pthread_join(thread[cpu], NULL);
    hosted_set_cpu_id(0);
}

unsigned int cpu_draw(unsigned int below)
{
    static _Thread_local unsigned int random;

    if (!random)
        random = arch_cpu_id() + 1;
    random = random * 1664525 + 1013904223;

    return (random >> 16) % below;
}
