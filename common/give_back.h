/* SPDX-License-Identifier: MIT */
/* A block on its way back to the heap, and what is wrong with it. */
#ifndef GIVE_BACK_H
#define GIVE_BACK_H

#include <xen/page_alloc.h>

/* The block, and who gives it. */
struct give_back {
    struct page_info *pg;
    mfn_t mfn;
    unsigned int order;
    struct tlb_debt debt;
    bool clean;
    bool leaving; /* some frame of it is marked (parked.h) */
    uintptr_t caller;
    mfn_t culprit;
};

/* Stop: tell @why, of the frame `culprit`. Or of that of the entry @pg, which
 * is not zero. */
_Noreturn void give_back_refuse(const struct give_back *back, const char *why);
_Noreturn void give_back_refuse_entry(struct give_back *back,
                                      const struct page_info *pg);

/* Stop at a block that there cannot be. */
void give_back_check_shape(struct give_back *back);

/* Stop where entries say nothing: inside a free block, and at a block of which
 * a part is free. */
void give_back_check_not_free(struct give_back *back);

#endif /* GIVE_BACK_H */
