/* SPDX-License-Identifier: MIT */
/* Which hypercall is served where; and several in one. */
#include <public/xen.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>

#include <asm/processor.h>

/* All but a list of such calls. */
static void serve(struct vcpu *v, struct hypercall *call)
{
    call->restart = false;
    /* One that goes on with what it was asked starts with no other burden. */
    if (vcpu_finish_deferred(v)) {
        call->restart = true;
        return;
    }
    switch (call->number) {
    case __HYPERVISOR_mmu_update: do_mmu_update(v, call); break;
    case __HYPERVISOR_set_gdt: do_set_gdt(v, call); break;
    case __HYPERVISOR_update_descriptor: do_update_descriptor(v, call); break;
    case __HYPERVISOR_memory_op: do_memory_op(v, call); break;
    case __HYPERVISOR_update_va_mapping: do_update_va_mapping(v, call); break;
    case __HYPERVISOR_grant_table_op: do_grant_table_op(v, call); break;
    case __HYPERVISOR_update_va_mapping_otherdomain:
        do_update_va_mapping_otherdomain(v, call);
        break;
    case __HYPERVISOR_mmuext_op: do_mmuext_op(v, call); break;
    default: call->result = -ENOSYS;
    }
}

/* The entry at @address: serve it, and note there what came of it, or what of
 * it is left. */
static int serve_entry(struct vcpu *v, uint64_t address)
{
    struct multicall_entry entry;
    struct hypercall call;

    if (copy_from_guest(&entry, address, sizeof(entry)))
        return -EFAULT;
    call.number = entry.op;
    for (unsigned int i = 0; i < HYPERCALL_ARGUMENTS; i++)
        call.argument[i] = entry.args[i];
    if (entry.op == __HYPERVISOR_multicall) {
        call.restart = false;
        call.result = -EINVAL;
    } else {
        serve(v, &call);
    }
    if (call.restart)
        return copy_to_guest(address + offsetof(struct multicall_entry, args),
                             call.argument, sizeof(call.argument))
                   ?: -ERESTART;

    return copy_to_guest(address + offsetof(struct multicall_entry, result),
                         &call.result, sizeof(call.result));
}

/* A list within a list would be one of any depth: it is refused. */
static void do_multicall(struct vcpu *v, struct hypercall *call)
{
    uint64_t list = call->argument[0];
    unsigned int nr = (unsigned int)call->argument[1], i;
    int rc = 0;

    if (!guest_range_ok(list, nr * sizeof(struct multicall_entry)))
        rc = -EFAULT;
    for (i = 0; i < nr && !rc; i += !rc)
        rc = i > 0 && cpu_must_yield()
                 ? -ERESTART
                 : serve_entry(v, list + i * sizeof(struct multicall_entry));
    call->restart = rc == -ERESTART;
    call->argument[0] = list + i * sizeof(struct multicall_entry);
    call->argument[1] = nr - i;
    call->result = rc;
}

void hypercall(struct hypercall *call)
{
    struct vcpu *v = current_vcpu();

    ASSERT(v);
    if (call->number == __HYPERVISOR_multicall)
        do_multicall(v, call);
    else
        serve(v, call);
}
