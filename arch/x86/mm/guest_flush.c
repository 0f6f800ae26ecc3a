/* SPDX-License-Identifier: MIT */
/* Has CPUs forget what they have cached of a guest's translations. */
#include <xen/arch.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/tlb.h>

#include "guest_flush.h"

_Static_assert(DOMAIN_MAX_VCPUS <= BITS_PER_LONG, "a word for all vCPUs");

void guest_flush_here(const struct guest_flush *what)
{
    if (!what->one_page)
        flush_tlb_local();
    else if (guest_range_ok(what->va, 1))
        arch_flush_tlb_page(what->va);
}

void guest_flush_all(const struct vcpu *v, const struct guest_flush *what)
{
    unsigned int here = arch_cpu_id();
    cpumask_t cpus;

    /* The tables were written before; a CPU that joins later reads them so. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    cpumask_copy(&cpus, &v->domain->dirty_cpus);
    if (what->one_page) {
        guest_flush_here(what);
        cpumask_clear(&cpus, here);
    }
    flush_tlb_mask(&cpus);
}

int guest_flush_vcpus(const struct vcpu *v, uint64_t vcpus,
                      const struct guest_flush *what)
{
    unsigned long bits;

    if (copy_from_guest(&bits, vcpus, sizeof(bits)))
        return -EFAULT;
    if (v->domain->nr_vcpus < BITS_PER_LONG)
        bits &= BIT(v->domain->nr_vcpus) - 1;
    if (bits & ~BIT(v->id))
        guest_flush_all(v, what);
    else if (bits)
        guest_flush_here(what);

    return 0;
}
