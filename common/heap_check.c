/* SPDX-License-Identifier: MIT */
/*
 * Checks the heap's invariants, by the numbers that free_blocks.h gives them.
 *
 * First along the lists: each entry must be the head of a block of that list.
 * Then along the frame table: each head must be right, and all it governs. As
 * both ways find as many blocks of each order, they find the same ones.
 */
#include <xen/page_alloc.h>
#include <xen/printk.h>

#include "free_blocks.h"

/* What the walk has seen, and the first thing that was not as it must be. */
struct walk {
    unsigned long nr_listed[NR_ORDERS], nr_found[NR_ORDERS], nr_free;
    unsigned long next; /* PDX behind the last block */
    int broken;
    mfn_t mfn;
    const char *what;
    unsigned long expected, found;
};

/* Note @what of frame @mfn unless it is as expected, and it is the first. */
static bool expect(struct walk *walk, int invariant, mfn_t mfn,
                   const char *what, unsigned long expected,
                   unsigned long found)
{
    if (expected != found && !walk->broken) {
        walk->broken = invariant;
        walk->mfn = mfn;
        walk->what = what;
        walk->expected = expected;
        walk->found = found;
    }

    return expected == found;
}

/* Does the link lead to an entry, and is that the head of a free block? */
static bool leads_to_head(page_link_t link)
{
    return link < nr_pdxs &&
           bitmap_test(valid_groups, link / FRAMES_PER_GROUP) &&
           is_free_head(pdx_to_page(link));
}

/* A block behind one that owes a flush owes one too; who owes none, no time. */
static void check_debt(struct walk *walk, struct page_info *pg, bool *owing)
{
    struct tlb_debt debt = free_block_debt(pg);
    mfn_t mfn = page_to_mfn(pg);

    if (debt.taint) {
        *owing = true;
        expect(walk, 8, mfn, "time above the highest", false,
               debt.stamp > TLB_CLOCK_MAX);
    } else {
        expect(walk, 8, mfn, "no debt behind one that owes", false, *owing);
        expect(walk, 8, mfn, "time of no debt", 0, debt.stamp);
    }
}

/* A list that ran in a circle would come to an entry from a second side. */
__must_hold(heap_lock)
static void walk_list(struct walk *walk, unsigned int tier, unsigned int order)
{
    const struct page_list *list = &heap.free[tier][order];
    page_link_t link = list->first, prev = PAGE_LINK_NONE;
    bool owing = false;

    while (link != PAGE_LINK_NONE) {
        mfn_t mfn = link < nr_pdxs ? pdx_to_mfn(link) : INVALID_MFN;
        struct page_info *pg = pdx_to_page(link);

        if (!expect(walk, 3, mfn, "free head on the list", true,
                    leads_to_head(link)) ||
            !expect(walk, 3, mfn, "order on the list", order,
                    as_free(pg)->order) ||
            !expect(walk, 3, mfn, "tier of the list", tier, heap_tier(mfn)) ||
            !expect(walk, 3, mfn, "link back", prev, pg->list.prev))
            return;
        check_debt(walk, pg, &owing);
        walk->nr_listed[order]++;
        prev = link;
        link = pg->list.next;
    }
    expect(walk, 3, INVALID_MFN, "last on the list", prev, list->last);
}

/* The frame at @pdx, of the block that ends at walk->next, is not its head. */
static void check_inside(struct walk *walk, unsigned long pdx)
{
    struct page_info *pg = pdx_to_page(pdx);
    mfn_t mfn = pdx_to_mfn(pdx);

    expect(walk, 1, mfn, "free head in a free block", false, is_free_head(pg));
    expect(walk, 2, mfn, "entry of zeroes in a free block", true,
           page_info_is_zero(pg));
}

static bool is_free_block(mfn_t mfn, unsigned int order)
{
    struct page_info *pg;

    if (!mfn_valid(mfn))
        return false;
    pg = mfn_to_page(mfn);

    return is_free_head(pg) && as_free(pg)->order == order;
}

static void check_head(struct walk *walk, unsigned long pdx)
{
    mfn_t mfn = pdx_to_mfn(pdx);
    unsigned int order = as_free(pdx_to_page(pdx))->order;

    if (!expect(walk, 4, mfn, "order above MAX_ORDER", false,
                order > MAX_ORDER) ||
        !expect(walk, 4, mfn, "frames off the alignment", 0,
                mfn_x(mfn) & (BIT(order) - 1)) ||
        !expect(walk, 4, mfn, "all frames valid", true,
                block_is_valid(mfn, order)))
        return;

    expect(walk, 5, mfn, "free buddy, not merged", false,
           order < MAX_ORDER &&
               is_free_block(_mfn(mfn_x(mfn) ^ BIT(order)), order));
    expect(walk, 7, mfn, "frame 0 in a block", false, mfn_x(mfn) == 0);
    walk->nr_found[order]++;
    walk->nr_free += BIT(order);
    walk->next = pdx + BIT(order);
}

static void walk_group(struct walk *walk, unsigned long group)
{
    unsigned long pdx = group * FRAMES_PER_GROUP;
    unsigned long end = pdx + FRAMES_PER_GROUP;

    for (; pdx < end && !walk->broken; pdx++) {
        if (pdx < walk->next)
            check_inside(walk, pdx);
        else if (is_free_head(pdx_to_page(pdx)))
            check_head(walk, pdx);
    }
}

__must_hold(heap_lock)
static void check_counts(struct walk *walk)
{
    for (unsigned int o = 0; o <= MAX_ORDER; o++) {
        expect(walk, 3, INVALID_MFN, "blocks on lists, of those in the table",
               walk->nr_found[o], walk->nr_listed[o]);
        expect(walk, 6, INVALID_MFN, "count of blocks of an order",
               walk->nr_found[o], heap.nr_blocks[o]);
    }
    expect(walk, 6, INVALID_MFN, "count of free frames", walk->nr_free,
           heap.nr_free);
    expect(walk, 6, INVALID_MFN, "more frames free than given", false,
           heap.nr_free > heap.nr_frames);
}

__must_hold(heap_lock)
static void walk_heap(struct walk *walk)
{
    for (unsigned int tier = 0; tier < NR_TIERS; tier++)
        for (unsigned int order = 0; order <= MAX_ORDER; order++)
            walk_list(walk, tier, order);

    for (unsigned long g = 0; g < nr_pdxs / FRAMES_PER_GROUP; g++)
        if (bitmap_test(valid_groups, g))
            walk_group(walk, g);

    if (!walk->broken)
        check_counts(walk);
}

int heap_check(void)
{
    struct walk walk = { .mfn = INVALID_MFN };

    spin_lock(&heap_lock);
    walk_heap(&walk);
    spin_unlock(&heap_lock);

    if (walk.broken)
        printk(LOG_ERROR,
               "heap: H%d is broken at frame %#lx: %s: expected %#lx, found "
               "%#lx\n",
               walk.broken, mfn_x(walk.mfn), walk.what, walk.expected,
               walk.found);

    return walk.broken;
}
