/* SPDX-License-Identifier: MIT */
/* What exact ranges have in common with the search for one. */
#ifndef HEAP_RANGE_H
#define HEAP_RANGE_H

#include <xen/page_alloc.h>

/* Can the chunk have free frames? Then there is a word for each of them. */
bool is_of_heap(unsigned long number);

/* Give frames back in aligned parts of 2^@most at most. */
void give_parts(mfn_t start, unsigned long nr, struct tlb_debt debt,
                unsigned int most);

#endif /* HEAP_RANGE_H */
