/* SPDX-License-Identifier: MIT */
/* Hypercalls as a guest makes them: from its memory, again if it must be. */
#include <hosted.h>
#include <public/xen.h>

#include <public/memory.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/hypercall.h>

#include "actions.h"
#include "explore.h"

#define GUEST_ADDRESS 0x1000UL

/* The arguments of each vCPU's one call. */
static struct {
    struct mmu_update update;
    struct mmuext_op op;
    struct xen_memory_exchange exchange;
    xen_pfn_t frame, new_frame;
} memory[STAGE_CPUS];

static domid_t whose[STAGE_CPUS]; /* but for calls for memory */

void calls_init(void)
{
    hosted_guest_memory(GUEST_ADDRESS, memory, sizeof(memory));
    for (unsigned int cpu = 0; cpu < STAGE_CPUS; cpu++)
        whose[cpu] = DOMID_SELF;
}

void calls_about(const struct domain *d)
{
    whose[arch_cpu_id()] = d ? d->id : DOMID_SELF;
}

static uint64_t address_of(const void *argument)
{
    return GUEST_ADDRESS +
           (uint64_t)((const char *)argument - (const char *)memory);
}

static long call(struct hypercall it)
{
    do {
        hypercall(&it);
    } while (it.restart && explore_choose(2) == 0);

    return it.restart ? -ERESTART : it.result;
}

static long call_op(struct mmuext_op op)
{
    memory[arch_cpu_id()].op = op;

    return call((struct hypercall){
        .number = __HYPERVISOR_mmuext_op,
        .argument = { address_of(&memory[arch_cpu_id()].op), 1, 0,
                      whose[arch_cpu_id()] },
    });
}

static unsigned long frame_of(const struct page_info *pg)
{
    return pg ? mfn_x(page_to_mfn(pg)) : 0;
}

long call_pin(const struct page_info *pg, unsigned int level)
{
    return call_op((struct mmuext_op){
        .cmd = MMUEXT_PIN_L1_TABLE + level - 1,
        .arg1.mfn = frame_of(pg),
    });
}

long call_unpin(const struct page_info *pg)
{
    return call_op((struct mmuext_op){
        .cmd = MMUEXT_UNPIN_TABLE,
        .arg1.mfn = frame_of(pg),
    });
}

long call_base(const struct page_info *pg)
{
    return call_op((struct mmuext_op){
        .cmd = MMUEXT_NEW_BASEPTR,
        .arg1.mfn = frame_of(pg),
    });
}

long call_user_base(const struct page_info *pg)
{
    return call_op((struct mmuext_op){
        .cmd = MMUEXT_NEW_USER_BASEPTR,
        .arg1.mfn = frame_of(pg),
    });
}

long call_flush(void)
{
    return call_op((struct mmuext_op){ .cmd = MMUEXT_TLB_FLUSH_LOCAL });
}

long call_gdt(const struct page_info *pg)
{
    memory[arch_cpu_id()].frame = frame_of(pg);

    return call((struct hypercall){
        .number = __HYPERVISOR_set_gdt,
        .argument = { address_of(&memory[arch_cpu_id()].frame), pg ? 1 : 0 },
    });
}

long call_update(const struct page_info *table, unsigned int slot,
                 uint64_t entry)
{
    struct mmu_update *update = &memory[arch_cpu_id()].update;
    unsigned long d = whose[arch_cpu_id()];

    update->ptr = (frame_of(table) << PAGE_SHIFT) + slot * sizeof(entry);
    update->val = entry;

    return call((struct hypercall){
        .number = __HYPERVISOR_mmu_update,
        .argument = { address_of(update), 1, 0,
                      d == DOMID_SELF ? d : d | (d + 1) << 16 },
    });
}

static long call_memory(unsigned long command, const void *argument)
{
    return call((struct hypercall){
        .number = __HYPERVISOR_memory_op,
        .argument = { command, address_of(argument) },
    });
}

/* One extent of one frame, whose number stands at @frame, if anywhere. */
static struct xen_memory_reservation one_frame(const xen_pfn_t *frame)
{
    return (struct xen_memory_reservation){
        .extent_start = frame ? (xen_pfn_t *)address_of(frame) : NULL,
        .nr_extents = 1,
        .domid = DOMID_SELF,
    };
}

long call_decrease(const struct page_info *pg)
{
    struct xen_memory_exchange *it = &memory[arch_cpu_id()].exchange;

    memory[arch_cpu_id()].frame = frame_of(pg);
    it->in = one_frame(&memory[arch_cpu_id()].frame);

    return call_memory(XENMEM_decrease_reservation, &it->in);
}

long call_increase(void)
{
    struct xen_memory_exchange *it = &memory[arch_cpu_id()].exchange;

    it->in = one_frame(NULL);

    return call_memory(XENMEM_increase_reservation, &it->in);
}

long call_exchange(const struct page_info *pg)
{
    struct xen_memory_exchange *it = &memory[arch_cpu_id()].exchange;

    memory[arch_cpu_id()].frame = frame_of(pg);
    it->in = one_frame(&memory[arch_cpu_id()].frame);
    it->out = one_frame(&memory[arch_cpu_id()].new_frame);
    it->nr_exchanged = 0;

    return call_memory(XENMEM_exchange, it);
}
