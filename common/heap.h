/* SPDX-License-Identifier: MIT */
/* The heap as a whole, for the files that it consists of. */
#ifndef HEAP_H
#define HEAP_H

#include <xen/page_alloc.h>

struct heap {
    /* Given to it, ever, or may be: all lies below this address. Changes at
     * boot only: who looks at it and then takes memory must not get some that
     * was added in between, above his limit. */
    paddr_t reach;
    /* Given to it, ever: between these PDXs. Changes when memory is added. */
    unsigned long first, end;
};

extern struct heap heap;

/* What `reach` is, unless requests are to fail (heap_fault.c). */
paddr_t heap_true_reach(void);

/* Let a frame that was free be in use: it is the caller's. What it owes is
 * joined to *@debt. Stops if it is not free. False: it is to leave the machine,
 * and remains as it was. */
bool heap_begin_use(struct page_info *pg, struct tlb_debt *debt);

#endif /* HEAP_H */
