/* SPDX-License-Identifier: MIT */
/* Parks frames that are to leave the machine. */
#include <xen/bug.h>

#include "magazine.h"
#include "parked.h"

unsigned long nr_leaving;

bool park_frame(struct page_info *pg)
{
    struct heap_node *node = node_of_chunk(page_to_pdx(pg) / CHUNK_FRAMES);
    unsigned long seen = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);

    do {
        BUG_ON((seen & PGC_state) != PGC_state_free);
        if (!has_mark(seen))
            return false;
    } while (!__atomic_compare_exchange_n(
        &pg->count_info, &seen,
        PGC_state_offlined | (seen & (PGC_broken | PGC_owing)), false,
        __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    __atomic_fetch_add(&node->nr_offline, 1, __ATOMIC_RELAXED);
    leaving_ends();

    return true;
}

/* A frame whose mark has been taken back since it was looked at is free by its
 * chunk. */
static void give_again(const struct page_info *pg, bool dirty)
{
    unsigned long pdx = page_to_pdx(pg);

    give_bits(pdx / CHUNK_FRAMES, pdx % CHUNK_FRAMES / BITS_PER_LONG,
              BIT(pdx % BITS_PER_LONG), dirty,
              dirty ? debt_of(pg) : TLB_NO_DEBT);
}

/* By who has reserved a frame. False: the marked one is not there, another has
 * taken it, or its mark has been taken back; so he has it reserved still. */
static bool park_reserved(struct page_info *pg)
{
    unsigned long pdx = page_to_pdx(pg), number = pdx / CHUNK_FRAMES;
    unsigned int w = pdx % CHUNK_FRAMES / BITS_PER_LONG;
    unsigned long bit = BIT(pdx % BITS_PER_LONG);

    if (!chunk_take_bits(&chunk_table[number], w, bit))
        return false;
    if (park_frame(pg))
        return true;
    give_again(pg, chunk_dirty(&chunk_table[number], w, bit) != 0);

    return false;
}

/*
 * Its bit is there to be taken only by who has reserved a frame. If there is
 * none to be reserved others have reserved all, and one of them comes by.
 */
void park_marked(struct page_info *pg)
{
    struct heap_node *node = node_of_chunk(page_to_pdx(pg) / CHUNK_FRAMES);

    if (is_leaving(pg) && node_reserve(node, 1, 1) && !park_reserved(pg))
        node_unreserve(node, 1);
}

void park_marked_of_run(struct page_info *pg, unsigned long nr)
{
    for (unsigned long i = 0; i < nr; i++)
        park_marked(pg + i);
}

void park_marked_of_taken(unsigned long number, unsigned long bits[CHUNK_WORDS])
{
    struct page_info *pg = pdx_to_page(number * CHUNK_FRAMES);

    for (unsigned int i = 0; i < CHUNK_FRAMES; i++) {
        if (bitmap_test(bits, i) && is_leaving(pg + i) && park_frame(pg + i))
            bits[i / BITS_PER_LONG] ^= BIT(i % BITS_PER_LONG);
    }
}

static unsigned long last_noted(struct heap_node *node, unsigned long number)
{
    unsigned long i;

    if (node->end == 0)
        return BIT_TREE_NONE;
    spin_lock(&node->lock);
    i = bit_tree_last(&node->noted, node_index(node, number));
    spin_unlock(&node->lock);

    return i == BIT_TREE_NONE ? i : node->base + i;
}

bool is_waiting(const struct page_info *pg)
{
    unsigned long pdx = page_to_pdx(pg);
    const unsigned long *word = &chunk_table[pdx / CHUNK_FRAMES]
                                     .free[pdx % CHUNK_FRAMES / BITS_PER_LONG];

    return __atomic_load_n(word, __ATOMIC_RELAXED) >> pdx % BITS_PER_LONG & 1 &&
           is_leaving(pg);
}

/* The last one below @pdx that is waiting. */
static unsigned long last_waiting(struct heap_node *node, unsigned long pdx)
{
    unsigned long number = pdx / CHUNK_FRAMES + 1;

    while ((number = last_noted(node, number)) != BIT_TREE_NONE) {
        unsigned long end = (number + 1) * CHUNK_FRAMES;

        if (end > pdx)
            end = pdx;
        while (end-- > number * CHUNK_FRAMES)
            if (is_waiting(pdx_to_page(end)))
                return end;
    }

    return BIT_TREE_NONE;
}

unsigned long park_waiting(struct heap_node *node, unsigned long nr)
{
    unsigned long pdx = node->end * CHUNK_FRAMES, parked = 0;

    while (parked < nr && (pdx = last_waiting(node, pdx)) != BIT_TREE_NONE)
        parked += park_reserved(pdx_to_page(pdx));

    return parked;
}

void park_all_waiting(void)
{
    for (unsigned int i = 0; i < nr_nodes && any_leaving(); i++) {
        unsigned long pdx = heap_nodes[i].end * CHUNK_FRAMES;

        while ((pdx = last_waiting(&heap_nodes[i], pdx)) != BIT_TREE_NONE)
            park_marked(pdx_to_page(pdx));
    }
}

void park_taken(struct page_info *pg, bool dirty)
{
    unsigned long pdx = page_to_pdx(pg), number = pdx / CHUNK_FRAMES;

    chunk_mark_dirty(&chunk_table[number], pdx % CHUNK_FRAMES / BITS_PER_LONG,
                     BIT(pdx % BITS_PER_LONG), dirty);
    if (park_frame(pg))
        return;
    give_again(pg, dirty);
    node_unreserve(node_of_chunk(number), 1);
}
