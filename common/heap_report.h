/* SPDX-License-Identifier: MIT */
/* What the heap says: why a request failed, and what is wrong with a frame that
 * is given back. */
#ifndef HEAP_REPORT_H
#define HEAP_REPORT_H

#include <xen/compiler.h>
#include <xen/mm-frame.h>
#include <xen/page_alloc.h>

/* Remember who gave back what. With CONFIG_DEBUG. */
void remember_free(mfn_t mfn, unsigned int order, uintptr_t caller);

/* Stop: @mfn is given back, but is free already. */
_Noreturn void refuse_free(mfn_t mfn);

/* A request has failed: tell, but not each time. */
void report_failure(unsigned int order, paddr_t limit);

/* The same of alloc_heap_range(): there are at most @longest frames in a row.
 */
void report_range_failure(unsigned long nr, unsigned long align, paddr_t limit,
                          unsigned long longest);

#endif /* HEAP_REPORT_H */
