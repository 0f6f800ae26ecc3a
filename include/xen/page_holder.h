/* SPDX-License-Identifier: MIT */
/*
 * Holders: what may own a reference to a frame, and how much of one.
 *
 * A reference is owned by somebody at any time: by an entry of a page table, a
 * pin, a base pointer, a record of work that is put off. Each is a holder, in
 * one of four states, and every function that may take or give back a part of a
 * reference says so in the holder that it is handed. There is no reference
 * whose owner must be guessed from a result.
 *
 *   hold             the holder owns
 *   ---------------  ----------------------------------------------------------
 *   HOLD_NONE        nothing
 *   HOLD_READ_ONLY   a general reference
 *   HOLD_HALF        a general reference, and what is left of one to the type
 *   HOLD_FULL        a general reference, and one to the type
 *
 * Half: the reference to the type was surrendered to the frame, which was
 * PGT_partial then. It may be anything by now. To drop such a hold is to finish
 * what is partial, if it still is, and no more.
 *
 * The entries of a page table are holders that no structure describes: with n
 * entries examined, those below n are full; entry n is half if partial_pte is
 * not 0 (<xen/page_info.h>); those from there on hold nothing.
 */
#ifndef XEN_PAGE_HOLDER_H
#define XEN_PAGE_HOLDER_H

#include <xen/page_info.h>

enum hold {
    HOLD_NONE,
    HOLD_READ_ONLY,
    HOLD_HALF,
    HOLD_FULL,
};

struct page_holder {
    struct page_info *page; /* NULL with HOLD_NONE */
    enum hold hold;
};

#define PAGE_HOLDER_EMPTY ((struct page_holder){ NULL, HOLD_NONE })

/* What @from holds becomes @to's, which held nothing. */
static inline void page_holder_move(struct page_holder *to,
                                    struct page_holder *from)
{
    ASSERT(to->hold == HOLD_NONE);
    *to = *from;
    *from = PAGE_HOLDER_EMPTY;
}

#endif /* XEN_PAGE_HOLDER_H */
