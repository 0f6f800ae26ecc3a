/* SPDX-License-Identifier: MIT */
/* The arguments and the continuations of mmu_update and mmuext_op. */
#include <xen/errno.h>
#include <xen/guest_access.h>

#include "batch.h"

bool batch_begin(struct batch *b, struct vcpu *v, struct hypercall *call,
                 size_t size)
{
    unsigned int count = (unsigned int)call->argument[1];
    uint64_t done = call->argument[2];

    *b = (struct batch){ .v = v,
                         .call = call,
                         .list = call->argument[0],
                         .size = size,
                         .count = count & ~MMU_UPDATE_PREEMPTED };
    if (count == MMU_UPDATE_PREEMPTED && b->list == 0) {
        call->result = (int)call->argument[3];
        return false;
    }
    if ((count & MMU_UPDATE_PREEMPTED && done &&
         copy_from_guest(&b->nr_before, done, sizeof(b->nr_before))) ||
        !guest_range_ok(b->list, b->count * size)) {
        call->result = -EFAULT;
        return false;
    }

    return true;
}

unsigned int batch_fetch(const struct batch *b, void *to, unsigned int max)
{
    unsigned int nr = b->count - b->nr < max ? b->count - b->nr : max;
    uint64_t from = b->list + b->nr * b->size;

    if (!copy_from_guest(to, from, nr * b->size))
        return nr;

    /* Where it ends is found an element at a time. */
    return copy_from_guest(to, from, b->size) ? 0 : 1;
}

static void restart(struct batch *b)
{
    b->call->argument[0] = b->list + b->nr * b->size;
    b->call->argument[1] = (b->count - b->nr) | MMU_UPDATE_PREEMPTED;
    b->call->restart = true;
}

/* Have the deferred work finished before the guest is told. */
static void park(struct batch *b, int rc)
{
    b->call->argument[0] = 0;
    b->call->argument[1] = MMU_UPDATE_PREEMPTED;
    b->call->argument[2] = 0;
    b->call->argument[3] = (unsigned long)rc;
    b->call->restart = true;
}

void batch_end(struct batch *b, int rc)
{
    unsigned int nr_done = b->nr_before + b->nr;
    uint64_t done = b->call->argument[2];

    if (done && copy_to_guest(done, &nr_done, sizeof(nr_done)) && rc == 0)
        rc = -EFAULT;
    if (rc == -ERESTART)
        restart(b);
    else if (b->v->deferred.hold != HOLD_NONE)
        park(b, rc);
    else
        b->call->result = rc;
}
