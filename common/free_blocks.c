/* SPDX-License-Identifier: MIT */
/* Splits and merges free blocks, and finds one that will do. */
#include "free_blocks.h"

static const paddr_t tier_start[NR_TIERS] = {
    [TIER_BELOW_16M] = 0,
    [TIER_BELOW_4G] = 16UL << 20,
    [TIER_ABOVE_4G] = 4UL << 30,
};

spinlock_t heap_lock = SPINLOCK_INIT(LOCK_RANK_HEAP);

struct heap heap = {
    .free = { [0 ... NR_TIERS - 1] = { [0 ... MAX_ORDER] = PAGE_LIST_EMPTY } },
};

enum heap_tier heap_tier(mfn_t mfn)
{
    if (mfn_to_maddr(mfn) < tier_start[TIER_BELOW_4G])
        return TIER_BELOW_16M;

    return mfn_to_maddr(mfn) < tier_start[TIER_ABOVE_4G] ? TIER_BELOW_4G
                                                         : TIER_ABOVE_4G;
}

/* Validity is by group, so one frame of each is enough to ask. */
bool block_is_valid(mfn_t mfn, unsigned int order)
{
    for (unsigned long n = 0; n < BIT(order); n += FRAMES_PER_GROUP)
        if (!mfn_valid(mfn_add(mfn, n)))
            return false;

    return true;
}

/*
 * A block that holds the frame starts at its number with the low bits cleared,
 * for some order. Above a frame that is not valid no block can begin (H4).
 */
struct page_info *free_block_of(mfn_t mfn)
{
    for (unsigned int order = 0; order <= MAX_ORDER; order++) {
        mfn_t head = _mfn(ALIGN_DOWN(mfn_x(mfn), BIT(order)));
        struct page_info *pg;

        if (!mfn_valid(head))
            break;
        pg = mfn_to_page(head);
        if (page_state(pg) == PGC_state_free &&
            (as_free(pg)->order & ~ORDER_IN_TRANSIT) >= order)
            return pg;
    }

    return NULL;
}

__must_hold(heap_lock)
static struct page_list *list_of(const struct page_info *pg, unsigned int order)
{
    return &heap.free[heap_tier(page_to_mfn(pg))][order];
}

/* Make @pg, whose entry is zero, the head of a free block. */
__must_hold(heap_lock)
static __inlined void add_block(struct page_info *pg, unsigned int order,
                                struct tlb_debt debt)
{
    __atomic_store_n(&pg->count_info, PGC_state_free, __ATOMIC_RELAXED);
    as_free(pg)->order = (uint8_t)order;
    heap.nr_blocks[order]++;
    if (debt.taint) {
        as_free(pg)->tlb_taint = debt.taint;
        as_free(pg)->tlbflush_timestamp = debt.stamp;
        page_list_add_tail(list_of(pg, order), pg);
    } else {
        page_list_add(list_of(pg, order), pg);
    }
}

__must_hold(heap_lock)
static __inlined void remove_block(struct page_info *pg, unsigned int order)
{
    page_list_del(list_of(pg, order), pg);
    heap.nr_blocks[order]--;
    page_info_clear(pg);
}

/*
 * The buddy of the block of @order at @pg, if it is free as one such block.
 *
 * It may be in a hole, and have no entry. It cannot be inside a larger free
 * block, for that would cover @pg too (H1).
 */
static struct page_info *free_buddy(const struct page_info *pg,
                                    unsigned int order)
{
    mfn_t mfn = _mfn(mfn_x(page_to_mfn(pg)) ^ BIT(order));
    struct page_info *buddy;

    if (!mfn_valid(mfn))
        return NULL;
    buddy = mfn_to_page(mfn);

    return is_free_head(buddy) && as_free(buddy)->order == order ? buddy : NULL;
}

void insert_free_block(struct page_info *pg, unsigned int order,
                       struct tlb_debt debt)
{
    struct page_info *buddy;

    heap.nr_free += BIT(order);
    while (order < MAX_ORDER && (buddy = free_buddy(pg, order)) != NULL) {
        debt = tlb_debt_join(debt, free_block_debt(buddy));
        remove_block(buddy, order);
        if (buddy < pg)
            pg = buddy;
        order++;
    }
    add_block(pg, order, debt);
}

static bool fits(const struct page_info *pg, unsigned int order, paddr_t limit)
{
    paddr_t start = mfn_to_maddr(page_to_mfn(pg));

    return start < limit && limit - start >= PAGE_SIZE << order;
}

