/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls whose arguments are (list, count, done, ...): what mmu_update and
 * mmuext_op have in common.
 *
 * Elements are served in order up to the first that fails; *done is how many
 * were. A call that is interrupted goes on with the rest of the list, and adds
 * to *done. One that leaves deferred work behind comes back once more when that
 * is finished: with no list, and its result in the place of the last argument.
 */
#ifndef BATCH_H
#define BATCH_H

#include <xen/errno.h>
#include <xen/hypercall.h>

#include <asm/processor.h>

struct batch {
    struct vcpu *v;
    struct hypercall *call;
    uint64_t list; /* of the guest's; all of it is where a guest may point */
    size_t size;   /* of an element */
    unsigned int count, nr; /* elements; how many are done */
    unsigned int nr_before; /* and in the calls that this one continues */
    unsigned int nr_read, nr_taken; /* of the elements that were read at once */
};

/* Understand the arguments. False: the call is over, and has its result. */
__must_check bool batch_begin(struct batch *b, struct vcpu *v,
                              struct hypercall *call, size_t size);

/* Read the next elements, one at least and at most @max: before those are
 * served, so one that changes the list itself comes late. Returns how many; 0:
 * the next one cannot be read. */
__must_check unsigned int batch_fetch(const struct batch *b, void *to,
                                      unsigned int max);

/* Element *@index of @chunk, of @max elements, is the next to be served. 0;
 * -ERESTART: it is time for a continuation, but never before the first one, so
 * that it ends; -EFAULT: it cannot be read. */
static __inlined int batch_next(struct batch *b, void *chunk, unsigned int max,
                                unsigned int *index)
{
    if (b->v->deferred.hold != HOLD_NONE || (b->nr > 0 && cpu_must_yield()))
        return -ERESTART;
    if (b->nr_taken == b->nr_read) {
        b->nr_read = batch_fetch(b, chunk, max);
        b->nr_taken = 0;
        if (b->nr_read == 0)
            return -EFAULT;
    }
    *index = b->nr_taken++;

    return 0;
}

/* What came of it: 0, or the error of the element that is not done; -ERESTART:
 * it must be served again. */
void batch_end(struct batch *b, int rc);

#endif /* BATCH_H */
