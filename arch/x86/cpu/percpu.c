/* SPDX-License-Identifier: MIT */
/* What each CPU has for itself: where it is, and how it gets it. */
#include <cpu/clear.h>
#include <cpu/paging.h>
#include <cpu/percpu.h>
#include <xen/arch.h>
#include <xen/frame_table.h>
#include <xen/numa.h>
#include <xen/page_alloc.h>
#include <xen/smp.h>

/* It is there before anything else is: head.S lets GS lead to it. */
struct cpu boot_cpu = {
    .self = &boot_cpu,
    .heap = &heap_nobody,
    .state = CPU_UP,
    .stacks = &boot_stacks,
};

/* Which CPUs have an area. Changes at boot only. */
static cpumask_t known;

unsigned int arch_cpu_id(void)
{
    return this_cpu()->id;
}

struct cpu *cpu_of(unsigned int cpu)
{
    if (cpu == 0)
        return &boot_cpu;

    return cpu < CONFIG_NR_CPUS && cpumask_test(&known, cpu)
               ? &cpu_area(cpu)->cpu
               : NULL;
}

static bool map_page(uint8_t *va, unsigned int node)
{
    struct page_info *pg = alloc_heap_pages(
        0, DIRECT_MAP_SIZE, HEAP_LONG_LIVED | HEAP_NODE(node), NULL);

    if (!pg)
        return false;
    if (paging_map_frame(va, page_to_mfn(pg))) {
        free_heap_pages(pg, 0, TLB_NO_DEBT);
        return false;
    }
    clear_frames(va, 1);

    return true;
}

static void unmap_area(struct cpu_area *area)
{
    uint8_t *va = (uint8_t *)area;

    for (; va < (uint8_t *)(area + 1); va += PAGE_SIZE) {
        mfn_t mfn = paging_unmap_frame(va);

        if (!mfn_eq(mfn, INVALID_MFN))
            free_heap_pages(mfn_to_page(mfn), 0, tlb_debt_now(NULL));
    }
}

/* All pages but the guards, from @node if it has any. */
static bool map_area(struct cpu_area *area, unsigned int node)
{
    uint8_t *va = (uint8_t *)area;

    for (; va < (uint8_t *)(area + 1); va += PAGE_SIZE) {
        if (!stacks_is_guard(&area->stacks, (uintptr_t)va) &&
            !map_page(va, node))
            return false;
    }

    return true;
}

struct cpu *percpu_alloc(unsigned int cpu, uint32_t apic_id)
{
    struct cpu_area *area = cpu_area(cpu);

    if (!map_area(area, node_of_cpu(cpu))) {
        unmap_area(area);
        return NULL;
    }
    area->cpu.self = &area->cpu;
    area->cpu.heap = &heap_nobody;
    area->cpu.stack_top =
        (uintptr_t)area->stacks.main.stack + sizeof(area->stacks.main.stack);
    area->cpu.id = cpu;
    area->cpu.apic_id = apic_id;
    area->cpu.stacks = &area->stacks;
    cpumask_set(&known, cpu);

    return &area->cpu;
}
