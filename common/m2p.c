/* SPDX-License-Identifier: MIT */
/* The machine-to-physical table: where its memory is, and its entries. */
#include <public/xen.h>
#include <xen/arch.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>

/* What one superpage of the table describes: 1 GiB of RAM. */
#define FRAMES_PER_PIECE (SUPERPAGE_SIZE / sizeof(unsigned long))

_Static_assert(FRAMES_PER_PIECE % FRAMES_PER_GROUP == 0, "a group astride");

/* Entry 0, and how many a guest can reach. None before m2p_init(). */
static unsigned long *m2p;
static unsigned long nr_entries;

static int back_with_memory(unsigned long piece)
{
    struct page_info *pg =
        alloc_heap_pages(SUPERPAGE_ORDER, HEAP_NO_LIMIT, NULL);
    int rc;

    if (!pg)
        return -ENOMEM;
    rc = arch_map_m2p(m2p + piece * FRAMES_PER_PIECE, page_to_mfn(pg),
                      SUPERPAGE_FRAMES);
    if (rc)
        free_heap_pages(pg, SUPERPAGE_ORDER, TLB_NO_DEBT);

    return rc;
}

int m2p_init(void)
{
    unsigned long nr_groups = nr_pdxs / FRAMES_PER_GROUP, last = ~0UL;
    unsigned long nr = mfn_x(pdx_to_mfn(nr_pdxs - 1)) + 1;
    char *table;

    if (nr > MACH2PHYS_NR_ENTRIES) {
        printk(LOG_WARNING, "m2p: guests cannot name frames from %#lx on\n",
               MACH2PHYS_NR_ENTRIES);
        nr = MACH2PHYS_NR_ENTRIES;
    }
    table = arch_reserve_m2p(ALIGN_UP(nr, FRAMES_PER_PIECE) *
                             sizeof(unsigned long));
    if (!table)
        return -ENOMEM;
    m2p = (unsigned long *)table;

    /* A higher group is of higher frames, so pieces come in order. */
    for (unsigned long group = 0; group < nr_groups; group++) {
        mfn_t first = pdx_to_mfn(group * FRAMES_PER_GROUP);
        unsigned long piece = mfn_x(first) / FRAMES_PER_PIECE;
        int rc;

        if (!bitmap_test(valid_groups, group) || piece == last ||
            mfn_x(first) >= nr)
            continue;
        rc = back_with_memory(piece);
        if (rc)
            return rc;
        last = piece;
    }
    nr_entries = nr;

    return 0;
}

void m2p_set(mfn_t mfn, unsigned long gfn)
{
    ASSERT(mfn_valid(mfn));
    if (likely(mfn_x(mfn) < nr_entries))
        __atomic_store_n(&m2p[mfn_x(mfn)], gfn, __ATOMIC_RELAXED);
}

unsigned long m2p_get(mfn_t mfn)
{
    ASSERT(mfn_valid(mfn));
    if (mfn_x(mfn) >= nr_entries)
        return M2P_INVALID;

    return __atomic_load_n(&m2p[mfn_x(mfn)], __ATOMIC_RELAXED);
}
