/* SPDX-License-Identifier: MIT */
/* Takes memory in each way there is, and gives it back, beside the model. */
#include <xen/arch.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/heap_range.h>
#include <xen/heap_statistics.h>
#include <xen/numa.h>
#include <xen/page_ref.h>

#include <asm/contents.h>

#include "mixed_use.h"

#define MAX_STREAM 40U

struct slot mixed_slots[MIXED_SLOTS];
unsigned int mixed_nr_slots = MIXED_SLOTS;
unsigned long mixed_claimed[RAGGED_DOMAINS][NAIVE_NODES];

static struct heap_stream stream;

static struct slot *empty_slot(void)
{
    for (unsigned int i = 0; i < mixed_nr_slots; i++)
        if (mixed_slots[i].nr == 0)
            return &mixed_slots[i];

    return NULL;
}

unsigned long mixed_claims_of(unsigned int who)
{
    unsigned long sum = 0;

    for (unsigned int n = 0; n < NAIVE_NODES; n++)
        sum += mixed_claimed[who][n];

    return sum;
}

struct by_node mixed_free_for(unsigned int who)
{
    struct naive_counts counts = naive_count_frames();
    struct by_node free = { .sum = 0 };

    for (unsigned int n = 0; n < NAIVE_NODES; n++) {
        free.nr[n] = counts.nr_free[n];
        for (unsigned int i = 0; i < RAGGED_DOMAINS; i++)
            if (i != who)
                free.nr[n] -= mixed_claimed[i][n];
        free.sum += free.nr[n];
    }

    return free;
}

/* Could @who be given a block? From @node alone, or with NAIVE_NODES any. */
static bool can_have(unsigned int who, unsigned int node, unsigned int order,
                     paddr_t limit)
{
    struct by_node free = mixed_free_for(who);

    for (unsigned int n = 0; n < NAIVE_NODES && order <= MAX_ORDER; n++)
        if ((node == NAIVE_NODES || node == n) && free.nr[n] >= BIT(order) &&
            naive_frames_have(n, order, limit))
            return true;

    return false;
}

/* The first and the last word of a frame. */
static uint64_t *word_of(unsigned long mfn, unsigned int i)
{
    return (uint64_t *)frame_contents(_mfn(mfn)) + i * 511;
}

static void begin_use(struct slot *slot, bool is_zero)
{
    EXPECT(naive_frames_take(slot->mfn, slot->nr));
    for (unsigned long i = 0; i < slot->nr; i++)
        for (unsigned int k = 0; k < 2; k++) {
            EXPECT(!is_zero || *word_of(slot->mfn + i, k) == 0);
            *word_of(slot->mfn + i, k) = (slot->mfn + i) << 1 | 1;
        }
}

static void end_use(unsigned long mfn, unsigned long nr)
{
    for (unsigned long i = 0; i < nr; i++)
        for (unsigned int k = 0; k < 2; k++)
            EXPECT_EQ(*word_of(mfn + i, k), (mfn + i) << 1 | 1);
    EXPECT(naive_frames_give(mfn, nr));
}

static paddr_t draw_limit(void)
{
    paddr_t limit = (NAIVE_FIRST + draw(NAIVE_END - NAIVE_FIRST)) * PAGE_SIZE;

    switch (draw(5)) {
    case 0: return limit;
    case 1: return limit - 1;
    default: return HEAP_NO_LIMIT;
    }
}

static unsigned int draw_order(void)
{
    return draw(3) ? draw(2) : draw(3) ? draw(6) : draw(12);
}

/* Nobody has anything of the node in his cache, nor a chunk for himself. */
static bool all_is_at_hand(unsigned int node)
{
    struct heap_node_statistics s;

    heap_node_statistics(node, &s);

    return s.nr_cached == 0 && s.nr_owned == 0;
}

/* From which node, NAIVE_NODES: any; and the one to ask first. */
static unsigned int draw_nodes(unsigned int *near, unsigned int *flags)
{
    *near = node_of_cpu(arch_cpu_id());
    if (draw(4) > 0)
        return NAIVE_NODES;
    *near = draw(NAIVE_NODES);
    *flags |= HEAP_NODE(*near);
    if (draw(2))
        return NAIVE_NODES;
    *flags |= HEAP_EXACT_NODE;

    return *near;
}

