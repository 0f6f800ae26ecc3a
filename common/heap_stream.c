/* SPDX-License-Identifier: MIT */
/*
 * Single frames for who takes many that will go together: each stream has a
 * chunk to itself, so what it takes lies together.
 */
#include <xen/arch.h>
#include <xen/page_owner.h>

#include <asm/contents.h>

#include "heap.h"
#include "heap_contents.h"
#include "magazine.h"
#include "page_take.h"

/* No CPU's number. Two streams may be taken for one: then they share a chunk.
 */
static uint32_t owner_of(const struct heap_stream *stream)
{
    return (uint32_t)((uintptr_t)stream >> 4) | 1U << 31;
}

/* The stream's chunk, or @another. */
static unsigned long chunk_for(struct heap_stream *stream,
                               struct heap_node *node, bool another,
                               unsigned int flags)
{
    struct wanted_chunk want = {
        .class = flags & HEAP_LONG_LIVED ? CLASS_STAYING : CLASS_MOVING,
        .prefer = flags & HEAP_NO_SCRUB ? DIRTY : CLEAN,
        .whole = true,
    };
    unsigned long number = stream->current - 1;

    if (!another && number != BIT_TREE_NONE && node_of_chunk(number) == node &&
        chunk_owner(&chunk_table[number]) == owner_of(stream))
        return number;
    if (number != BIT_TREE_NONE)
        supply_release(owner_of(stream), number);
    number = supply_chunk(node, owner_of(stream), BIT_TREE_NONE, &want);
    stream->current = number + 1;

    return number;
}

/* What has been taken so far, and which of it is still to be scrubbed. */
struct taken {
    struct page_info **page;
    unsigned int nr;
    struct tlb_debt debt;
    bool is_over; /* what is left is to leave, and all others are reserved */
};

/* 1, or 0: it is to leave, and was parked if it could be. */
static unsigned int add_frame(struct taken *taken, struct page_info *pg)
{
    if (unlikely(!heap_begin_use(pg, &taken->debt))) {
        taken->is_over |= !turn_back(pg, 0, CLEAN, TLB_NO_DEBT);
        return 0;
    }
    taken->page[taken->nr++] = pg;

    return 1;
}

/* Returns how many there were. */
static unsigned int add_bits(struct taken *taken, unsigned long number,
                             const unsigned long bits[CHUNK_WORDS],
                             unsigned long dirty[CHUNK_WORDS])
{
    unsigned int nr = 0;
    struct page_info *pg = pdx_to_page(number * CHUNK_FRAMES);

    for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
        dirty[w] = chunk_dirty(&chunk_table[number], w, bits[w]);
        for (unsigned long rest = bits[w]; rest; rest &= rest - 1)
            nr += add_frame(taken, pg + w * BITS_PER_LONG + lowest_bit(rest));
    }

    return nr;
}

/* Let those from @first on that are @dirty of their chunk be zero. */
static void scrub(struct taken *taken, unsigned int first,
                  const unsigned long dirty[CHUNK_WORDS])
{
    tlb_debt_pay(taken->debt);
    taken->debt = TLB_NO_DEBT;
    for (unsigned int i = first; i < taken->nr; i++) {
        const struct page_info *pg = taken->page[i];

        if (bitmap_test(dirty, page_to_pdx(pg) % CHUNK_FRAMES))
            contents_clear(pg, 1);
        if (CONFIG_DEBUG)
            contents_check(pg, 0);
    }
}

/* From one node, up to @nr. */
static void take_from_node(struct heap_stream *stream, struct heap_node *node,
                           unsigned int flags, struct taken *taken,
                           unsigned int nr)
{
    unsigned long reserved =
        flags & HEAP_RESERVED ? nr : node_reserve(node, nr, 1);
    bool another = false;

    while (reserved > 0 && !taken->is_over) {
        unsigned long number = chunk_for(stream, node, another, flags);
        unsigned long bits[CHUNK_WORDS], dirty[CHUNK_WORDS];
        unsigned int first = taken->nr;

        if (number == BIT_TREE_NONE)
            break;
        chunk_take_some(&chunk_table[number], reserved, bits);
        reserved -= add_bits(taken, number, bits, dirty);
        if (!(flags & HEAP_NO_SCRUB))
            scrub(taken, first, dirty);
        another = true;
    }
    if (reserved > 0 && !(flags & HEAP_RESERVED))
        node_unreserve(node, reserved);
}

unsigned int alloc_heap_stream(struct heap_stream *stream, paddr_t limit,
                               unsigned int flags, struct page_info **page,
                               unsigned int nr, struct tlb_debt *debt)
{
    struct taken taken = { .page = page };
    unsigned int node = flags >> 8 ? (flags >> 8) - 1 : magazines_here()->node;

    if (!(flags & HEAP_NO_SCRUB) && limit > CONTENTS_LIMIT)
        limit = CONTENTS_LIMIT;
    if (stream && limit >= heap.reach && node < nr_nodes)
        take_from_node(stream, &heap_nodes[node], flags, &taken, nr);

    /* What is left is found as single frames are, wherever it is. */
    while (taken.nr < nr) {
        struct tlb_debt owed;
        struct page_info *pg = alloc_heap_pages(0, limit, flags, &owed);

        if (!pg)
            break;
        taken.debt = tlb_debt_join(taken.debt, owed);
        page[taken.nr++] = pg;
    }
    if (taken.debt.taint)
        *debt = tlb_debt_join(*debt, taken.debt);
    for (unsigned int i = 0; CONFIG_PAGE_OWNER && i < taken.nr; i++)
        page_owner_took(page_to_pdx(page[i]), 0,
                        (uintptr_t)__builtin_return_address(0));

    return taken.nr;
}

void heap_stream_end(struct heap_stream *stream)
{
    unsigned long number = stream->current - 1;

    stream->current = 0;
    if (number == BIT_TREE_NONE)
        return;
    supply_release(owner_of(stream), number);
    heap_was_moved();
}
