/* SPDX-License-Identifier: MIT */
/* A guest whose kernel are the tests. */
#include <test.h>

#include <asm/processor.h>
#include <cpu/percpu.h>
#include <xen/arch.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/hypercall.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>
#include <xen/page_table.h>
#include <xen/relinquish.h>

#include <asm/contents.h>

#include "small_guest.h"

static unsigned long nr_restarts;   /* atomic */
static bool fickle[CONFIG_NR_CPUS]; /* each CPU's own */

void guest_be_fickle(bool is)
{
    fickle[arch_cpu_id()] = is;
}

unsigned long guest_nr_restarts(void)
{
    return __atomic_load_n(&nr_restarts, __ATOMIC_RELAXED);
}

struct page_info *guest_page(struct small_guest *g)
{
    return alloc_domheap_pages(g->domain, 0, CONTENTS_LIMIT, 0);
}

/* As the guest's builder does it: nobody uses the table yet. */
static void write_slot(struct page_info *table, unsigned int slot,
                       uint64_t entry)
{
    uint64_t *slots = frame_contents(page_to_mfn(table));

    slots[slot] = entry;
}

static bool build_tables(struct small_guest *g)
{
    for (unsigned int level = 1; level <= PAGETABLE_LEVELS; level++) {
        g->table[level] = guest_page(g);
        if (!g->table[level])
            return false;
        if (level > 1)
            write_slot(g->table[level], PTE_INDEX(GUEST_WINDOW, level),
                       guest_entry(g->table[level - 1], GUEST_TABLE));
    }
    for (unsigned int i = 0; i < g->domain->nr_vcpus; i++) {
        struct page_info *pg = guest_page(g);

        if (!pg)
            return false;
        write_slot(g->table[1], i, guest_entry(pg, GUEST_WRITE));
    }

    return true;
}

/* No hypercall can do it: its arguments would lie nowhere yet. */
static int give_base(struct vcpu *v, struct page_info *table)
{
    struct page_holder h = { table, HOLD_READ_ONLY };
    int rc;

    if (!get_page(table, v->domain))
        return -EINVAL;
    do
        rc = get_page_table(&h, PAGETABLE_LEVELS);
    while (rc == -EINTR || rc == -ERESTART);
    if (rc)
        return rc;
    page_holder_move(&v->kernel_base, &h);

    return 0;
}

bool guest_build(struct small_guest *g, domid_t id, unsigned int nr_vcpus)
{
    int rc = domain_create(id, nr_vcpus, ~0UL, &g->domain);

    if (rc)
        return false;
    if (!build_tables(g)) {
        guest_destroy(g);
        return false;
    }
    for (unsigned int i = 0; i < nr_vcpus; i++)
        EXPECT_EQ(give_base(&g->domain->vcpu[i], g->table[PAGETABLE_LEVELS]),
                  0);

    return true;
}

/* Ask this CPU to yield, or no longer. */
static void ask_to_yield(bool asked)
{
    if (asked)
        cpu_request_yield(this_cpu());
    else
        cpu_has_yielded();
}

void domain_destroy_at_last(struct domain *d, bool asked)
{
    int rc;

    domain_pause(d);
    do {
        cpu_relax(); /* it is others' turn */
        ask_to_yield(asked);
        rc = domain_destroy(d);
    } while (rc == -ERESTART);
    cpu_has_yielded();
    EXPECT_EQ(rc, 0);
}

void guest_destroy(struct small_guest *g)
{
    domain_destroy_at_last(g->domain, false);
}

bool guest_enter(struct small_guest *g, unsigned int vcpu)
{
    int rc = vcpu_enter(&g->domain->vcpu[vcpu]);

    EXPECT_EQ(rc, 0);
    return rc == 0;
}

void guest_leave(void)
{
    vcpu_leave();
}

/* Where the arguments of the vCPU that runs here are. */
static void *arguments(void)
{
    return guest_at(current_vcpu()->id);
}

long guest_call(unsigned long number, unsigned long a, unsigned long b,
                unsigned long c, unsigned long d)
{
    struct hypercall call = { .number = number, .argument = { a, b, c, d } };

    bool is_fickle = fickle[arch_cpu_id()];

    for (;;) {
        call.restart = false;
        ask_to_yield(is_fickle);
        hypercall(&call);
        if (!call.restart)
            return call.result;
        __atomic_fetch_add(&nr_restarts, 1, __ATOMIC_RELAXED);
        if (is_fickle)
            return -ERESTART;
    }
}

/* Who owns the frames, and above it, plus 1, who the table. */
long guest_mmu_update_of(domid_t domid, struct page_info *table,
                         unsigned int slot, uint64_t entry)
{
    struct mmu_update *update = arguments();
    unsigned long whose = domid;

    if (domid != DOMID_SELF)
        whose |= (domid + 1UL) << 16;

    update->ptr = (mfn_to_maddr(page_to_mfn(table)) + slot * PTE_SIZE) |
                  MMU_NORMAL_PT_UPDATE;
    update->val = entry;

    return guest_call(__HYPERVISOR_mmu_update, (uintptr_t)update, 1, 0, whose);
}

long guest_map(unsigned int slot, uint64_t entry, unsigned long flags)
{
    return guest_call(__HYPERVISOR_update_va_mapping, (uintptr_t)guest_at(slot),
                      entry, flags, 0);
}

long guest_map_of(domid_t domid, unsigned int slot, uint64_t entry)
{
    return guest_call(__HYPERVISOR_update_va_mapping_otherdomain,
                      (uintptr_t)guest_at(slot), entry,
                      UVMF_INVLPG | UVMF_LOCAL, domid);
}

long guest_mmuext(unsigned int command, const struct page_info *pg,
                  domid_t domid)
{
    struct mmuext_op *op = arguments();

    op->cmd = command;
    op->arg1.mfn = mfn_x(page_to_mfn(pg));

    return guest_call(__HYPERVISOR_mmuext_op, (uintptr_t)op, 1, 0, domid);
}
