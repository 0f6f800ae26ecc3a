/* SPDX-License-Identifier: MIT */
/*
 * The heap's door: locks, checks what comes back, and explains failures.
 *
 * The free blocks and their invariants are in free_blocks.h. A block that is
 * given back is first marked at its head as in transit, under the lock, then
 * looked through without it, and then freed, under the lock. So none holds the
 * lock over a loop of frames. Taking a block looks at a few dozen lists, and of
 * blocks that owe a flush asks for each CPU of the taint whether it is paid.
 *
 * Of two CPUs that give back one frame the second always stops if its block's
 * head is in what the first gives back: it looks for a mark that governs it
 * under the lock. If the first one's block lies further inside, it sees the
 * mark when it looks through its own, unless a split or a merge moves the mark
 * at that very moment; heap_check() then finds the mark (H1).
 */
#include <xen/bootmem.h>
#include <xen/bug.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>

#include "free_blocks.h"

/* Who gave back what: the last calls of free_heap_pages(), in a ring. */
struct past_free {
    unsigned long mfn;
    unsigned int order;
    uintptr_t caller;
};

static struct past_free
    history[CONFIG_DEBUG ? HEAP_HISTORY : 1] __guarded_by(heap_lock);
static unsigned long nr_frees __guarded_by(heap_lock);

/* How many calls of alloc_heap_pages() have failed since one did not. */
static unsigned long nr_failures __guarded_by(heap_lock);

/* And how often that was so for the first one. A guest can have one call fail
 * and the next one not, as often as it likes: so not all are explained. */
#define EXPLAINED_RUNS 64U
static unsigned long nr_runs __guarded_by(heap_lock);

__must_hold(heap_lock)
static void remember_free(mfn_t mfn, unsigned int order, uintptr_t caller)
{
    if (CONFIG_DEBUG)
        history[nr_frees++ % HEAP_HISTORY] =
            (struct past_free){ mfn_x(mfn), order, caller };
}

__must_hold(heap_lock)
static uintptr_t find_past_free(mfn_t mfn)
{
    for (unsigned long i = 1; i <= nr_frees && i <= HEAP_HISTORY; i++) {
        struct past_free *past = &history[(nr_frees - i) % HEAP_HISTORY];

        if (mfn_x(mfn) - past->mfn < BIT(past->order))
            return past->caller;
    }

    return 0;
}

uintptr_t heap_last_free(mfn_t mfn)
{
    uintptr_t caller;

    spin_lock(&heap_lock);
    caller = find_past_free(mfn);
    spin_unlock(&heap_lock);

    return caller;
}

/* One aligned block that the heap has not had yet. */
static void add_new_block(mfn_t mfn, unsigned int order)
{
    struct page_info *pg;

    BUG_ON(!block_is_valid(mfn, order));
    pg = mfn_to_page(mfn);
    spin_lock(&heap_lock);
    BUG_ON(!page_info_is_zero(pg) || free_block_of(mfn));
    heap.nr_frames += BIT(order);
    if (page_to_pdx(pg) < heap.first || heap.end == 0)
        heap.first = page_to_pdx(pg);
    if (page_to_pdx(pg) + BIT(order) > heap.end)
        heap.end = page_to_pdx(pg) + BIT(order);
    insert_free_block(pg, order, TLB_NO_DEBT);
    spin_unlock(&heap_lock);
}

void heap_add(mfn_t start, unsigned long nr)
{
    if (mfn_x(start) == 0 && nr > 0) {
        start = mfn_add(start, 1);
        nr--;
    }

    while (nr > 0) {
        unsigned int order = highest_bit(nr);

        if (order > lowest_bit(mfn_x(start)))
            order = lowest_bit(mfn_x(start));
        if (order > MAX_ORDER)
            order = MAX_ORDER;
        add_new_block(start, order);
        start = mfn_add(start, BIT(order));
        nr -= BIT(order);
    }
}

