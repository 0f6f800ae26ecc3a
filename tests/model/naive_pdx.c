/* SPDX-License-Identifier: MIT */
/* Tries frames one by one, and each form that there could be. */
#include <stdlib.h>

#include "naive_pdx.h"

#define BLOCK        BIT(PDX_BLOCK_ORDER)
#define FRAME_BITS   (PADDR_BITS - PAGE_SHIFT)
#define MAX_SAMPLES  65536U
#define RANDOM_TRIES 64U

static unsigned long sample[MAX_SAMPLES];
static unsigned int nr_samples;

static bool is_ram(const struct memory_range *range)
{
    return range->kind == MEMORY_RAM && range->start < range->end;
}

static unsigned long first_of(const struct memory_range *range)
{
    return range->start >> PAGE_SHIFT;
}

static unsigned long last_of(const struct memory_range *range)
{
    return (range->end - 1) >> PAGE_SHIFT;
}

static void add_sample(unsigned long frame)
{
    if (nr_samples < MAX_SAMPLES && frame < BIT(FRAME_BITS))
        sample[nr_samples++] = frame;
}

static int compare(const void *a, const void *b)
{
    unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

    return x < y ? -1 : x > y;
}

static void draw_samples(const struct memory_range *range, unsigned int nr,
                         uint64_t (*random)(void))
{
    nr_samples = 0;
    for (unsigned int i = 0; i < nr; i++) {
        unsigned long first, last;

        if (!is_ram(&range[i]))
            continue;
        first = first_of(&range[i]);
        last = last_of(&range[i]);
        for (unsigned long d = 0; d < 2; d++) {
            add_sample(first - d);
            add_sample(last + d);
            add_sample(ALIGN_DOWN(first, BLOCK) - d);
            add_sample(ALIGN_DOWN(last, BLOCK) + BLOCK - d);
        }
        add_sample(first + random() % (last - first + 1));
    }
    for (unsigned int i = 0; i < RANDOM_TRIES; i++)
        add_sample(random() & (BIT(1 + random() % FRAME_BITS) - 1));
    qsort(sample, nr_samples, sizeof(sample[0]), compare);
}

static bool all_ram_has_pdx(const struct pdx_compression *c,
                            const struct memory_range *range, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        if (!is_ram(&range[i]))
            continue;
        for (unsigned long f = first_of(&range[i]); f < last_of(&range[i]);
             f += BLOCK)
            if (!pdx_has(c, _mfn(f)))
                return false;
        if (!pdx_has(c, _mfn(last_of(&range[i]))))
            return false;
    }

    return true;
}

/* Is the block around @frame in one piece, or without a PDX as a whole? */
static bool block_is_whole(const struct pdx_compression *c, unsigned long frame)
{
    unsigned long start = ALIGN_DOWN(frame, BLOCK), end = start + BLOCK - 1;

    if (pdx_has(c, _mfn(frame)) != pdx_has(c, _mfn(start)) ||
        pdx_has(c, _mfn(frame)) != pdx_has(c, _mfn(end)))
        return false;
    if (!pdx_has(c, _mfn(frame)))
        return true;

    return pdx_of(c, _mfn(frame)) - pdx_of(c, _mfn(start)) == frame - start &&
           pdx_of(c, _mfn(end)) - pdx_of(c, _mfn(start)) == BLOCK - 1;
}

static const char *broken_translation(const struct pdx_compression *c)
{
    unsigned long last_frame = 0, last_pdx = 0;
    bool any = false;

    for (unsigned int i = 0; i < nr_samples; i++) {
        unsigned long pdx;

        if (!block_is_whole(c, sample[i]))
            return "P3: a block is not in one piece";
        if (!pdx_has(c, _mfn(sample[i])))
            continue;
        pdx = pdx_of(c, _mfn(sample[i]));
        if (mfn_x(pdx_frame(c, pdx)) != sample[i])
            return "P2: there and back is elsewhere";
        if (any && sample[i] > last_frame && pdx <= last_pdx)
            return "P2: a higher frame has no higher PDX";
        any = true;
        last_frame = sample[i];
        last_pdx = pdx;
    }

    return NULL;
}

/* Are the @width bits from @shift on zero in each frame of RAM? */
static bool is_hole(const struct memory_range *range, unsigned int nr,
                    unsigned int shift, unsigned int width)
{
    for (unsigned int i = 0; i < nr; i++) {
        unsigned long above;

        if (!is_ram(&range[i]))
            continue;
        above = first_of(&range[i]) >> shift >> width;
        if (above != last_of(&range[i]) >> shift >> width ||
            ((first_of(&range[i]) | last_of(&range[i])) >> shift &
             (BIT(width) - 1)))
            return false;
    }

    return true;
}

static unsigned long best_mask(const struct memory_range *range,
                               unsigned int nr, unsigned long highest)
{
    unsigned long best = highest + 1;

    for (unsigned int shift = PDX_BLOCK_ORDER; shift < FRAME_BITS; shift++)
        for (unsigned int width = 1; shift + width <= FRAME_BITS; width++) {
            unsigned long high = highest >> shift >> width << shift;
            unsigned long pdx = high | (highest & (BIT(shift) - 1));

            if (!is_hole(range, nr, shift, width))
                break;
            if (pdx + 1 < best)
                best = pdx + 1;
        }

    return best;
}

static bool slot_has_ram(const struct memory_range *range, unsigned int nr,
                         unsigned long start, unsigned long size)
{
    for (unsigned int i = 0; i < nr; i++)
        if (is_ram(&range[i]) && first_of(&range[i]) < start + size &&
            start <= last_of(&range[i]))
            return true;

    return false;
}

/* With the smallest slots, but for the limit on their number. */
static unsigned long best_offset(const struct memory_range *range,
                                 unsigned int nr, unsigned long highest)
{
    unsigned long size = BLOCK, nr_below = 0;

    while (highest / size >= PDX_MAX_SLOTS)
        size *= 2;
    for (unsigned long start = 0; start + size <= highest; start += size)
        nr_below += slot_has_ram(range, nr, start, size);

    return nr_below * size + highest % size + 1;
}

static unsigned long best_size(const struct memory_range *range,
                               unsigned int nr, unsigned long highest,
                               unsigned long reach)
{
    unsigned long identity = highest + 1;
    unsigned long best = best_mask(range, nr, highest);
    unsigned long offset = best_offset(range, nr, highest);

    if (offset < best)
        best = offset;
    if (identity <= reach && best > identity / 2)
        best = identity;

    return best;
}

const char *naive_pdx_broken_rule(const struct pdx_compression *c,
                                  const struct memory_range *range,
                                  unsigned int nr, unsigned long reach,
                                  uint64_t (*random)(void))
{
    unsigned long highest = 0;

    for (unsigned int i = 0; i < nr; i++)
        if (is_ram(&range[i]) && last_of(&range[i]) > highest)
            highest = last_of(&range[i]);

    if (!all_ram_has_pdx(c, range, nr))
        return "P1: RAM without a PDX";
    if (c->nr > highest + 1)
        return "P4: the identity would need fewer";
    if (c->nr != pdx_of(c, _mfn(highest)) + 1)
        return "the number of indices is wrong";
    if (c->nr != best_size(range, nr, highest, reach))
        return "not the form that suits best";
    draw_samples(range, nr, random);

    return broken_translation(c);
}
