/* SPDX-License-Identifier: MIT */
/*
 * Base pointers: the table of level 4 that a vCPU translates by, one for its
 * kernel and one for its users.
 */
#ifndef XEN_BASE_POINTER_H
#define XEN_BASE_POINTER_H

#include <xen/compiler.h>
#include <xen/domain.h>
#include <xen/mm-frame.h>

/**
 * vcpu_new_kernel_base, vcpu_new_user_base - have @v translate by @mfn.
 *
 * A frame of its domain's, which becomes a table of level 4. @v is the vCPU
 * that runs here, which then goes on by the new kernel's base at once; or one
 * that does not run. Its deferred record is empty, and may not be afterwards:
 * there the old table goes, if that is interrupted. The user's may be frame 0:
 * none.
 *
 * Returns 0; -ERESTART: interrupted, call again; another: the reason why not.
 */
__must_check int vcpu_new_kernel_base(struct vcpu *v, mfn_t mfn);
__must_check int vcpu_new_user_base(struct vcpu *v, mfn_t mfn);

#endif /* XEN_BASE_POINTER_H */
