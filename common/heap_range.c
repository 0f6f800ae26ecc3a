/* SPDX-License-Identifier: MIT */
/*
 * Takes the frames that one asks for, and not any others.
 *
 * A chunk that is whole is taken apart for it. Then the frames are taken by
 * their bits, a word at a time, whoever takes from the chunk: if some are not
 * there, those that are go back. Only when all are taken does their use begin.
 */
#include <xen/errno.h>
#include <xen/heap_range.h>

#include <asm/contents.h>

#include "heap.h"
#include "heap_contents.h"
#include "heap_range.h"
#include "magazine.h"
#include "parked.h"

/* The frames of one chunk that are wanted: [first, end) of it. */
struct piece {
    unsigned long number;
    unsigned int first, end;
};

static struct piece piece_at(mfn_t mfn, unsigned long nr)
{
    unsigned long pdx = mfn_to_pdx(mfn);
    unsigned int first = (unsigned int)(pdx % CHUNK_FRAMES);

    return (struct piece){
        .number = pdx / CHUNK_FRAMES,
        .first = first,
        .end = nr < CHUNK_FRAMES - first ? first + (unsigned int)nr
                                         : (unsigned int)CHUNK_FRAMES,
    };
}

static unsigned long piece_nr(const struct piece *piece)
{
    return piece->end - piece->first;
}

static struct page_info *piece_page(const struct piece *piece)
{
    return pdx_to_page(piece->number * CHUNK_FRAMES + piece->first);
}

/* Those of word @w. */
static unsigned long wanted_bits(const struct piece *piece, unsigned int w)
{
    unsigned long bits = ~0UL;

    if (piece->first >= (w + 1) * BITS_PER_LONG ||
        piece->end <= w * BITS_PER_LONG)
        return 0;
    if (piece->first > w * BITS_PER_LONG)
        bits &= ~0UL << piece->first % BITS_PER_LONG;
    if (piece->end < (w + 1) * BITS_PER_LONG)
        bits &= BIT(piece->end % BITS_PER_LONG) - 1;

    return bits;
}

/* Can the chunk have free frames? Then there is a word for each of them. */
static bool is_of_heap(unsigned long number)
{
    struct heap_node *node = node_of_chunk(number);
    unsigned int order;

    if (number < node->base || number >= node->end)
        return false;

    return heap_is_open(number * CHUNK_FRAMES) ||
           node_look_up(node, number, &order) != BIT_TREE_NONE;
}

/* Nobody has begun to use them: so they owe what they owed, and are as dirty.
 */
static void give_word(const struct piece *piece, unsigned int w)
{
    unsigned long bits = wanted_bits(piece, w);
    unsigned long dirty = chunk_dirty(&chunk_table[piece->number], w, bits);

    if (dirty)
        give_bits(piece->number, w, dirty, true, TLB_NO_DEBT);
    if (bits ^ dirty)
        give_bits(piece->number, w, bits ^ dirty, false, TLB_NO_DEBT);
}

static void give_piece(const struct piece *piece)
{
    for (unsigned int w = 0; w < CHUNK_WORDS; w++)
        give_word(piece, w);
    node_unreserve(node_of_chunk(piece->number), piece_nr(piece));
    if (any_leaving())
        park_marked_of_run(piece_page(piece), piece_nr(piece));
}

/* Which is the first of them that is not there, or not for long? BIT_TREE_NONE:
 * all are the caller's. */
static unsigned long take_words(const struct piece *piece)
{
    unsigned long pdx = piece->number * CHUNK_FRAMES;

    for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
        unsigned long missing = chunk_take_all(&chunk_table[piece->number], w,
                                               wanted_bits(piece, w));

        if (!missing)
            continue;
        for (unsigned int i = 0; i < w; i++)
            give_word(piece, i);
        return pdx + w * BITS_PER_LONG + lowest_bit(missing);
    }

    return BIT_TREE_NONE;
}

/* The first that is in use, or BIT_TREE_NONE. */
static unsigned long first_missing(const struct piece *piece)
{
    const struct chunk *chunk = &chunk_table[piece->number];

    for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
        unsigned long missing = wanted_bits(piece, w) & ~chunk_word(chunk, w);

        if (missing)
            return piece->number * CHUNK_FRAMES + w * BITS_PER_LONG +
                   lowest_bit(missing);
    }

    return BIT_TREE_NONE;
}

static int take_piece(const struct piece *piece, mfn_t *culprit)
{
    struct heap_node *node = node_of_chunk(piece->number);
    unsigned long nr = piece_nr(piece), pdx;
    int rc = 0;

    *culprit = pdx_to_mfn(piece->number * CHUNK_FRAMES + piece->first);
    if (!is_of_heap(piece->number))
        return -EBUSY;
    heap_open(piece->number * CHUNK_FRAMES, CHUNK_ORDER);
    /* The note takes the chunk apart, and has it stay so. */
    supply_note(piece->number);
    if (node_reserve(node, nr, nr) != nr) {
        pdx = first_missing(piece);
        rc = -ENOMEM;
    } else {
        pdx = take_words(piece);
        if (pdx != BIT_TREE_NONE)
            node_unreserve(node, nr);
    }
    supply_unnote(piece->number);
    if (pdx == BIT_TREE_NONE)
        return rc;
    *culprit = pdx_to_mfn(pdx);

    return -EBUSY;
}

