/* SPDX-License-Identifier: MIT */
/*
 * Checks the heap's invariants, by the numbers that heap_node.h gives them.
 *
 * Along all chunks: what the sets of the node say, what the words of the chunk
 * say, and the entries of the frames that are free by them. Then what the CPUs
 * have cached.
 */
#include <xen/page_alloc.h>
#include <xen/printk.h>
#include <xen/scrub.h>

#include "heap.h"
#include "heap_contents.h"
#include "magazine.h"
#include "parked.h"

/* With CONFIG_DEBUG the contents of the clean frames of so many chunks are
 * looked at. */
#define NR_READ 4U

/* What the walk has seen, and the first thing that was not as it must be. */
struct walk {
    unsigned long nr_free[MAX_NODES]; /* by node, but for cached ones */
    unsigned long nr_cached[MAX_NODES];
    unsigned long nr_offline[MAX_NODES];
    unsigned long nr_leaving;
    unsigned int nr_scrubbed[MAX_NODES]; /* chunks that are the scrubber's */
    unsigned int nr_read;
    int broken;
    unsigned long pdx;
    const char *what;
    unsigned long expected, found;
};

/* Note @what of frame @pdx unless it is as expected, and it is the first. */
static bool expect(struct walk *walk, int invariant, unsigned long pdx,
                   const char *what, unsigned long expected,
                   unsigned long found)
{
    if (expected != found && !walk->broken) {
        walk->broken = invariant;
        walk->pdx = pdx;
        walk->what = what;
        walk->expected = expected;
        walk->found = found;
    }

    return expected == found;
}

/* The first PDX need not be that of frame 0. */
static bool is_frame_0(unsigned long pdx)
{
    return mfn_x(pdx_to_mfn(pdx)) == 0;
}

/* Where all that is free has been claimed, a frame that is to leave waits: for
 * one who has claimed some, or finds too little. */
static unsigned long mark_that_may_be(unsigned long pdx)
{
    const struct heap_node *node = node_of_chunk(pdx / CHUNK_FRAMES);
    bool waits = (node->nr_available <= nr_leaving || node->nr_claimed > 0) &&
                 chunk_is_noted(&chunk_table[pdx / CHUNK_FRAMES]);

    return waits ? PGC_leaving | PGC_broken : 0;
}

/* The entry of a frame that is free by the words of its chunk, or cached. What
 * it owes is among what @all says. */
static void check_entry(struct walk *walk, unsigned long pdx, bool dirty,
                        uint64_t all)
{
    const struct page_info *pg = pdx_to_page(pdx);
    const struct page_free *entry = &pg->free_overlay;
    struct tlb_debt debt = debt_of(pg);

    expect(walk, 7, pdx, "frame 0 is free", false, is_frame_0(pdx));
    expect(walk, 6, pdx, "count_info of a free frame",
           PGC_state_free | (debt.taint ? PGC_owing : 0),
           pg->count_info & ~mark_that_may_be(pdx));
    expect(walk, 6, pdx, "links and order of a free frame", 0,
           pg->list.next | pg->list.prev | entry->order_word);
    if (!dirty)
        expect(walk, 8, pdx, "debt of a clean frame", 0,
               debt.taint | debt.stamp);
    else if (debt.taint && !tlb_debt_is_paid(debt))
        expect(walk, 6, pdx, "taint that its chunk's covers", debt.taint,
               debt.taint & all);
}

/* In which sets for runs is the chunk? A bit for each. */
static unsigned long sets_of(const struct heap_node *node, unsigned long i)
{
    unsigned long sets = 0;

    for (unsigned int c = 0; c < NR_CLASSES; c++)
        for (unsigned int r = 0; r < NR_RUNS; r++)
            if (bit_tree_test(&node->runs[c][r], i))
                sets |= BIT(c * NR_RUNS + r);

    return sets;
}

