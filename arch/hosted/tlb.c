/* SPDX-License-Identifier: MIT */
/*
 * TLBs in software. Beside what each CPU remembers stands how many of its
 * translations lead to each frame, so that to ask for it costs one look.
 */
#include <soft_tlb.h>
#include <xen/arch.h>
#include <xen/bug.h>
#include <xen/compiler.h>

#include <simulation.h>

#define NR_PAGES (SOFT_TLB_SPACES * SOFT_TLB_PAGES)

struct soft_tlb {
    struct translation to[NR_PAGES];
    bool known[NR_PAGES];
    unsigned int nr, filled[NR_PAGES]; /* which pages are known */
};

static struct soft_tlb soft_tlb[SOFT_TLB_CPUS];
static unsigned char nr_held[SOFT_TLB_CPUS][SOFT_TLB_FRAMES];
static unsigned char nr_writable[SOFT_TLB_CPUS][SOFT_TLB_FRAMES];

static void (*walker)(void);

void soft_tlb_walker(void (*walk)(void))
{
    walker = walk;
}

static unsigned int index_of(unsigned int space, unsigned int page)
{
    BUG_ON(space >= SOFT_TLB_SPACES || page >= SOFT_TLB_PAGES);
    return space * SOFT_TLB_PAGES + page;
}

const struct translation *soft_tlb_find(unsigned int cpu, unsigned int space,
                                        unsigned int page)
{
    unsigned int i = index_of(space, page);

    return soft_tlb[cpu].known[i] ? &soft_tlb[cpu].to[i] : NULL;
}

static void uncount(unsigned int cpu, const struct translation *to)
{
    nr_held[cpu][to->frame]--;
    nr_writable[cpu][to->frame] -= to->writable;
}

void soft_tlb_fill(unsigned int space, unsigned int page, struct translation to)
{
    unsigned int cpu = arch_cpu_id(), i = index_of(space, page);
    struct soft_tlb *mine = &soft_tlb[cpu];

    BUG_ON(cpu >= SOFT_TLB_CPUS || to.frame >= SOFT_TLB_FRAMES);
    soft_tlb_drop(space, page);
    mine->to[i] = to;
    mine->known[i] = true;
    mine->filled[mine->nr++] = i;
    nr_held[cpu][to.frame]++;
    nr_writable[cpu][to.frame] += to.writable;
}

void soft_tlb_drop(unsigned int space, unsigned int page)
{
    unsigned int cpu = arch_cpu_id(), i = index_of(space, page), slot = 0;
    struct soft_tlb *mine = &soft_tlb[cpu];

    if (!mine->known[i])
        return;
    while (mine->filled[slot] != i)
        slot++;
    mine->filled[slot] = mine->filled[--mine->nr];
    mine->known[i] = false;
    uncount(cpu, &mine->to[i]);
}

unsigned int soft_tlb_holds(unsigned int cpu, unsigned int frame)
{
    return nr_held[cpu][frame];
}

unsigned int soft_tlb_holds_writable(unsigned int cpu, unsigned int frame)
{
    return nr_writable[cpu][frame];
}

static void forget_all(unsigned int cpu)
{
    struct soft_tlb *mine = &soft_tlb[cpu];

    for (unsigned int slot = 0; slot < mine->nr; slot++) {
        mine->known[mine->filled[slot]] = false;
        uncount(cpu, &mine->to[mine->filled[slot]]);
    }
    mine->nr = 0;
}

/* Others come before it, and between it and what the CPU does next. */
void arch_flush_tlb_local(void)
{
    unsigned int cpu = arch_cpu_id();

    simulation_point();
    if (cpu < SOFT_TLB_CPUS)
        forget_all(cpu);
    if (walker)
        walker();
    simulation_point();
}
