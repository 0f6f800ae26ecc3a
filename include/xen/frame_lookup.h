/* SPDX-License-Identifier: MIT */
/*
 * From a frame to its entry, and back: a few instructions each.
 * <xen/frame_table.h> includes it.
 */
#ifndef XEN_FRAME_LOOKUP_H
#define XEN_FRAME_LOOKUP_H

/* Is there an entry? Any number may be asked, here and below. Acquire: pairs
 * with frame_table_open(). */
static inline bool pdx_valid(unsigned long pdx)
{
    return pdx < nr_pdxs &&
           bitmap_test_acquire(valid_groups, pdx / FRAMES_PER_GROUP);
}

static inline bool mfn_valid(mfn_t mfn)
{
    return mfn_has_pdx(mfn) && pdx_valid(mfn_to_pdx(mfn));
}

/* Is there a place for one, so that it may be opened? */
static inline bool pdx_has_place(unsigned long pdx)
{
    return pdx < nr_pdxs &&
           bitmap_test_acquire(ram_groups, pdx / FRAMES_PER_GROUP);
}

static inline bool mfn_has_place(mfn_t mfn)
{
    return mfn_has_pdx(mfn) && pdx_has_place(mfn_to_pdx(mfn));
}

/* The entry of a valid frame, and back. */
static inline struct page_info *mfn_to_page(mfn_t mfn)
{
    ASSERT(mfn_valid(mfn));
    return frame_table + mfn_to_pdx(mfn);
}

/* The first two at once: is it valid, whatever it is? Then *@pg is its entry.
 */
static __inlined bool mfn_find_page(mfn_t mfn, struct page_info **pg)
{
    unsigned long pdx;

    if (!mfn_has_pdx(mfn))
        return false;
    pdx = mfn_to_pdx(mfn);
    if (!pdx_valid(pdx))
        return false;
    *pg = frame_table + pdx;

    return true;
}

static inline unsigned long page_to_pdx(const struct page_info *pg)
{
    return (unsigned long)(pg - frame_table);
}

static inline struct page_info *pdx_to_page(unsigned long pdx)
{
    return frame_table + pdx;
}

static inline mfn_t page_to_mfn(const struct page_info *pg)
{
    return pdx_to_mfn(page_to_pdx(pg));
}

#endif /* XEN_FRAME_LOOKUP_H */
