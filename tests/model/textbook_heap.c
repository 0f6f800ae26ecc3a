/* SPDX-License-Identifier: MIT */
/* Lists of free blocks, split and merged under one lock. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include <sys/mman.h>

#include <xen/bug.h>
#include <xen/spinlock.h>

#include "textbook_heap.h"

/* Memory by what can reach it, the scarcest first. */
static const unsigned long tier_start[] = { 0, BIT(12), BIT(20) };

#define NR_TIERS 3U

static spinlock_t lock = SPINLOCK_INIT(LOCK_RANK_HEAP);

/* Entries are their own: a link is an index of this table. */
static struct page_info *table;
static unsigned long nr_entries;

static struct {
    page_link_t first[NR_TIERS][NR_ORDERS];
    unsigned long nr_blocks[NR_ORDERS];
    unsigned long nr_free, nr_frames;
} heap __guarded_by(lock);

__no_lock_analysis
void textbook_init(unsigned long nr)
{
    table = mmap(NULL, nr * sizeof(*table), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    BUG_ON(table == MAP_FAILED || nr_entries > 0);
    nr_entries = nr;
    for (unsigned int i = 0; i < NR_TIERS * NR_ORDERS; i++)
        heap.first[i / NR_ORDERS][i % NR_ORDERS] = PAGE_LINK_NONE;
}

struct page_info *textbook_page(unsigned long frame)
{
    return table + frame;
}

unsigned long textbook_frame(const struct page_info *pg)
{
    return (unsigned long)(pg - table);
}

static unsigned int tier_of(unsigned long frame)
{
    return frame < tier_start[1] ? 0 : frame < tier_start[2] ? 1 : 2;
}

static bool is_head(const struct page_info *pg, unsigned int order)
{
    return page_state(pg) == PGC_state_free && pg->free_overlay.order == order;
}

__must_hold(lock)
static void insert(struct page_info *pg, unsigned int order)
{
    page_link_t link = (page_link_t)textbook_frame(pg);
    page_link_t *first = &heap.first[tier_of(link)][order];

    pg->count_info = PGC_state_free;
    pg->free_overlay.order = (uint8_t)order;
    pg->list.next = *first;
    pg->list.prev = PAGE_LINK_NONE;
    if (*first != PAGE_LINK_NONE)
        table[*first].list.prev = link;
    *first = link;
    heap.nr_blocks[order]++;
}

__must_hold(lock)
static void extract(struct page_info *pg, unsigned int order)
{
    struct page_list_entry at = pg->list;

    if (at.next != PAGE_LINK_NONE)
        table[at.next].list.prev = at.prev;
    if (at.prev != PAGE_LINK_NONE)
        table[at.prev].list.next = at.next;
    else
        heap.first[tier_of(textbook_frame(pg))][order] = at.next;
    page_info_clear(pg);
    heap.nr_blocks[order]--;
}

__must_hold(lock)
static void merge_in(struct page_info *pg, unsigned int order)
{
    heap.nr_free += BIT(order);
    for (; order < MAX_ORDER; order++) {
        unsigned long buddy = textbook_frame(pg) ^ BIT(order);

        if (buddy >= nr_entries || !is_head(table + buddy, order))
            break;
        extract(table + buddy, order);
        if (table + buddy < pg)
            pg = table + buddy;
    }
    insert(pg, order);
}

/* The head of the free block that holds the frame, or NULL: a block starts at
 * its number with the low bits cleared, for some order. */
static struct page_info *block_of(unsigned long frame)
{
    for (unsigned int order = 0; order <= MAX_ORDER; order++) {
        struct page_info *pg = table + ALIGN_DOWN(frame, BIT(order));

        if (page_state(pg) == PGC_state_free && pg->free_overlay.order >= order)
            return pg;
    }

    return NULL;
}

bool textbook_block_of(unsigned long frame, unsigned long *start,
                       unsigned int *order)
{
    struct page_info *pg = block_of(frame);

    if (!pg)
        return false;
    *start = textbook_frame(pg);
    *order = pg->free_overlay.order;

    return true;
}

void textbook_add(unsigned long start, unsigned long nr)
{
    unsigned long end = start + nr;

    BUG_ON(end > nr_entries);
    start += start == 0;
    while (start < end) {
        unsigned int order = highest_bit(end - start);

        if (order > lowest_bit(start))
            order = lowest_bit(start);
        if (order > MAX_ORDER)
            order = MAX_ORDER;
        spin_lock(&lock);
        BUG_ON(!page_info_is_zero(table + start) || block_of(start));
        heap.nr_frames += BIT(order);
        merge_in(table + start, order);
        spin_unlock(&lock);
        start += BIT(order);
    }
}

static bool fits(unsigned long frame, unsigned int order, paddr_t limit)
{
    return (frame + BIT(order)) << PAGE_SHIFT <= limit;
}

/* The smallest block that will do, in the highest tier. */
__must_hold(lock)
static struct page_info *find(unsigned int order, paddr_t limit)
{
    for (unsigned int tier = NR_TIERS; tier-- > 0;) {
        if (!fits(tier_start[tier], order, limit))
            continue;
        for (unsigned int o = order; o <= MAX_ORDER; o++) {
            page_link_t link = heap.first[tier][o];

            while (link != PAGE_LINK_NONE && !fits(link, order, limit))
                link = table[link].list.next;
            if (link != PAGE_LINK_NONE)
                return table + link;
        }
    }

    return NULL;
}

/* Take the lowest part of a block, so that a limit finds it. */
struct page_info *textbook_alloc(unsigned int order, paddr_t limit)
{
    struct page_info *pg;

    spin_lock(&lock);
    pg = find(order, limit);
    if (pg) {
        unsigned int o = pg->free_overlay.order;

        extract(pg, o);
        while (o-- > order)
            insert(pg + BIT(o), o);
        heap.nr_free -= BIT(order);
    }
    spin_unlock(&lock);

    return pg;
}

void textbook_free(struct page_info *pg, unsigned int order)
{
    unsigned long frame = textbook_frame(pg);

    BUG_ON(frame == 0 || frame >= nr_entries || order > MAX_ORDER);
    BUG_ON(!IS_ALIGNED(frame, BIT(order)) || frame + BIT(order) > nr_entries);
    spin_lock(&lock);
    BUG_ON(block_of(frame));
    for (unsigned long i = 0; i < BIT(order); i++)
        BUG_ON(!page_info_is_zero(pg + i));
    merge_in(pg, order);
    BUG_ON(heap.nr_free > heap.nr_frames);
    spin_unlock(&lock);
}

unsigned long textbook_nr_free(void)
{
    unsigned long nr;

    spin_lock(&lock);
    nr = heap.nr_free;
    spin_unlock(&lock);

    return nr;
}

unsigned long textbook_nr_blocks(unsigned int order)
{
    unsigned long nr;

    spin_lock(&lock);
    nr = order <= MAX_ORDER ? heap.nr_blocks[order] : 0;
    spin_unlock(&lock);

    return nr;
}

/* Along the lists: count the heads. False: a list is broken. */
__must_hold(lock)
static bool count_listed(unsigned long nr_blocks[NR_ORDERS])
{
    for (unsigned int i = 0; i < NR_TIERS * NR_ORDERS; i++) {
        page_link_t link = heap.first[i / NR_ORDERS][i % NR_ORDERS];
        page_link_t prev = PAGE_LINK_NONE;

        for (; link != PAGE_LINK_NONE; link = table[link].list.next) {
            if (link >= nr_entries || !is_head(table + link, i % NR_ORDERS) ||
                tier_of(link) != i / NR_ORDERS || table[link].list.prev != prev)
                return false;
            nr_blocks[i % NR_ORDERS]++;
            prev = link;
        }
    }

    return true;
}

/* The block at @frame; 0, or what it breaks. */
static int check_block(unsigned long frame)
{
    unsigned int order = table[frame].free_overlay.order;

    if (order > MAX_ORDER || !IS_ALIGNED(frame, BIT(order)) || frame == 0 ||
        frame + BIT(order) > nr_entries)
        return 3;
    for (unsigned long i = 1; i < BIT(order); i++)
        if (!page_info_is_zero(table + frame + i))
            return 1;
    if (order < MAX_ORDER && (frame ^ BIT(order)) < nr_entries &&
        is_head(table + (frame ^ BIT(order)), order))
        return 4;

    return 0;
}

/* Along the table: as many heads as on the lists are the same ones. */
__must_hold(lock)
static int check_table(unsigned long nr_listed[NR_ORDERS])
{
    unsigned long nr_blocks[NR_ORDERS] = { 0 }, nr_free = 0, frame = 0;

    while (frame < nr_entries) {
        unsigned int order = table[frame].free_overlay.order;
        int broken;

        if (page_state(table + frame) != PGC_state_free) {
            frame++;
            continue;
        }
        broken = check_block(frame);
        if (broken)
            return broken;
        nr_blocks[order]++;
        nr_free += BIT(order);
        frame += BIT(order);
    }
    for (unsigned int order = 0; order <= MAX_ORDER; order++) {
        if (nr_blocks[order] != nr_listed[order])
            return 2;
        if (nr_blocks[order] != heap.nr_blocks[order])
            return 5;
    }

    return nr_free == heap.nr_free && nr_free <= heap.nr_frames ? 0 : 5;
}

int textbook_check(void)
{
    unsigned long nr_listed[NR_ORDERS] = { 0 };
    int broken;

    spin_lock(&lock);
    broken = count_listed(nr_listed) ? check_table(nr_listed) : 2;
    spin_unlock(&lock);

    return broken;
}
