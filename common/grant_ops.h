/* SPDX-License-Identifier: MIT */
/* The operations on an array of elements, each in a file of its own. */
#ifndef GRANT_OPS_H
#define GRANT_OPS_H

#include "grants.h"

/* The array in the guest's address space, and how far it has been served. */
struct grant_elements {
    uint64_t array;
    unsigned int nr, done;
    size_t size; /* of an element; set by who serves them */
};

/*
 * Serve one, which was read and will be written back with the status that is
 * put there. 0, or -ERESTART: nothing was done, it is to be served again.
 */
__must_check int grant_map(struct vcpu *v, void *element);
__must_check int grant_copy(struct vcpu *v, void *element);

/* Serve as many as it may. 0, or -ERESTART: not all; -EFAULT. */
__must_check int grant_unmap(struct vcpu *v, struct grant_elements *elements);

#endif /* GRANT_OPS_H */