void heap_init(void)
{
    mfn_t start;
    unsigned long nr;

    while ((nr = bootmem_take_all(&start)) > 0)
        heap_add(start, nr);
}

/* What there was when a request failed; nr_failures 0: not worth a message. */
struct shortage {
    unsigned long nr_failures, nr_frames, nr_free, nr_below;
    unsigned int largest;
};

__must_hold(heap_lock)
static struct shortage count_failure(paddr_t limit)
{
    struct shortage s = { 0 };

    nr_runs += nr_failures++ == 0;
    if (!is_power_of_2(nr_failures) ||
        (nr_runs > EXPLAINED_RUNS && !is_power_of_2(nr_runs)))
        return s;
    s.nr_failures = nr_failures;
    s.nr_frames = heap.nr_frames;
    s.nr_free = heap.nr_free;
    s.nr_below = measure_below(limit, &s.largest);

    return s;
}

static void explain(const struct shortage *s, unsigned int order, paddr_t limit)
{
    char largest[48] = "none";

    if (s->largest < NR_ORDERS)
        snprintf(largest, sizeof(largest), "of order %u", s->largest);
    printk(LOG_WARNING,
           "heap: no block of order %u below %#lx, %lu failed in a row; free: "
           "%lu of %lu frames, below the limit %lu, largest block there %s\n",
           order, limit, s->nr_failures, s->nr_free, s->nr_frames, s->nr_below,
           largest);
}

/* What the block owes stands in its first entry, where nobody else looks. */
static __inlined struct page_info *take(unsigned int order, paddr_t limit)
{
    struct shortage shortage = { 0 };
    struct page_info *pg = NULL;

    spin_lock(&heap_lock);
    if (order <= MAX_ORDER)
        pg = take_free_block(order, limit);
    if (pg)
        nr_failures = 0;
    else
        shortage = count_failure(limit);
    spin_unlock(&heap_lock);

    if (shortage.nr_failures > 0)
        explain(&shortage, order, limit);

    return pg;
}

static struct tlb_debt take_debt(struct page_info *pg)
{
    struct tlb_debt owed = { pg->free_overlay.tlb_taint,
                             pg->free_overlay.tlbflush_timestamp };

    pg->free_overlay.tlb_taint = 0;
    pg->free_overlay.tlbflush_timestamp = 0;

    return owed;
}

struct page_info *alloc_heap_pages_paid(unsigned int order, paddr_t limit)
{
    struct page_info *pg;

    ASSERT(spin_holds_none());
    pg = take(order, limit);
    if (pg && __builtin_expect(pg->free_overlay.tlb_taint != 0, 0))
        tlb_debt_pay(take_debt(pg));

    return pg;
}

struct page_info *alloc_heap_pages_owing(unsigned int order, paddr_t limit,
                                         struct tlb_debt *debt)
{
    struct page_info *pg = take(order, limit);

    *debt = pg ? take_debt(pg) : TLB_NO_DEBT;

    return pg;
}

/* A block on its way back: who gives it, and what is wrong with it. */
struct give_back {
    struct page_info *pg;
    mfn_t mfn;
    unsigned int order;
    struct tlb_debt debt;
    uintptr_t caller;
    mfn_t culprit;
};

static _Noreturn void refuse(const struct give_back *back, const char *why)
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

/* Why the frame of the entry @pg, which is not zero, cannot be given back. */
static _Noreturn void refuse_entry(struct give_back *back,
                                   const struct page_info *pg)
{
    back->culprit = page_to_mfn(pg);
    if (page_state(pg) == PGC_state_free)
        refuse(back, "is free already");
    printk(LOG_ERROR, "heap: entry %p: count_info %#lx, type_info %#lx\n", pg,
           pg->count_info, pg->inuse_overlay.type_info);
    refuse(back, "has a count, a type, an owner or a link");
}

/* Is @pg an entry of the table, and not a pointer to anywhere? */
static bool is_entry(const struct page_info *pg)
{
    uintptr_t offset = (uintptr_t)pg - (uintptr_t)frame_table;

    return offset % sizeof(*pg) == 0 && offset / sizeof(*pg) < nr_pdxs &&
           bitmap_test(valid_groups, offset / sizeof(*pg) / FRAMES_PER_GROUP);
}

