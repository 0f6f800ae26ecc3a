/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain: everything that it has is taken from it.
 */
#ifndef XEN_RELINQUISH_H
#define XEN_RELINQUISH_H

#include <xen/domain.h>

/**
 * domain_destroy - take all from @d, and its number.
 *
 * In steps: deferred work, base pointers, descriptors, grants, pins, frames. No
 * vCPU of @d is entered from the first call on. Returns -ERESTART while one of
 * them still runs (the caller sees to it that its CPU calls vcpu_leave()), and
 * as often as this CPU is asked to yield: call again, on any CPU, until it
 * returns 0. Then @d owns no frame but those that others hold references to,
 * which go with these; and the caller's pointer is no longer good. No two CPUs
 * may call it at once.
 */
__must_check int domain_destroy(struct domain *d);

#endif /* XEN_RELINQUISH_H */
