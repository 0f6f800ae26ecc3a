/* SPDX-License-Identifier: MIT */
/* Frames of three nodes in an array. */
#include "naive_frames.h"

static struct naive_frame frames[NAIVE_END - NAIVE_FIRST];

struct naive_frame *naive_frame(unsigned long mfn)
{
    return &frames[mfn - NAIVE_FIRST];
}

static bool is_free(const struct naive_frame *frame)
{
    return frame->is_ram && !frame->used && !frame->off;
}

struct naive_counts naive_count_frames(void)
{
    struct naive_counts counts = { .nr_pending = 0 };

    for (unsigned long mfn = NAIVE_FIRST; mfn < NAIVE_END; mfn++) {
        const struct naive_frame *frame = naive_frame(mfn);

        if (!frame->is_ram)
            continue;
        counts.nr_free[frame->node] += is_free(frame);
        counts.nr_out[frame->node] += frame->off && !frame->used;
        counts.nr_pending += frame->off && frame->used;
    }

    return counts;
}

static bool inside(unsigned long mfn, unsigned long nr)
{
    return mfn >= NAIVE_FIRST && mfn < NAIVE_END && nr <= NAIVE_END - mfn;
}

bool naive_frames_take(unsigned long mfn, unsigned long nr)
{
    bool were_free = inside(mfn, nr);

    for (unsigned long i = 0; i < nr && inside(mfn, nr); i++) {
        were_free &= is_free(naive_frame(mfn + i));
        naive_frame(mfn + i)->used = true;
    }

    return were_free;
}

bool naive_frames_give(unsigned long mfn, unsigned long nr)
{
    bool were_used = inside(mfn, nr);

    for (unsigned long i = 0; i < nr && inside(mfn, nr); i++) {
        were_used &= naive_frame(mfn + i)->used;
        naive_frame(mfn + i)->used = false;
    }

    return were_used;
}

/* Is [mfn, mfn + 2^order) free, of one node, aligned? */
static bool is_block(unsigned long mfn, unsigned int order)
{
    if (mfn % BIT(order) != 0 || !inside(mfn, BIT(order)))
        return false;
    for (unsigned long i = 0; i < BIT(order); i++)
        if (!is_free(naive_frame(mfn + i)) ||
            naive_frame(mfn + i)->node != naive_frame(mfn)->node)
            return false;

    return true;
}

bool naive_frames_have(unsigned int node, unsigned int order, paddr_t limit)
{
    for (unsigned long mfn = ALIGN_UP(NAIVE_FIRST, BIT(order));
         mfn + BIT(order) <= NAIVE_END &&
         (mfn + BIT(order)) * PAGE_SIZE <= limit;
         mfn += BIT(order))
        if (naive_frame(mfn)->node == node && is_block(mfn, order))
            return true;

    return false;
}

void naive_frames_blocks(unsigned long nr_blocks[NR_ORDERS])
{
    for (unsigned int o = 0; o < NR_ORDERS; o++)
        nr_blocks[o] = 0;
    for (unsigned long mfn = NAIVE_FIRST; mfn < NAIVE_END;) {
        unsigned int order = 0;

        if (!is_block(mfn, 0)) {
            mfn++;
            continue;
        }
        while (order < MAX_ORDER && is_block(mfn, order + 1))
            order++;
        nr_blocks[order]++;
        mfn += BIT(order);
    }
}
