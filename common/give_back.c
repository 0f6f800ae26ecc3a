/* SPDX-License-Identifier: MIT */
/* Looks closely at a block that is given back, and stops if it was not handed
 * out like this. */
#include <xen/bug.h>
#include <xen/printk.h>

#include "give_back.h"
#include "heap_report.h"
#include "magazine.h"
#include "parked.h"

_Noreturn void give_back_refuse(const struct give_back *back, const char *why)
{
    uintptr_t before = heap_last_free(back->culprit);

    printk(LOG_ERROR,
           "heap: %pS gives back frame %#lx (address %#lx), order %u: frame "
           "%#lx %s\n",
           (void *)back->caller, mfn_x(back->mfn), mfn_to_maddr(back->mfn),
           back->order, mfn_x(back->culprit), why);
    if (before)
        printk(LOG_ERROR, "heap: frame %#lx was last given back by %pS\n",
               mfn_x(back->culprit), (void *)before);
    BUG("what is given back was not handed out like this");
}

_Noreturn void give_back_refuse_entry(struct give_back *back,
                                      const struct page_info *pg)
{
    back->culprit = page_to_mfn(pg);
    if (page_state(pg) == PGC_state_free)
        give_back_refuse(back, "is free already");
    if (is_parked(pg))
        give_back_refuse(back, "has left the machine");
    printk(LOG_ERROR, "heap: entry %p: count_info %#lx, type_info %#lx\n", pg,
           pg->count_info, pg->inuse_overlay.type_info);
    give_back_refuse(back, "has a count, a type, an owner or a link");
}

/* Is @pg an entry of the table, and not a pointer to anywhere? */
static bool is_entry(const struct page_info *pg)
{
    uintptr_t offset = (uintptr_t)pg - (uintptr_t)frame_table;

    return offset % sizeof(*pg) == 0 && pdx_has_place(offset / sizeof(*pg));
}

/* Are all frames of the aligned block valid? One of each group is asked. */
static bool block_is_valid(mfn_t mfn, unsigned int order)
{
    for (unsigned long n = 0; n < BIT(order); n += FRAMES_PER_GROUP)
        if (!mfn_has_place(mfn_add(mfn, n)))
            return false;

    return true;
}

void give_back_check_shape(struct give_back *back)
{
    if (back->order > MAX_ORDER)
        give_back_refuse(back, "cannot start a block of that order");
    if (!is_entry(back->pg))
        give_back_refuse(back, "is not in the frame table");
    back->mfn = back->culprit = page_to_mfn(back->pg);
    if (!IS_ALIGNED(mfn_x(back->mfn), BIT(back->order)))
        give_back_refuse(back, "is not aligned to the order");
    if (!block_is_valid(back->mfn, back->order))
        give_back_refuse(back, "starts a block with frames that are not RAM");
    if (mfn_x(back->mfn) == 0)
        give_back_refuse(back, "is never the heap's");
}

/* Is some of the chunk free, by what the node says, or by its own words? */
static bool is_partly_free(unsigned long number, bool or_words)
{
    unsigned int order;

    return node_look_up(node_of_chunk(number), number, &order) !=
               BIT_TREE_NONE ||
           (or_words && heap_is_open(number * CHUNK_FRAMES) &&
            chunk_run(&chunk_table[number]) != RUN_NONE);
}

void give_back_check_not_free(struct give_back *back)
{
    unsigned long number = page_to_pdx(back->pg) / CHUNK_FRAMES;
    bool large = back->order >= CHUNK_ORDER;
    unsigned long nr = large ? BIT(back->order - CHUNK_ORDER) : 1;

    for (unsigned long i = 0; i < nr; i++) {
        if (!is_partly_free(number + i, large))
            continue;
        if (i > 0)
            back->culprit = pdx_to_mfn((number + i) * CHUNK_FRAMES);
        give_back_refuse(back, "is free already");
    }
}
