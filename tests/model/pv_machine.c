/* SPDX-License-Identifier: MIT */
/* A machine with PV guests, small enough to look through after each step. */
#include <stdio.h>

#include <hosted.h>
#include <xen/audit.h>
#include <xen/bug.h>
#include <xen/domheap.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>

#include <asm/contents.h>

#include "fake_nodes.h"
#include "pv_machine.h"
#include "small_machine.h"
#include "some_cpus.h"

static unsigned long marked_free;

/* So that an audit changes nothing of what is free, and needs nothing of it. */
static char audit_memory[1 << 15] __aligned(16);

/* Like a boot: the heap, what frames contain, then domains. */
static void build(unsigned int nr, unsigned int nodes)
{
    static const struct ram ram[] = {
        { PV_FIRST_FRAME, PV_NR_FRAMES },
        { PV_SPARE_FRAME, PV_NR_SPARE },
    };
    static const struct fake_node node[] = {
        { 0, PV_SPARE_FRAME, 0 },
        { PV_SPARE_FRAME, PV_NR_SPARE, 1 },
    };

    some_cpus(nr);

    small_machine(ram, ARRAY_SIZE(ram));
    if (nodes > 1)
        fake_nodes(small_machine_map(ram, ARRAY_SIZE(ram)), node, nodes);
    for (unsigned int i = 0; i < ARRAY_SIZE(ram); i++)
        heap_add(_mfn(ram[i].start), ram[i].nr);
    hosted_arena_init();
    BUG_ON(m2p_init());
    BUG_ON(domains_init());
    audit_lend(audit_memory, sizeof(audit_memory));
    pv_mark_free();
}

void pv_machine(unsigned int nr)
{
    build(nr, 1);
}

void pv_machine_of_two_nodes(unsigned int nr)
{
    build(nr, 2);
}

struct domain *pv_domain(domid_t id, unsigned int nr_vcpus)
{
    struct domain *d;

    BUG_ON(domain_create(id, nr_vcpus, PV_NO_QUOTA, &d));

    return d;
}

struct page_info *pv_page(struct domain *d)
{
    struct page_info *pg = alloc_domheap_pages(d, 0, HEAP_NO_LIMIT, 0);

    BUG_ON(!pg);

    return pg;
}

static uint64_t *word_of(const struct page_info *pg, unsigned int slot)
{
    return (uint64_t *)frame_contents(page_to_mfn(pg)) + slot;
}

uint64_t pv_read(const struct page_info *pg, unsigned int slot)
{
    return __atomic_load_n(word_of(pg, slot), __ATOMIC_RELAXED);
}

void pv_write(struct page_info *pg, unsigned int slot, uint64_t value)
{
    __atomic_store_n(word_of(pg, slot), value, __ATOMIC_RELAXED);
}

unsigned int pv_slot(unsigned int level, unsigned int n)
{
    return level == 4 && n >= HYPERVISOR_SLOT_FIRST ? n + HYPERVISOR_SLOTS : n;
}

struct page_info *pv_tree(struct domain *d, unsigned int level, unsigned int nr)
{
    struct page_info *table = pv_page(d);

    for (unsigned int n = 0; n < nr && level > 0; n++)
        pv_write(table, pv_slot(level, n),
                 pv_entry(pv_tree(d, level - 1, nr),
                          level > 1 ? PV_TABLE : PV_WRITE));

    return table;
}

unsigned long pv_tree_frames(unsigned int level, unsigned int nr)
{
    return level == 0 ? 1 : 1 + nr * pv_tree_frames(level - 1, nr);
}

struct page_info *pv_walk(struct page_info *table, const unsigned int *slots,
                          unsigned int depth)
{
    for (unsigned int i = 0; i < depth; i++)
        table = mfn_to_page(pv_entry_mfn(pv_read(table, slots[i])));

    return table;
}

void pv_run(unsigned int cpu, struct vcpu *v)
{
    hosted_set_cpu_id(cpu);
    if (v)
        BUG_ON(vcpu_enter(v));
    else
        vcpu_leave();
    hosted_set_cpu_id(0);
}

void pv_mark_free(void)
{
    marked_free = heap_nr_free();
}

bool pv_all_free(void)
{
    unsigned long now = heap_nr_free();

    if (now != marked_free)
        printf("# %lu frames were free, and now %lu\n", marked_free, now);

    return now == marked_free;
}