static void give_pieces(mfn_t start, unsigned long nr)
{
    while (nr > 0) {
        struct piece piece = piece_at(start, nr);

        give_piece(&piece);
        start = mfn_add(start, piece_nr(&piece));
        nr -= piece_nr(&piece);
    }
}

/* The first that is marked: it will not be had. */
static bool find_marked(const struct piece *piece, mfn_t *culprit)
{
    for (unsigned long i = 0; i < piece_nr(piece); i++)
        if (is_leaving(piece_page(piece) + i)) {
            *culprit = page_to_mfn(piece_page(piece) + i);
            return true;
        }

    return false;
}

static int take_pieces(mfn_t start, unsigned long nr, mfn_t *culprit)
{
    unsigned long done = 0;
    int rc = 0;

    while (done < nr && !rc) {
        struct piece piece = piece_at(mfn_add(start, done), nr - done);

        rc = take_piece(&piece, culprit);
        if (!rc)
            done += piece_nr(&piece);
        if (!rc && find_marked(&piece, culprit))
            rc = -EBUSY;
    }
    if (rc)
        give_pieces(start, done);

    return rc;
}

/* One that is marked only now is used until it is given back. */
static void begin_piece(const struct piece *piece, struct tlb_debt *debt)
{
    struct page_info *pg = piece_page(piece);

    for (unsigned long i = 0; i < piece_nr(piece); i++)
        if (!heap_begin_use(pg + i, debt)) {
            *debt = tlb_debt_join(*debt, debt_of(pg + i));
            entry_clear(pg + i);
        }
}

static void scrub_piece(const struct piece *piece)
{
    const struct page_info *pg = piece_page(piece);

    for (unsigned int i = piece->first; i < piece->end; i++, pg++)
        if (chunk_dirty(&chunk_table[piece->number], i / BITS_PER_LONG,
                        BIT(i % BITS_PER_LONG)))
            contents_clear(pg, 1);
}

static void begin_pieces(mfn_t start, unsigned long nr, bool scrub)
{
    struct tlb_debt debt = TLB_NO_DEBT;
    unsigned long done;
    struct piece piece;

    for (done = 0; done < nr; done += piece_nr(&piece)) {
        piece = piece_at(mfn_add(start, done), nr - done);
        begin_piece(&piece, &debt);
    }
    if (debt.taint)
        tlb_debt_pay(debt);
    for (done = 0; scrub && done < nr; done += piece_nr(&piece)) {
        piece = piece_at(mfn_add(start, done), nr - done);
        scrub_piece(&piece);
    }
}

static int check_valid(mfn_t start, unsigned long nr, bool scrub,
                       mfn_t *culprit)
{
    *culprit = start;
    if (scrub && mfn_to_maddr(mfn_add(start, nr)) > CONTENTS_LIMIT)
        return -EINVAL;
    /* All of a group have a place, or none. */
    for (unsigned long i = 0; i < nr;
         i += FRAMES_PER_GROUP - mfn_x(*culprit) % FRAMES_PER_GROUP) {
        *culprit = mfn_add(start, i);
        if (!mfn_has_place(*culprit))
            return -EINVAL;
    }

    return 0;
}

int heap_take_range(mfn_t start, unsigned long nr, unsigned int flags,
                    mfn_t *culprit)
{
    int rc = check_valid(start, nr, !(flags & HEAP_NO_SCRUB), culprit);

    ASSERT(spin_holds_none());
    if (rc || nr == 0)
        return rc;
    rc = take_pieces(start, nr, culprit);
    if (rc) {
        magazines_shorten();
        rc = take_pieces(start, nr, culprit);
        magazines_lengthen();
    }
    if (!rc)
        begin_pieces(start, nr, !(flags & HEAP_NO_SCRUB));

    return rc;
}

/* The largest aligned part that @nr frames at @start begin with. */
static unsigned int part_order(mfn_t start, unsigned long nr, unsigned int most)
{
    unsigned int order = highest_bit(nr);

    if (mfn_x(start) != 0 && lowest_bit(mfn_x(start)) < order)
        order = lowest_bit(mfn_x(start));

    return order < most ? order : most;
}

void give_parts(mfn_t start, unsigned long nr, struct tlb_debt debt,
                unsigned int most)
{
    while (nr > 0) {
        unsigned int order = part_order(start, nr, most);

        free_heap_pages(mfn_to_page(start), order, debt);
        start = mfn_add(start, BIT(order));
        nr -= BIT(order);
    }
}

void heap_give_range(mfn_t start, unsigned long nr, struct tlb_debt debt)
{
    give_parts(start, nr, debt, CHUNK_ORDER - 1);
}