/* It fails only if there is nothing, and the nearest node is asked first. */
void mixed_take(struct slot *slot)
{
    unsigned int order = draw_order(), flags = draw(3) ? HEAP_NO_SCRUB : 0;
    unsigned int near, node = draw_nodes(&near, &flags);
    paddr_t limit = draw_limit();
    bool is_there = can_have(RAGGED_DOMAINS, node, order, limit);
    bool is_near =
        all_is_at_hand(near) && can_have(RAGGED_DOMAINS, near, order, limit);
    struct page_info *pg;

    flags |= draw(4) ? 0 : HEAP_LONG_LIVED;
    pg = alloc_heap_pages(order, limit, flags, NULL);
    EXPECT_EQ(pg != NULL, is_there);
    if (!pg)
        return;
    *slot = (struct slot){ .mfn = mfn_x(page_to_mfn(pg)),
                           .nr = BIT(order),
                           .order = order };
    EXPECT(IS_ALIGNED(slot->mfn, slot->nr));
    EXPECT((slot->mfn + slot->nr) * PAGE_SIZE <= limit);
    EXPECT(node == NAIVE_NODES || naive_frame(slot->mfn)->node == node);
    EXPECT(!is_near || naive_frame(slot->mfn)->node == near);
    begin_use(slot, !(flags & HEAP_NO_SCRUB));
    slot->uncleared = order >= CHUNK_ORDER && draw(2);
    if (order >= CHUNK_ORDER && !slot->uncleared)
        heap_clear_entries(pg, order);
}

void mixed_take_range(struct slot *slot)
{
    unsigned long start = NAIVE_FIRST + draw(NAIVE_END - NAIVE_FIRST);
    unsigned long nr = 1 + draw(draw(4) ? 20 : 400), want[NAIVE_NODES] = { 0 };
    struct by_node free = mixed_free_for(RAGGED_DOMAINS);
    bool is_busy = false, is_claimed = false;
    mfn_t culprit;
    int rc;

    for (unsigned long mfn = start; mfn < start + nr; mfn++) {
        const struct naive_frame *frame = naive_frame(mfn);

        if (mfn >= NAIVE_END || !frame->is_ram)
            return;
        is_busy |= frame->used || frame->off;
        want[frame->node]++;
    }
    for (unsigned int n = 0; n < NAIVE_NODES; n++)
        is_claimed |= free.nr[n] < want[n];
    rc =
        heap_take_range(_mfn(start), nr, draw(2) ? HEAP_NO_SCRUB : 0, &culprit);
    if (is_busy)
        EXPECT(rc == -EBUSY || (is_claimed && rc == -ENOMEM));
    else
        EXPECT_EQ(rc, is_claimed ? -ENOMEM : 0);
    if (rc)
        return;
    *slot = (struct slot){ .mfn = start, .nr = nr, .is_range = true };
    begin_use(slot, false);
}

void mixed_take_stream(void)
{
    struct page_info *page[MAX_STREAM];
    unsigned int want = 0, flags = draw(2) ? HEAP_NO_SCRUB : 0, got;
    struct tlb_debt debt = TLB_NO_DEBT;
    unsigned long most = mixed_free_for(RAGGED_DOMAINS).sum;

    for (unsigned int i = 0; i < mixed_nr_slots && want < MAX_STREAM; i++)
        want += mixed_slots[i].nr == 0;
    got = alloc_heap_stream(&stream, HEAP_NO_LIMIT, flags, page, want, &debt);
    EXPECT_EQ(got, want < most ? want : most);
    while (got-- > 0) {
        struct slot *slot = empty_slot();

        *slot = (struct slot){ .mfn = mfn_x(page_to_mfn(page[got])), .nr = 1 };
        begin_use(slot, !(flags & HEAP_NO_SCRUB));
    }
}

/* What was got is so much less that is claimed; of which nodes the heap says,
 * the nearest first. */
static void expect_redeemed(unsigned int who, unsigned long nr)
{
    unsigned long before = mixed_claims_of(who),
                  left = before < nr ? 0 : before - nr;

    for (unsigned int n = 0; n < NAIVE_NODES; n++) {
        EXPECT(ragged_domain[who]->claimed[n] <= mixed_claimed[who][n]);
        mixed_claimed[who][n] = ragged_domain[who]->claimed[n];
    }
    EXPECT_EQ(mixed_claims_of(who), left);
    EXPECT_EQ(ragged_domain[who]->nr_claimed, left);
}

