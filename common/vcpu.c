/* SPDX-License-Identifier: MIT */
/* Which vCPU each CPU runs, and so whose translations its TLB may hold. */
#include <xen/arch.h>
#include <xen/bug.h>
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/tlb.h>

static struct vcpu *running[CONFIG_NR_CPUS]; /* each CPU's own */

struct vcpu *current_vcpu(void)
{
    return running[arch_cpu_id()];
}

/*
 * The CPU joins those that may have cached what the domain maps before it can
 * look up anything of it, and it leaves the others only once it has forgotten
 * what it knew of them. Both are full barriers: pairs with tlb_debt_now().
 */
static void switch_to(struct vcpu *v)
{
    unsigned int cpu = arch_cpu_id();
    struct vcpu *before = running[cpu];
    struct page_info *root = v ? v->kernel_base.page : NULL;

    if (v)
        cpumask_set_atomic(&v->domain->dirty_cpus, cpu);
    arch_load_base_pointer(root ? page_to_mfn(root) : INVALID_MFN);
    flush_tlb_local();
    running[cpu] = v;

    if (!before)
        return;
    if (!v || v->domain != before->domain)
        cpumask_clear_atomic(&before->domain->dirty_cpus, cpu);
    /* Release: who enters it next, or destroys its domain, finds it as this CPU
     * left it. Pairs with the exchange below, and the load of who destroys. */
    __atomic_store_n(&before->running, false, __ATOMIC_RELEASE);
}

int vcpu_enter(struct vcpu *v)
{
    struct domain *d = v->domain;

    /* Sequentially consistent, as are the loads of the pauses and the state:
     * pairs with domain_pause(), and with the end of a domain (relinquish.c).
     */
    if (__atomic_exchange_n(&v->running, true, __ATOMIC_SEQ_CST))
        return -EBUSY;
    if (__atomic_load_n(&d->pauses, __ATOMIC_SEQ_CST) > 0 ||
        __atomic_load_n(&d->state, __ATOMIC_SEQ_CST) != DOMAIN_ALIVE) {
        __atomic_store_n(&v->running, false, __ATOMIC_RELEASE);
        return -EBUSY;
    }
    switch_to(v);

    return 0;
}

void vcpu_leave(void)
{
    switch_to(NULL);
}
