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

/* Make @pg the head of a free block; its entry is zero, or in transit. */
__must_hold(heap_lock)
static void add_block(struct page_info *pg, unsigned int order)
{
    pg->count_info = PGC_state_free;
    as_free(pg)->order = (uint8_t)order;
    page_list_add(list_of(pg, order), pg);
    heap.nr_blocks[order]++;
}

__must_hold(heap_lock)
static void remove_block(struct page_info *pg, unsigned int order)
{
    page_list_del(list_of(pg, order), pg);
    heap.nr_blocks[order]--;
    *pg = (struct page_info){ 0 };
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

void insert_free_block(struct page_info *pg, unsigned int order)
{
    struct page_info *buddy;

    heap.nr_free += BIT(order);
    while (order < MAX_ORDER && (buddy = free_buddy(pg, order)) != NULL) {
        remove_block(buddy, order);
        if (buddy < pg)
            pg = buddy;
        order++;
    }
    add_block(pg, order);
}

static bool fits(const struct page_info *pg, unsigned int order, paddr_t limit)
{
    paddr_t start = mfn_to_maddr(page_to_mfn(pg));

    return start < limit && limit - start >= PAGE_SIZE << order;
}

/* In a tier that is all below @limit the first block of a list will do. */
__must_hold(heap_lock)
static struct page_info *find_in_tier(unsigned int tier, unsigned int order,
                                      paddr_t limit)
{
    for (unsigned int o = order; o <= MAX_ORDER; o++)
        for (struct page_info *pg = page_list_first(&heap.free[tier][o]); pg;
             pg = page_list_next(pg))
            if (fits(pg, order, limit))
                return pg;

    return NULL;
}

__must_hold(heap_lock)
static struct page_info *find_block(unsigned int order, paddr_t limit)
{
    struct page_info *pg = NULL;

    for (unsigned int tier = NR_TIERS; tier-- > 0 && !pg;)
        if (tier_start[tier] < limit)
            pg = find_in_tier(tier, order, limit);

    return pg;
}

/* The caller gets the lowest part, so that a limit finds it. */
struct page_info *take_free_block(unsigned int order, paddr_t limit)
{
    struct page_info *pg = find_block(order, limit);
    unsigned int o;

    if (!pg)
        return NULL;
    o = as_free(pg)->order;
    remove_block(pg, o);
    while (o > order) {
        o--;
        add_block(pg + BIT(o), o);
    }
    heap.nr_free -= BIT(order);

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
