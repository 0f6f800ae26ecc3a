/* SPDX-License-Identifier: MIT */
/* The heap as a whole, for the files that it consists of. */
#ifndef HEAP_H
#define HEAP_H

#include <xen/page_alloc.h>

struct heap {
    /* Given to it, ever: all lies below this address, and between these PDXs.
     * Changes at boot, and when memory is added. */
    paddr_t reach;
    unsigned long first, end;
};

extern struct heap heap;

/* Let a frame that was free be in use: it is the caller's. What it owes is
 * joined to *@debt. Stops if it is not free. False: it is to leave the machine,
 * and remains as it was. */
bool heap_begin_use(struct page_info *pg, struct tlb_debt *debt);

#endif /* HEAP_H */