void mixed_take_owned(struct slot *slot)
{
    unsigned int who = draw(RAGGED_DOMAINS), order = draw_order();
    unsigned int near = node_of_cpu(arch_cpu_id());
    struct domain *d = ragged_domain[who];
    bool may = d->nr_pages + BIT(order) <= RAGGED_QUOTA;
    paddr_t limit = draw_limit();
    bool is_near = may && mixed_claimed[who][near] >= BIT(order) &&
                   naive_frames_have(near, order, limit);
    bool is_there = may && can_have(who, NAIVE_NODES, order, limit);
    struct page_info *pg = alloc_domheap_pages(d, order, limit, 0);

    EXPECT_EQ(pg != NULL, is_there);
    expect_redeemed(who, pg ? BIT(order) : 0);
    if (!pg)
        return;
    *slot = (struct slot){ .mfn = mfn_x(page_to_mfn(pg)),
                           .nr = BIT(order),
                           .order = order,
                           .owner = d };
    EXPECT((slot->mfn + slot->nr) * PAGE_SIZE <= limit);
    EXPECT(!is_near || naive_frame(slot->mfn)->node == near);
    begin_use(slot, true);
}

void mixed_take_owned_stream(void)
{
    struct page_info *page[MAX_STREAM];
    unsigned int who = draw(RAGGED_DOMAINS), want = 0, got;
    struct domain *d = ragged_domain[who];
    unsigned long most = mixed_free_for(who).sum;

    for (unsigned int i = 0; i < mixed_nr_slots && want < MAX_STREAM; i++)
        want += mixed_slots[i].nr == 0;
    if (most > RAGGED_QUOTA - d->nr_pages)
        most = RAGGED_QUOTA - d->nr_pages;
    got = alloc_domheap_stream(d, HEAP_NO_LIMIT, 0, NULL, page, want);
    EXPECT_EQ(got, want < most ? want : most);
    expect_redeemed(who, got);
    while (got-- > 0) {
        struct slot *slot = empty_slot();

        *slot = (struct slot){ .mfn = mfn_x(page_to_mfn(page[got])),
                               .nr = 1,
                               .owner = d };
        begin_use(slot, true);
    }
}

void mixed_end_stream(void)
{
    heap_stream_end(&stream);
}

static struct tlb_debt draw_debt(void)
{
    cpumask_t who = { { draw(8) } };

    return draw(4) ? TLB_NO_DEBT : tlb_debt_now(&who);
}

/* Those that are to leave the machine are given up one by one. */
static void give_owned(const struct slot *slot)
{
    struct page_info *page[CHUNK_FRAMES];

    for (unsigned long done = 0; done < slot->nr;) {
        unsigned int nr = 0;

        for (; nr < CHUNK_FRAMES && done + nr < slot->nr; nr++)
            page[nr] = mfn_to_page(_mfn(slot->mfn + done + nr));
        nr = release_pages(slot->owner, page, nr);
        done += nr;
        if (nr == 0) {
            EXPECT(naive_frame(slot->mfn + done++)->off);
            EXPECT(get_page(page[0], slot->owner));
            EXPECT(put_page_allocated(page[0]));
            put_page(page[0]);
        }
    }
}

/* Of a block it may be the half that lies higher. */
void mixed_give(struct slot *slot)
{
    unsigned long mfn = slot->mfn, nr = slot->nr;
    bool half = nr > 1 && !slot->is_range && !slot->owner && !slot->uncleared &&
                draw(3) == 0;

    if (half) {
        nr /= 2;
        mfn += nr;
        slot->nr = nr;
        slot->order--;
    }
    end_use(mfn, nr);
    if (slot->is_range)
        heap_give_range(_mfn(mfn), nr, draw_debt());
    else if (slot->owner)
        give_owned(slot);
    else
        free_heap_pages(mfn_to_page(_mfn(mfn)), slot->order, draw_debt());
    if (!half)
        slot->nr = 0;
}

bool mixed_is_uncleared(unsigned long mfn)
{
    for (unsigned int i = 0; i < mixed_nr_slots; i++)
        if (mfn > mixed_slots[i].mfn &&
            mfn - mixed_slots[i].mfn < mixed_slots[i].nr)
            return mixed_slots[i].uncleared;

    return false;
}
