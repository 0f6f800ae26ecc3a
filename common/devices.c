/* SPDX-License-Identifier: MIT */
/* Frames of devices: which of them a domain may map. */
#include <xen/domain.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>

#define NR_FRAMES (PADDR_MAX >> PAGE_SHIFT)

/* The first frame from @mfn on that has a place in the frame table, @end if
 * none below that has. That is by group. */
static unsigned long next_with_place(unsigned long mfn, unsigned long end)
{
    while (mfn < end && !mfn_has_place(_mfn(mfn)))
        mfn = ALIGN_DOWN(mfn, FRAMES_PER_GROUP) + FRAMES_PER_GROUP;

    return mfn < end ? mfn : end;
}

static bool is_device(const struct page_info *pg)
{
    return (__atomic_load_n(&pg->count_info, __ATOMIC_RELAXED) &
            PGC_count_mask) != 0 &&
           page_owner_tag(pg) == dom_io->tag;
}

/* An entry of zeroes is a frame that is no RAM, or RAM of the hypervisor's. */
static bool is_in_use(mfn_t mfn)
{
    const struct page_info *pg;
    unsigned int order;

    if (!mfn_eq(heap_block_of(mfn, &order), INVALID_MFN))
        return true;
    frame_table_open(mfn);
    pg = mfn_to_page(mfn);

    return !(page_info_is_zero(pg) || is_device(pg));
}

int domain_permit_device(struct domain *d, mfn_t start, unsigned long nr)
{
    unsigned long first = mfn_x(start), end, mfn;

    if (nr == 0 || first >= NR_FRAMES || nr > NR_FRAMES - first)
        return -EINVAL;
    if (d->nr_devices == DOMAIN_MAX_DEVICES)
        return -ENOSPC;

    end = first + nr;
    for (mfn = next_with_place(first, end); mfn < end;
         mfn = next_with_place(mfn + 1, end)) {
        if (is_in_use(_mfn(mfn)))
            return -EBUSY;
    }
    for (mfn = next_with_place(first, end); mfn < end;
         mfn = next_with_place(mfn + 1, end)) {
        struct page_info *pg = mfn_to_page(_mfn(mfn));

        /* It lives for ever, and has no quota for these. */
        if (!is_device(pg) && assign_pages(dom_io, pg, 0, ASSIGN_EXTRA))
            BUG("DOMID_IO cannot own a frame");
    }
    d->device[d->nr_devices++] = (struct device_range){ first, nr };

    return 0;
}

bool domain_may_map_device(const struct domain *d, mfn_t mfn)
{
    for (unsigned int i = 0; i < d->nr_devices; i++) {
        if (mfn_x(mfn) - d->device[i].start < d->device[i].nr)
            return true;
    }

    return false;
}
