/* SPDX-License-Identifier: MIT */
/*
 * Flushes that guests ask for: of one page or of everything, here or on the
 * CPUs of others. A page alone is only ever forgotten here; others flush it
 * all.
 */
#ifndef GUEST_FLUSH_H
#define GUEST_FLUSH_H

#include <xen/compiler.h>
#include <xen/domain.h>

/* What is to be forgotten; the address may be any. */
struct guest_flush {
    bool one_page;
    uintptr_t va;
};

/* On this CPU, where @v runs. */
void guest_flush_here(const struct guest_flush *what);

/* Wherever @v's domain may have run. */
void guest_flush_all(const struct vcpu *v, const struct guest_flush *what);

/* Where those vCPUs may have run whose bits are set in the bitmap at @vcpus, in
 * the guest's memory: as long as there are vCPUs, in units of 8 bytes. -EFAULT:
 * it cannot be read. */
__must_check int guest_flush_vcpus(const struct vcpu *v, uint64_t vcpus,
                                   const struct guest_flush *what);

#endif /* GUEST_FLUSH_H */
