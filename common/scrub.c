/* SPDX-License-Identifier: MIT */
/*
 * Scrubs free memory while CPUs idle: chunk by chunk of what is free as a
 * whole, and between them whatever is dirty in those that are taken apart.
 *
 * These are looked through one after the other, from the lowest, when a frame
 * has become free and dirty since that was last begun. That takes no memory,
 * and who gives a frame back says so by one flag of his node.
 */
#include <xen/arch.h>
#include <xen/background.h>
#include <xen/bug.h>
#include <xen/printk.h>
#include <xen/scrub.h>

#include <asm/contents.h>

#include "chunk_supply.h"
#include "heap_contents.h"
#include "parked.h"
#include "scrub_turn.h"

/* How many whole chunks there may be before the others get their turn. */
#define TURN 32U

/* How far a node's scrubber is. Written by whose turn it is. */
static struct scrubber {
    bool is_looking;     /* through the chunks that are taken apart */
    unsigned long own;   /* its chunk and 1, or 0 */
    unsigned long next;  /* the chunk to look at */
    unsigned int frame;  /* of its own chunk, or that one: done up to here */
    unsigned int nr_own; /* since it last looked through the others */
    unsigned long nr_done;
} __aligned(64) scrubbers[MAX_NODES];

/* The first chunk that cannot be scrubbed. */
static unsigned long end_of(const struct heap_node *node)
{
    unsigned long end = pdx_of_limit(CONTENTS_LIMIT) / CHUNK_FRAMES;

    return node->end < end ? node->end : end;
}

/* Of the frame @pg, which is free and in nobody's hands but ours: what it owes
 * is joined to *@debt. False: there is a mark on it, so it is let alone. */
static bool may_scrub(const struct page_info *pg, struct tlb_debt *debt)
{
    uint64_t state = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);

    if (state == (PGC_state_free | PGC_owing))
        *debt = tlb_debt_join(*debt, debt_of(pg));

    return (state & ~(uint64_t)PGC_owing) == PGC_state_free;
}

/* It owes nothing any longer. Atomic: another CPU may mark it. */
static void forget_debt(struct page_info *pg)
{
    pg->free_overlay.tlb_taint = 0;
    pg->free_overlay.tlbflush_timestamp = 0;
    __atomic_fetch_and(&pg->count_info, ~(uint64_t)PGC_owing, __ATOMIC_RELAXED);
}

/* Frames that were taken from word @w: a flush comes first, lest somebody write
 * there by an old translation. Returns those that are clean now. */
static unsigned long scrub_taken(unsigned long number, unsigned int w,
                                 unsigned long bits)
{
    struct page_info *pg =
        pdx_to_page(number * CHUNK_FRAMES + w * BITS_PER_LONG);
    struct tlb_debt debt = TLB_NO_DEBT;
    unsigned long clean = 0;

    for (unsigned long rest = bits; rest; rest &= rest - 1)
        if (may_scrub(pg + lowest_bit(rest), &debt))
            clean |= rest & -rest;
    if (debt.taint)
        tlb_debt_pay(debt);
    for (unsigned long rest = clean; rest; rest &= rest - 1) {
        contents_clear(pg + lowest_bit(rest), 1);
        forget_debt(pg + lowest_bit(rest));
    }

    return clean;
}

static void give_back(unsigned long number, unsigned int w, unsigned long bits,
                      bool dirty)
{
    if (bits)
        give_bits(number, w, bits, dirty, TLB_NO_DEBT);
}

/*
 * Scrub what can be had of the frames @bits, which were dirty and free. Returns
 * those that were tried, the lowest; none, if memory is short.
 *
 * What is claimed is borrowed without being reserved: who redeems it and finds
 * too little waits until the step is over (scrub_turn.h).
 */
static unsigned long scrub_bits(struct scrubber *s, struct heap_node *node,
                                unsigned long number, unsigned int w,
                                unsigned long bits)
{
    unsigned long nr = node_reserve(node, count_bits(bits), 1), clean, tried;

    if (nr == 0 && __atomic_load_n(&node->nr_claimed, __ATOMIC_RELAXED) == 0)
        return 0;
    tried = nr > 0 ? lowest_bits(bits, (unsigned int)nr) : bits;
    bits = chunk_take_bits(&chunk_table[number], w, tried);
    clean = scrub_taken(number, w, bits);
    give_back(number, w, clean, false);
    give_back(number, w, bits ^ clean, true);
    if (nr > 0)
        node_unreserve(node, nr);
    if (any_leaving())
        park_marked_of_run(
            pdx_to_page(number * CHUNK_FRAMES + w * BITS_PER_LONG),
            BITS_PER_LONG);
    __atomic_fetch_add(&s->nr_done, count_bits(clean), __ATOMIC_RELAXED);

    return tried;
}

enum progress { NOTHING, SOME, SHORT };

