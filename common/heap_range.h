/* SPDX-License-Identifier: MIT */
/* What exact ranges have in common with the search for one. */
#ifndef HEAP_RANGE_H
#define HEAP_RANGE_H

#include <xen/page_alloc.h>

/* Give frames back in aligned parts of 2^@most at most. */
void give_parts(mfn_t start, unsigned long nr, struct tlb_debt debt,
                unsigned int most);

#endif /* HEAP_RANGE_H */