/* Of a clean frame. */
static void check_contents(struct walk *walk, unsigned long pdx)
{
    expect(walk, 15, pdx, "offset of what is not zero in a clean frame",
           PAGE_SIZE, contents_first_dirt(pdx));
}

static void check_clean_words(struct walk *walk, unsigned long number)
{
    const struct chunk *chunk = &chunk_table[number];

    if (!CONFIG_DEBUG || walk->nr_read == NR_READ)
        return;
    for (unsigned int i = 0; i < CHUNK_FRAMES; i++)
        if (bitmap_test(chunk->free, i) && !bitmap_test(chunk->dirty, i))
            check_contents(walk, number * CHUNK_FRAMES + i);
    walk->nr_read++;
}

/* Of a whole chunk. */
static void check_clean_chunk(struct walk *walk, unsigned long number)
{
    if (!CONFIG_DEBUG || walk->nr_read == NR_READ)
        return;
    for (unsigned int i = 0; i < CHUNK_FRAMES; i++)
        check_contents(walk, number * CHUNK_FRAMES + i);
    walk->nr_read++;
}

static void check_words(struct walk *walk, unsigned long number)
{
    const struct chunk *chunk = &chunk_table[number];

    for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
        unsigned long pdx = number * CHUNK_FRAMES + w * BITS_PER_LONG;
        unsigned long bits = chunk->free[w];

        walk->nr_free[node_of_chunk(number) - heap_nodes] += count_bits(bits);
        for (; bits; bits &= bits - 1)
            check_entry(walk, pdx + lowest_bit(bits),
                        chunk->dirty[w] >> lowest_bit(bits) & 1,
                        debt_table[number].taint);
    }
}

/* A frame that has left is nowhere, but keeps what it owes. */
static void check_parked(struct walk *walk, unsigned long pdx)
{
    const struct chunk *chunk = &chunk_table[pdx / CHUNK_FRAMES];
    const struct page_info *pg = pdx_to_page(pdx);
    const struct page_free *entry = &pg->free_overlay;
    unsigned int i = pdx % CHUNK_FRAMES;

    walk->nr_offline[node_of_pdx(pdx)]++;
    expect(walk, 10, pdx, "offline, and free", false,
           bitmap_test(chunk->free, i) || magazines_times(pdx) > 0);
    expect(walk, 10, pdx, "count_info of an offline frame",
           PGC_state_offlined | (entry->tlb_taint ? PGC_owing : 0),
           pg->count_info & ~PGC_broken);
    expect(walk, 10, pdx, "links and order of an offline frame", 0,
           pg->list.next | pg->list.prev | entry->order_word);
    expect(walk, 10, pdx, "debt of a clean frame", false,
           entry->tlb_taint && !bitmap_test(chunk->dirty, i));
}

/* The note says how many of them there are. */
static void check_note(struct walk *walk, struct heap_node *node,
                       unsigned long number)
{
    unsigned long nr = 0, pdx = number * CHUNK_FRAMES;

    expect(walk, 9, pdx, "in the set of chunks with a note",
           chunk_table[number].nr_offline > 0,
           bit_tree_test(&node->noted, number - node->base));
    if (chunk_table[number].nr_offline == 0)
        return;
    for (unsigned int i = 0; i < CHUNK_FRAMES; i++) {
        const struct page_info *pg = pdx_to_page(pdx + i);

        nr += has_mark(pg->count_info);
        walk->nr_leaving += is_leaving(pg);
        if (is_parked(pg))
            check_parked(walk, pdx + i);
    }
    expect(walk, 9, pdx, "frames that are to leave, or have left", nr,
           chunk_table[number].nr_offline);
}