/* Stop at a block that there cannot be. */
static void check_shape(struct give_back *back)
{
    if (back->order > MAX_ORDER)
        refuse(back, "cannot start a block of that order");
    if (!is_entry(back->pg))
        refuse(back, "is not in the frame table");
    back->mfn = back->culprit = page_to_mfn(back->pg);
    if (!IS_ALIGNED(mfn_x(back->mfn), BIT(back->order)))
        refuse(back, "is not aligned to the order");
    if (!block_is_valid(back->mfn, back->order))
        refuse(back, "starts a block with frames that are not RAM");
    if (mfn_x(back->mfn) == 0)
        refuse(back, "is never the heap's");
}

/* Mark the block at its head, so that no other CPU gives a part of it back. */
static void begin_transit(struct give_back *back)
{
    struct page_info *pg = back->pg, *free;
    bool too_many, is_zero;

    spin_lock(&heap_lock);
    free = free_block_of(back->mfn);
    is_zero = page_info_is_zero(pg);
    too_many = heap.nr_free + BIT(back->order) > heap.nr_frames;
    if (!free && is_zero && !too_many) {
        __atomic_store_n(&pg->count_info, PGC_state_free, __ATOMIC_RELAXED);
        as_free(pg)->order = (uint8_t)(back->order | ORDER_IN_TRANSIT);
    }
    spin_unlock(&heap_lock);

    if (free)
        refuse(back, "is free already");
    if (!is_zero)
        refuse_entry(back, pg);
    if (too_many)
        refuse(back, "was never the heap's: more is free than it was given");
}

static void check_entries(struct give_back *back)
{
    for (unsigned long i = 1; i < BIT(back->order); i++)
        if (!page_info_is_zero(back->pg + i))
            refuse_entry(back, back->pg + i);
}

static void end_transit(const struct give_back *back)
{
    spin_lock(&heap_lock);
    remember_free(back->mfn, back->order, back->caller);
    page_info_clear(back->pg);
    insert_free_block(back->pg, back->order, back->debt);
    spin_unlock(&heap_lock);
}

__noinline void free_heap_pages(struct page_info *pg, unsigned int order,
                                struct tlb_debt debt)
{
    struct give_back back = {
        .pg = pg,
        .mfn = INVALID_MFN,
        .order = order,
        .debt = debt,
        .caller = (uintptr_t)__builtin_return_address(0),
        .culprit = INVALID_MFN,
    };

    check_shape(&back);
    begin_transit(&back);
    check_entries(&back);
    end_transit(&back);
}

void heap_statistics(struct heap_statistics *statistics)
{
    spin_lock(&heap_lock);
    statistics->nr_frames = heap.nr_frames;
    statistics->nr_free = heap.nr_free;
    statistics->first = heap.first;
    statistics->end = heap.end;
    for (unsigned int order = 0; order <= MAX_ORDER; order++)
        statistics->nr_blocks[order] = heap.nr_blocks[order];
    spin_unlock(&heap_lock);
}

unsigned long heap_nr_free(void)
{
    struct heap_statistics statistics;

    heap_statistics(&statistics);

    return statistics.nr_free;
}

unsigned long heap_nr_blocks(unsigned int order)
{
    struct heap_statistics statistics;

    heap_statistics(&statistics);

    return order <= MAX_ORDER ? statistics.nr_blocks[order] : 0;
}

mfn_t heap_block_of(mfn_t mfn, unsigned int *order)
{
    mfn_t head = INVALID_MFN;
    struct page_info *pg;

    spin_lock(&heap_lock);
    pg = free_block_of(mfn);
    if (pg && is_free_head(pg)) {
        head = page_to_mfn(pg);
        *order = as_free(pg)->order;
    }
    spin_unlock(&heap_lock);

    return head;
}
