/* SPDX-License-Identifier: MIT */
/* Domains that grant frames to one another, by hypercalls. */
#include <string.h>

#include <hosted.h>
#include <xen/audit.h>
#include <xen/bug.h>
#include <xen/hypercall.h>
#include <xen/page_ref.h>

#include "granting.h"

/* Far from what the tables translate: it is memory all the same. */
#define GUEST_MEMORY 0x10000000UL

struct party party[NR_PARTIES + 1];
_Thread_local unsigned int nr_interrupted;

static char memory[CONFIG_NR_CPUS][GUEST_MEMORY_SIZE] __aligned(16);

uint64_t guest_address(unsigned int cpu)
{
    return GUEST_MEMORY + cpu * GUEST_MEMORY_SIZE;
}

void *guest_memory(unsigned int cpu)
{
    return memory[cpu];
}

static void be(struct vcpu *v)
{
    if (current_vcpu() != v)
        BUG_ON(vcpu_enter(v));
}

long grant_call(struct vcpu *v, unsigned int command, void *array, size_t size,
                unsigned int nr)
{
    unsigned int cpu = arch_cpu_id();
    struct hypercall call = {
        .number = __HYPERVISOR_grant_table_op,
        .argument = { command, guest_address(cpu), nr },
    };

    BUG_ON(nr * size > GUEST_MEMORY_SIZE);
    be(v);
    memcpy(memory[cpu], array, nr * size);
    nr_interrupted = 0;
    for (hypercall(&call); call.restart; hypercall(&call))
        nr_interrupted++;
    memcpy(array, memory[cpu], nr * size);

    return call.result;
}

short grant_map_one(struct vcpu *v, struct gnttab_map_grant_ref *op)
{
    BUG_ON(grant_call(v, GNTTABOP_map_grant_ref, op, sizeof(*op), 1));

    return op->status;
}

short grant_unmap_one(struct vcpu *v, struct gnttab_unmap_grant_ref *op)
{
    BUG_ON(grant_call(v, GNTTABOP_unmap_grant_ref, op, sizeof(*op), 1));

    return op->status;
}

short grant_copy_one(struct vcpu *v, struct gnttab_copy *op)
{
    BUG_ON(grant_call(v, GNTTABOP_copy, op, sizeof(*op), 1));

    return op->status;
}

short map_at(const struct party *p, const struct party *of, unsigned int ref,
             unsigned int flags, unsigned int slot, grant_handle_t *handle)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = flags & GNTMAP_contains_pte ? address_of_entry(p->l1, slot)
                                                 : ADDRESS_OF_SLOT(slot),
        .flags = flags,
        .ref = ref,
        .dom = of->d->id,
        .handle = ~0U,
    };
    short status = grant_map_one(p->v, &op);

    *handle = op.handle;

    return status;
}

short unmap_at(const struct party *p, grant_handle_t handle, unsigned int slot)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = ADDRESS_OF_SLOT(slot),
                                         .handle = handle };

    return grant_unmap_one(p->v, &op);
}

short unmap_device(const struct party *p, grant_handle_t handle,
                   const struct page_info *pg)
{
    struct gnttab_unmap_grant_ref op = { .dev_bus_addr =
                                             mfn_to_maddr(page_to_mfn(pg)),
                                         .handle = handle };

    return grant_unmap_one(p->v, &op);
}

uint64_t address_of_entry(const struct page_info *table, unsigned int slot)
{
    return mfn_to_maddr(page_to_mfn(table)) + slot * PTE_SIZE;
}

void grant_write(const struct party *p, unsigned int ref, unsigned int flags,
                 domid_t user, mfn_t mfn)
{
    pv_write(mfn_to_page(p->shared), ref,
             mfn_x(mfn) << 32 | (uint64_t)user << 16 | flags);
}

unsigned int grant_flags(const struct party *p, unsigned int ref)
{
    return pv_read(mfn_to_page(p->shared), ref) & UINT16_MAX;
}

struct page_info *tables_of(struct domain *d)
{
    struct page_info *root = pv_tree(d, 4, 1);

    for (unsigned int i = 0; i < d->nr_vcpus; i++) {
        struct page_holder h = { root, HOLD_READ_ONLY };

        BUG_ON(!get_page(root, d) || get_page_table(&h, 4));
        d->vcpu[i].kernel_base = h;
    }

    return root;
}

static void create(struct party *p, domid_t id, unsigned int nr_vcpus)
{
    unsigned long *list = (unsigned long *)guest_memory(0) + 64;
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };

    p->d = pv_domain(id, nr_vcpus);
    p->v = &p->d->vcpu[0];
    p->l1 = pv_walk(tables_of(p->d), (unsigned int[]){ 0, 0, 0 }, 3);
    setup.frame_list = (unsigned long *)(guest_address(0) + 64 * sizeof(*list));
    BUG_ON(grant_call(p->v, GNTTABOP_setup_table, &setup, sizeof(setup), 1) ||
           setup.status != GNTST_okay);
    p->shared = _mfn(*list);
}

void granting_machine(unsigned int nr_cpus, unsigned int nr_vcpus)
{
    static char counts[1 << 16] __aligned(16);

    pv_machine(nr_cpus);
    audit_lend(counts, sizeof(counts));
    hosted_guest_memory(GUEST_MEMORY, memory, sizeof(memory));
    for (domid_t id = 1; id <= NR_PARTIES; id++)
        create(&party[id], id, nr_vcpus);
}

bool all_is_well(void)
{
    return audit_heap() == 0 && grant_table_check() == 0;
}