/* The next few frames of a chunk. */
static enum progress scrub_some(struct scrubber *s, struct heap_node *node,
                                unsigned long number)
{
    const struct chunk *chunk = &chunk_table[number];

    while (s->frame < CHUNK_FRAMES) {
        unsigned int w = s->frame / BITS_PER_LONG;
        unsigned long bits =
            __atomic_load_n(&chunk->free[w], __ATOMIC_RELAXED) &
            ~0UL << s->frame % BITS_PER_LONG;

        bits = lowest_bits(chunk_dirty(chunk, w, bits), SCRUB_STEP);
        if (!bits) {
            s->frame = (w + 1) * BITS_PER_LONG;
            continue;
        }
        bits = scrub_bits(s, node, number, w, bits);
        if (!bits)
            return SHORT;
        s->frame = w * BITS_PER_LONG + highest_bit(bits) + 1;
        return SOME;
    }
    s->frame = 0;

    return NOTHING;
}

/* If another has been given the chunk meanwhile, what is left is found as in
 * those that are taken apart. */
static enum progress scrub_own(struct scrubber *s, struct heap_node *node)
{
    unsigned long number = s->own - 1;
    enum progress progress = NOTHING;

    if (chunk_owner(&chunk_table[number]) != OWNER_SCRUBBER)
        node_soil(node);
    else
        progress = scrub_some(s, node, number);
    if (progress == NOTHING) {
        supply_release(OWNER_SCRUBBER, number);
        s->own = 0;
        s->frame = 0;
    }

    return progress == SHORT ? SHORT : SOME;
}

/* Through some of the chunks that are taken apart. */
static enum progress look_through(struct scrubber *s, struct heap_node *node)
{
    enum progress progress = NOTHING;

    for (unsigned int i = 0; i < SCRUB_STEP && progress == NOTHING; i++) {
        unsigned long pdx = s->next * CHUNK_FRAMES;

        if (s->next >= end_of(node)) {
            s->is_looking = false;
            break;
        }
        if (!heap_is_open(pdx)) {
            s->next = ALIGN_UP(s->next + 1, CHUNKS_PER_GROUP);
            continue;
        }
        if (node_of_pdx(pdx) == (unsigned int)(node - heap_nodes))
            progress = scrub_some(s, node, s->next);
        s->next += progress == NOTHING;
    }

    return progress == SHORT ? SHORT : SOME;
}

static bool begin_to_look(struct scrubber *s, struct heap_node *node)
{
    /* Full barrier: before what is free is looked at. Pairs with node_soil().
     */
    if (!__atomic_exchange_n(&node->is_soiled, false, __ATOMIC_SEQ_CST))
        return false;
    s->is_looking = true;
    s->next = node->base;
    s->nr_own = 0;

    return true;
}

static bool begin_chunk(struct scrubber *s, struct heap_node *node)
{
    s->own = supply_dirty_chunk(node, OWNER_SCRUBBER, end_of(node)) + 1;
    s->nr_own += s->own != 0;

    return s->own != 0;
}

/* Returns whether there may be more. */
static bool step(struct scrubber *s, struct heap_node *node)
{
    if (s->own)
        return scrub_own(s, node) != SHORT;
    if (s->is_looking)
        return look_through(s, node) != SHORT;
    if (s->nr_own >= TURN && begin_to_look(s, node))
        return true;

    return begin_chunk(s, node) || begin_to_look(s, node);
}

static bool step_node(unsigned int node)
{
    bool more;

    if (heap_nodes[node].end == 0 || !scrub_begin(node))
        return false;
    more = step(&scrubbers[node], &heap_nodes[node]);
    scrub_end(node);

    return more;
}

static bool has_cpu(unsigned int node)
{
    cpumask_t online;
    unsigned int cpu;

    cpumask_copy(&online, &cpu_online_map);
    for_each_cpu(cpu, &online)
        if (node_of_cpu(cpu) == node)
            return true;

    return false;
}

bool scrub_step(void)
{
    unsigned int here = node_of_cpu(arch_cpu_id());

    if (!chunk_table || step_node(here))
        return chunk_table != NULL;
    for (unsigned int i = 1; i < nr_nodes; i++) {
        unsigned int node = node_in_order(here, i);

        if (!has_cpu(node) && step_node(node))
            return true;
    }

    return false;
}

unsigned long scrub_nr_done(void)
{
    unsigned long sum = 0;

    for (unsigned int node = 0; node < nr_nodes; node++)
        sum += __atomic_load_n(&scrubbers[node].nr_done, __ATOMIC_RELAXED);

    return sum;
}

void scrub_start(void)
{
    static struct background work = { .step = scrub_step };
    struct heap_statistics heap;

    if (scrub_mode == SCRUB_OFF)
        return;
    heap_statistics(&heap);
    printk(LOG_INFO, "scrubbing %lu MiB in the background\n",
           heap.nr_dirty >> (20 - PAGE_SHIFT));
    background_register(&work);
}
