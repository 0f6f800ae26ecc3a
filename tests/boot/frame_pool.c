/* SPDX-License-Identifier: MIT */
/* A small heap: what is below a limit, and most of that kept. */
#include <xen/bug.h>
#include <xen/printk.h>
#include <xen/tlb.h>

#include "frame_pool.h"

#define LIMIT (16UL << 20)

static struct page_info *kept[LIMIT >> PAGE_SHIFT];
static unsigned int nr_kept;

/* The last request fails, which the heap would tell. */
bool pool_open(unsigned int nr)
{
    enum log_level level = console_level();

    console_set_level(LOG_ERROR);
    nr_kept = 0;
    while ((kept[nr_kept] = alloc_heap_pages(0, LIMIT, HEAP_NO_SCRUB, NULL)) !=
           NULL)
        nr_kept++;
    console_set_level(level);
    if (nr_kept < nr) {
        pool_close();
        return false;
    }
    for (; nr > 0; nr--)
        free_heap_pages(kept[--nr_kept], 0, TLB_NO_DEBT);

    return true;
}

void pool_close(void)
{
    while (nr_kept > 0)
        free_heap_pages(kept[--nr_kept], 0, TLB_NO_DEBT);
}

struct page_info *pool_take(void)
{
    struct page_info *pg = alloc_heap_pages(0, LIMIT, HEAP_NO_SCRUB, NULL);

    BUG_ON(!pg);
    return pg;
}

void pool_return(struct page_info *pg, const cpumask_t *who)
{
    free_heap_pages(pg, 0, tlb_debt_now(who));
}
