/* SPDX-License-Identifier: MIT */
/* Pins: a guest asks to keep a frame a table, though nothing refers to it. */
#ifndef PIN_H
#define PIN_H

#include <xen/compiler.h>
#include <xen/domain.h>
#include <xen/mm-frame.h>

/**
 * pin_table - make a frame of @owner's a table of @level, and keep it so.
 *
 * @v runs here, and its deferred record is empty; afterwards what is left of a
 * table that would not do may stand there. Returns 0; -ERESTART: interrupted,
 * call again; -EINVAL: it is not @owner's, cannot be such a table, or is
 * pinned; another: the reason why not.
 */
__must_check int pin_table(struct vcpu *v, struct domain *owner, mfn_t mfn,
                           unsigned int level);

/* No longer. What that leaves to be done may stand in the deferred record.
 * -EINVAL: it is not @owner's, or not pinned. */
__must_check int unpin_table(struct vcpu *v, struct domain *owner, mfn_t mfn);

#endif /* PIN_H */
