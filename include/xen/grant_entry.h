/* SPDX-License-Identifier: MIT */
/*
 * The host's side of a grant mapping: an entry of a guest's table of level 1.
 *
 * @address and @flags are the guest's (GNTMAP_): the address that the entry is
 * to translate for @v, or, with GNTMAP_contains_pte, the machine address of the
 * entry itself. Any number at all.
 */
#ifndef XEN_GRANT_ENTRY_H
#define XEN_GRANT_ENTRY_H

#include <xen/compiler.h>
#include <xen/domain.h>

/**
 * grant_entry_make - have the entry lead to @mfn, which is @granter's.
 *
 * It may write there, unless GNTMAP_readonly. What stood there is replaced. The
 * deferred record of @v is empty, and so it is afterwards.
 * Returns 0; -ERESTART: interrupted, with nothing done; or why not: -EINVAL,
 * there is no such entry in a valid table of @v's domain's; -EBUSY, the frame
 * cannot be had.
 */
__must_check int grant_entry_make(struct vcpu *v, struct domain *granter,
                                  mfn_t mfn, uint64_t address,
                                  unsigned int flags);

/**
 * grant_entry_clear - take away the entry, if it is one that leads to @mfn.
 *
 * And in the way that @flags say: readable or writable. Of CPUs that do so at
 * once, to one entry, one succeeds. Returns 0; -EINVAL as above; -ESRCH:
 * another entry stands there. TLBs are for the caller to flush.
 */
__must_check int grant_entry_clear(struct vcpu *v, mfn_t mfn, uint64_t address,
                                   unsigned int flags);

#endif /* XEN_GRANT_ENTRY_H */