/* If the debt of the block has been paid, forget it. */
static bool owes_nothing(struct page_info *pg)
{
    struct page_free *block = as_free(pg);

    if (block->tlb_taint == 0)
        return true;
    if (!tlb_debt_is_paid(free_block_debt(pg)))
        return false;
    block->tlb_taint = 0;
    block->tlbflush_timestamp = 0;

    return true;
}

/* If not all of the list's tier is below @limit it is searched. */
static __inlined struct page_info *first_fit(const struct page_list *list,
                                             unsigned int order, paddr_t limit)
{
    struct page_info *pg = page_list_first(list);

    while (pg && !fits(pg, order, limit))
        pg = page_list_next(pg);

    return pg;
}

/* The smallest block that will do, whatever it owes, in the highest tier. */
__must_hold(heap_lock)
static struct page_info *find_block(unsigned int order, paddr_t limit)
{
    for (unsigned int tier = NR_TIERS; tier-- > 0;) {
        if (tier_start[tier] >= limit)
            continue;
        for (unsigned int o = order; o <= MAX_ORDER; o++) {
            struct page_info *pg = first_fit(&heap.free[tier][o], order, limit);

            if (pg)
                return pg;
        }
    }

    return NULL;
}

/*
 * A block that is paid, or else the first that is not. Of each list only the
 * first block that fits is asked: those that owe nothing come first, and of
 * the others the one that owes for longest (H8).
 */
__must_hold(heap_lock)
static struct page_info *find_paid(unsigned int tier, unsigned int order,
                                   paddr_t limit)
{
    struct page_info *owing = NULL;

    for (unsigned int o = order; o <= MAX_ORDER; o++) {
        struct page_info *pg = first_fit(&heap.free[tier][o], order, limit);

        if (!pg)
            continue;
        if (owes_nothing(pg))
            return pg;
        if (!owing)
            owing = pg;
    }

    return owing;
}

/* Take the lowest part, so that a limit finds it; the others owe @debt. */
__must_hold(heap_lock)
static __inlined void cut(struct page_info *pg, unsigned int order,
                          struct tlb_debt debt)
{
    unsigned int o = as_free(pg)->order;

    remove_block(pg, o);
    while (o > order) {
        o--;
        add_block(pg + BIT(o), o, debt);
    }
    heap.nr_free -= BIT(order);
}

/* The smallest block owes something: one that is paid is better. */
__must_hold(heap_lock)
static __noinline struct page_info *
take_owing_block(enum heap_tier tier, unsigned int order, paddr_t limit)
{
    struct page_info *pg = find_paid(tier, order, limit);
    struct tlb_debt debt = free_block_debt(pg);

    cut(pg, order, debt);
    pg->free_overlay.tlb_taint = debt.taint;
    pg->free_overlay.tlbflush_timestamp = debt.stamp;

    return pg;
}

/* The common way, of a block that owes nothing, is kept short. */
struct page_info *take_free_block(unsigned int order, paddr_t limit)
{
    struct page_info *pg = find_block(order, limit);

    if (!pg)
        return NULL;
    if (__builtin_expect(as_free(pg)->tlb_taint != 0, 0))
        return take_owing_block(heap_tier(page_to_mfn(pg)), order, limit);
    cut(pg, order, TLB_NO_DEBT);

    return pg;
}

/* How many of the 2^@order frames at @pg lie below @limit? */
static unsigned long frames_below(const struct page_info *pg,
                                  unsigned int order, paddr_t limit)
{
    unsigned long first = mfn_x(page_to_mfn(pg)), end = limit >> PAGE_SHIFT;

    if (end <= first)
        return 0;

    return end - first < BIT(order) ? end - first : BIT(order);
}

unsigned long measure_below(paddr_t limit, unsigned int *order)
{
    unsigned long most = 0, sum = 0;

    for (unsigned int i = 0; i < NR_TIERS * NR_ORDERS; i++) {
        struct page_list *list = &heap.free[i / NR_ORDERS][i % NR_ORDERS];
        struct page_info *pg;

        for (pg = page_list_first(list); pg; pg = page_list_next(pg)) {
            unsigned long nr = frames_below(pg, i % NR_ORDERS, limit);

            sum += nr;
            most = nr > most ? nr : most;
        }
    }
    *order = most ? highest_bit(most) : NR_ORDERS;

    return sum;
}