/* A chunk that is in no whole block. */
static void check_chunk(struct walk *walk, struct heap_node *node,
                        unsigned long number)
{
    const struct chunk *chunk = &chunk_table[number];
    unsigned long i = number - node->base, pdx = number * CHUNK_FRAMES;
    bool owned = chunk->owner != NO_OWNER;
    int run = chunk_run(chunk);

    /* With a note it is none, whatever waits to leave. */
    if (run == RUN_WHOLE && chunk_is_noted(chunk))
        run--;
    expect(walk, 4, pdx, "owned, and among those that are", owned,
           bit_tree_test(&node->owned, i));
    expect(walk, 4, pdx, "sets that the chunk is in",
           chunk->set ? BIT(chunk->class * NR_RUNS + chunk->set - 1) : 0,
           sets_of(node, i));
    expect(walk, 4, pdx, "owned, and in a set", false, owned && chunk->set > 0);
    expect(walk, 4, pdx, "in the set of too short a run", false,
           !owned && run >= chunk->set);
    expect(walk, 3, pdx, "nobody's and free as a whole", false,
           !owned && run == RUN_WHOLE);
    walk->nr_scrubbed[node - heap_nodes] += chunk->owner == OWNER_SCRUBBER;
    check_words(walk, number);
    check_note(walk, node, number);
    check_clean_words(walk, number);
}

static void check_inside(struct walk *walk, struct heap_node *node,
                         unsigned long number)
{
    const struct chunk *chunk = &chunk_table[number];
    unsigned long pdx = number * CHUNK_FRAMES;

    expect(walk, 2, pdx, "has a place in the frame table", true,
           pdx_has_place(pdx));
    expect(walk, 2, pdx, "node of a block's chunk",
           (unsigned long)(node - heap_nodes), node_of_pdx(pdx));
    if (!heap_is_open(pdx))
        return;
    expect(walk, 1, pdx, "free by the words in a block", RUN_NONE + 1,
           (unsigned long)(chunk_run(chunk) + 1));
    expect(walk, 2, pdx, "owner or set of a block's chunk", 0,
           chunk->owner | chunk->set);
    expect(walk, 2, pdx, "a block's chunk is apart", false, chunk->is_apart);
    expect(walk, 2, pdx, "sets of a block's chunk", 0,
           sets_of(node, number - node->base));
    expect(walk, 2, pdx, "a block's chunk is among those owned", false,
           bit_tree_test(&node->owned, number - node->base));
    expect(walk, 9, pdx, "note of a block's chunk", 0, chunk->nr_offline);
}

static void check_block(struct walk *walk, struct heap_node *node,
                        unsigned long head, unsigned int order)
    __must_hold(node->lock);
static void check_block(struct walk *walk, struct heap_node *node,
                        unsigned long head, unsigned int order)
{
    unsigned int k = order - CHUNK_ORDER, other;
    unsigned long i = head - node->base, nr = BIT(k);
    unsigned long pdx = head * CHUNK_FRAMES;
    bool clean = bit_tree_test(&node->whole[CLEAN][k], i >> k);

    expect(walk, 7, pdx, "frame 0 is free", false, is_frame_0(pdx));
    expect(walk, 2, pdx, "in the sets of clean and of dirty ones", true,
           clean != bit_tree_test(&node->whole[DIRTY][k], i >> k));
    expect(walk, 8, pdx, "clean as a whole", clean,
           bit_tree_has_range(&node->clean, i, nr));
    expect(walk, 8, pdx, "debt of a clean block", false,
           clean && bit_tree_test(&node->owing, i));
    for (unsigned long n = 0; n < nr; n++) {
        check_inside(walk, node, head + n);
        if (bit_tree_test(&node->clean, i + n))
            check_clean_chunk(walk, head + n);
        expect(walk, 1, pdx + n * CHUNK_FRAMES, "first chunk of its block",
               head, node_block_of(node, head + n, &other));
        expect(walk, 1, pdx + n * CHUNK_FRAMES, "order of its block", order,
               other);
    }
    if (order < MAX_ORDER &&
        node_block_of(node, head ^ nr, &other) == (head ^ nr))
        expect(walk, 3, pdx, "buddy is whole, not merged", false,
               other == order);
    walk->nr_free[node - heap_nodes] += BIT(order);
}

