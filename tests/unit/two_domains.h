/* SPDX-License-Identifier: MIT */
/* Two domains on four CPUs, for tests of who owns what. */
#ifndef TWO_DOMAINS_H
#define TWO_DOMAINS_H

#include <test.h>
#include <xen/domheap.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>

#include "../model/pv_machine.h"

static struct domain *d, *other;

static inline void two_domains(void)
{
    pv_machine(4);
    d = pv_domain(1, 2);
    other = pv_domain(2, 2);
    pv_mark_free();
}

static inline bool is_listed(const struct page_list *list,
                             const struct page_info *pg)
{
    const struct page_info *each = page_list_first(list);

    while (each && each != pg)
        each = page_list_next(each);

    return each != NULL;
}

/* As the heap hands it out. */
static inline struct page_info *nobodys_page(unsigned int order)
{
    struct page_info *pg =
        alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);

    if (!pg)
        test_fail(__FILE__, __LINE__, "no block of order %u", order);

    return pg;
}

/* The owner gives it up, and nobody else has it. */
static inline void release(struct page_info *pg)
{
    EXPECT(get_page_any(pg));
    EXPECT(put_page_allocated(pg));
    put_page(pg);
}

static inline bool is_free(const struct page_info *pg)
{
    unsigned int order;

    return !mfn_eq(heap_block_of(page_to_mfn(pg), &order), INVALID_MFN);
}

/* But for the stamp, as the heap hands it out. */
static inline bool is_nobodys(const struct page_info *pg)
{
    struct page_info copy = *pg;

    copy.inuse_overlay.last_word = 0;

    return page_info_is_zero(&copy);
}

#endif /* TWO_DOMAINS_H */
