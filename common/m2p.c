/* SPDX-License-Identifier: MIT */
/* The machine-to-physical table: where its memory is, and its entries. */
#include <public/xen.h>
#include <xen/arch.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>
#include <xen/printk.h>

#include "frame_table_memory.h"
#include "once.h"

/* What one superpage of the table describes: 1 GiB of RAM. A piece is numbered
 * by the frame, or by the index: the latter are fewer. */
#define FRAMES_PER_PIECE (SUPERPAGE_SIZE / sizeof(unsigned long))

_Static_assert(FRAMES_PER_PIECE % FRAMES_PER_GROUP == 0, "a group astride");
_Static_assert(BIT(PDX_BLOCK_ORDER) % FRAMES_PER_PIECE == 0,
               "the frames of a piece have indices in several");

#define GROUPS_PER_PIECE (FRAMES_PER_PIECE / FRAMES_PER_GROUP)
#define MAX_PIECES       (FRAME_TABLE_MAX_GROUPS / GROUPS_PER_PIECE)

_Static_assert(BITS_PER_LONG % GROUPS_PER_PIECE == 0, "a piece astride words");

/* Entry 0, and how many a guest can reach. None before m2p_init(). */
static unsigned long *m2p;
static unsigned long nr_entries;

/* Pieces, by index, that somebody has begun to fill, and those that are full.
 */
static unsigned long begun[BITMAP_LONGS(MAX_PIECES)];
static unsigned long full[BITMAP_LONGS(MAX_PIECES)];

static unsigned long piece_of(mfn_t mfn)
{
    return mfn_x(mfn) / FRAMES_PER_PIECE;
}

/* Has the piece that begins at @pdx such a group? */
static bool has_group(const unsigned long *groups, unsigned long pdx)
{
    unsigned long group = pdx / FRAMES_PER_GROUP;

    return groups[group / BITS_PER_LONG] >> group % BITS_PER_LONG &
           (BIT(GROUPS_PER_PIECE) - 1);
}

static int back_with_memory(unsigned long first, unsigned long end)
{
    static const struct table_kind under_m2p = { "m2p", arch_map_m2p };

    return table_back(&under_m2p, (char *)(m2p + first * FRAMES_PER_PIECE),
                      end - first, HOME_ANYWHERE);
}

/* Under each piece that has a group with RAM. A higher index is of a higher
 * frame, so pieces come in order, and those in a row are one. */
static int back_all(unsigned long nr)
{
    unsigned long first = 0, end = 0;

    for (unsigned long pdx = 0; pdx < nr_pdxs; pdx += FRAMES_PER_PIECE) {
        unsigned long piece;

        if (!has_group(ram_groups, pdx) || mfn_x(pdx_to_mfn(pdx)) >= nr)
            continue;
        piece = piece_of(pdx_to_mfn(pdx));
        if (piece > end) {
            int rc = back_with_memory(first, end);

            if (rc)
                return rc;
            first = piece;
        }
        end = piece + 1;
    }

    return back_with_memory(first, end);
}

/* Of the pieces of [@start, @start + @nr) that guests can reach and that have
 * no memory, the first; and how many. They follow one another: memory that is
 * added begins or ends in a piece that has RAM, or does not. */
static unsigned long pieces_lacking(mfn_t start, unsigned long nr,
                                    unsigned long *first)
{
    unsigned long pdx = ALIGN_DOWN(mfn_to_pdx(start), FRAMES_PER_PIECE);
    unsigned long end = mfn_to_pdx(start) + nr, nr_lacking = 0;

    for (; pdx < end; pdx += FRAMES_PER_PIECE) {
        mfn_t mfn = pdx_to_mfn(pdx);

        if (has_group(ram_groups, pdx) || mfn_x(mfn) >= nr_entries)
            continue;
        if (nr_lacking++ == 0)
            *first = piece_of(mfn);
    }

    return nr_lacking;
}

unsigned long m2p_lacks(mfn_t start, unsigned long nr)
{
    unsigned long first;

    return pieces_lacking(start, nr, &first);
}

void m2p_undo_add(mfn_t start, unsigned long nr)
{
    unsigned long first, nr_pieces = pieces_lacking(start, nr, &first);

    if (nr_pieces > 0)
        arch_unmap_table(m2p + first * FRAMES_PER_PIECE,
                         nr_pieces * SUPERPAGE_FRAMES);
}

int m2p_add(mfn_t start, unsigned long nr, mfn_t memory)
{
    unsigned long first, nr_pieces = pieces_lacking(start, nr, &first);
    int rc;

    if (nr_pieces == 0)
        return 0;
    rc = arch_map_m2p(m2p + first * FRAMES_PER_PIECE, memory,
                      nr_pieces * SUPERPAGE_FRAMES);
    if (rc)
        m2p_undo_add(start, nr);

    return rc;
}

int m2p_init(void)
{
    unsigned long nr = mfn_x(pdx_to_mfn(nr_pdxs - 1)) + 1;
    char *table;
    int rc;

    if (nr > MACH2PHYS_NR_ENTRIES) {
        printk(LOG_WARNING, "m2p: guests cannot name frames from %#lx on\n",
               MACH2PHYS_NR_ENTRIES);
        nr = MACH2PHYS_NR_ENTRIES;
    }
    table = arch_reserve_m2p(ALIGN_UP(nr, FRAMES_PER_PIECE) *
                             sizeof(unsigned long));
    if (!table)
        return -ENOMEM;
    m2p = (unsigned long *)table;
    rc = back_all(nr);
    if (rc)
        return rc;
    nr_entries = nr;
    for (unsigned long pdx = 0; pdx < nr_pdxs; pdx += FRAMES_PER_PIECE)
        if (has_group(valid_groups, pdx))
            m2p_open(pdx_to_mfn(pdx));

    return 0;
}

void m2p_open(mfn_t mfn)
{
    unsigned long piece = mfn_to_pdx(mfn) / FRAMES_PER_PIECE;

    if (mfn_x(mfn) >= nr_entries || !once_begin(begun, full, piece))
        return;
    arch_open_m2p(m2p + piece_of(mfn) * FRAMES_PER_PIECE, SUPERPAGE_SIZE);
    once_set(full, piece);
}

void m2p_set(mfn_t mfn, unsigned long gfn)
{
    ASSERT(mfn_valid(mfn));
    if (likely(mfn_x(mfn) < nr_entries))
        __atomic_store_n(&m2p[mfn_x(mfn)], gfn, __ATOMIC_RELAXED);
}

unsigned long m2p_get(mfn_t mfn)
{
    ASSERT(mfn_valid(mfn));
    if (mfn_x(mfn) >= nr_entries)
        return M2P_INVALID;

    return __atomic_load_n(&m2p[mfn_x(mfn)], __ATOMIC_RELAXED);
}