/* Returns the next chunk to look at. */
static unsigned long walk_chunk(struct walk *walk, unsigned long number)
{
    struct heap_node *node = node_of_chunk(number);
    unsigned long head;
    unsigned int order;

    node_lock(node);
    head = node_block_of(node, number, &order);
    if (head != BIT_TREE_NONE)
        check_block(walk, node, head, order);
    else if (heap_is_open(number * CHUNK_FRAMES))
        check_chunk(walk, node, number);
    spin_unlock(&node->lock);

    return head == BIT_TREE_NONE ? number + 1 : head + BIT(order - CHUNK_ORDER);
}

static bool is_free_elsewhere(unsigned long pdx)
{
    const struct chunk *chunk = &chunk_table[pdx / CHUNK_FRAMES];
    struct heap_node *node = node_of_chunk(pdx / CHUNK_FRAMES);
    unsigned long head;
    unsigned int order;

    node_lock(node);
    head = node_block_of(node, pdx / CHUNK_FRAMES, &order);
    spin_unlock(&node->lock);

    return head != BIT_TREE_NONE ||
           bitmap_test(chunk->free, pdx % CHUNK_FRAMES) ||
           magazines_times(pdx) != 1;
}

static void check_cached_frame(struct walk *walk, unsigned long pdx, bool dirty)
{
    check_entry(walk, pdx, dirty, ~0UL);
    if (CONFIG_DEBUG && !dirty)
        check_contents(walk, pdx);
}

static void check_cached(unsigned long pdx, unsigned int order, bool dirty,
                         void *data)
{
    struct walk *walk = data;
    unsigned long nr = order < CHUNK_ORDER ? BIT(order) : 1;

    walk->nr_cached[node_of_pdx(pdx)] += BIT(order);
    for (unsigned long i = 0; i < nr; i++)
        if (order == CHUNK_ORDER)
            expect(walk, 6, pdx, "count_info of a cached chunk", PGC_state_free,
                   pdx_to_page(pdx)->count_info);
        else
            check_cached_frame(walk, pdx + i, dirty);
    expect(walk, 1, pdx, "cached, and free elsewhere", false,
           is_free_elsewhere(pdx));
}

static void check_counts(struct walk *walk)
{
    for (unsigned int n = 0; n < nr_nodes; n++) {
        const struct heap_node *node = &heap_nodes[n];
        unsigned long pdx = node->base * CHUNK_FRAMES;

        expect(walk, 5, pdx, "free frames of the node, claimed ones too",
               walk->nr_free[n], node_nr_free(node));
        expect(walk, 16, pdx, "more than one chunk is the scrubber's", false,
               walk->nr_scrubbed[n] > 1);
        expect(walk, 20, pdx, "more frames claimed than free", false,
               node->nr_claimed > walk->nr_free[n]);
        expect(walk, 5, pdx, "more frames free than given", false,
               walk->nr_free[n] + walk->nr_cached[n] > node->nr_frames);
        expect(walk, 10, pdx, "offline frames of the node", walk->nr_offline[n],
               node->nr_offline);
        expect(walk, 10, pdx, "more free and offline than given", false,
               walk->nr_free[n] + walk->nr_cached[n] + node->nr_offline >
                   node->nr_frames);
    }
    expect(walk, 9, 0, "frames that are to leave", walk->nr_leaving,
           nr_leaving);
}

int heap_check(void)
{
    struct walk walk = { 0 };
    unsigned long number = heap.first / CHUNK_FRAMES;

    scrub_pause();
    while (number * CHUNK_FRAMES < heap.end && !walk.broken)
        number = walk_chunk(&walk, number);
    magazines_look(check_cached, &walk);
    if (!walk.broken)
        check_counts(&walk);
    scrub_go_on();
    if (walk.broken)
        printk(LOG_ERROR,
               "heap: H%d is broken at frame %#lx: %s: expected %#lx, found "
               "%#lx\n",
               walk.broken, mfn_x(pdx_to_mfn(walk.pdx)), walk.what,
               walk.expected, walk.found);

    return walk.broken;
}
