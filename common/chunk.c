/* SPDX-License-Identifier: MIT */
/* Looks for runs of free frames in a chunk, and takes them. */
#include "chunk.h"

/* Bit n for each n that is a multiple of 2^order. */
static const unsigned long first_of_run[] = {
    ~0UL,
    0x5555555555555555,
    0x1111111111111111,
    0x0101010101010101,
    0x0001000100010001,
    0x0000000100000001,
    0x0000000000000001,
};

const unsigned long run_mask[WORD_ORDER + 1] = {
    0x1, 0x3, 0xf, 0xff, 0xffff, 0xffffffff, ~0UL,
};

static unsigned long load_word(const struct chunk *chunk, unsigned int w)
{
    return __atomic_load_n(&chunk->free[w], __ATOMIC_RELAXED);
}

unsigned long runs_of_word(unsigned long word, unsigned int order)
{
    for (unsigned int o = 0; o < order; o++)
        word &= word >> BIT(o) & first_of_run[o + 1];

    return word;
}

/* The largest run of words that are full: bit w of @full for word w. */
static int run_of_words(unsigned int full)
{
    if (full == BIT(CHUNK_WORDS) - 1)
        return RUN_WHOLE;
    if ((full & 0x0f) == 0x0f || (full & 0xf0) == 0xf0)
        return 8;

    return full & full >> 1 & 0x55 ? 7 : 6;
}

/* The largest run within words, none of which is full. */
static int run_in_words(unsigned long words[CHUNK_WORDS])
{
    int order = RUN_NONE;
    unsigned long any;

    do {
        order++;
        any = 0;
        for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
            words[w] &= words[w] >> BIT(order) & first_of_run[order + 1];
            any |= words[w];
        }
    } while (any);

    return order;
}

int chunk_run(const struct chunk *chunk)
{
    unsigned long words[CHUNK_WORDS], any = 0;
    unsigned int full = 0;

    for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
        words[w] = load_word(chunk, w);
        any |= words[w];
        full |= (unsigned int)(words[w] == ~0UL) << w;
    }
    if (!any)
        return RUN_NONE;

    return full ? run_of_words(full) : run_in_words(words);
}

/* Take @bits of word @w, all or none. */
static bool take_bits(struct chunk *chunk, unsigned int w, unsigned long bits)
{
    unsigned long before =
        __atomic_fetch_and(&chunk->free[w], ~bits, __ATOMIC_SEQ_CST);

    if ((before & bits) == bits)
        return true;
    /* Somebody else has some; what we have got goes back. */
    if (before & bits)
        __atomic_fetch_or(&chunk->free[w], before & bits, __ATOMIC_SEQ_CST);

    return false;
}

static unsigned int take_in_word(struct chunk *chunk, unsigned int order,
                                 unsigned int end)
{
    unsigned long run = order == WORD_ORDER ? ~0UL : BIT(BIT(order)) - 1;

    for (unsigned int w = 0; w * BITS_PER_LONG < end; w++) {
        unsigned long word = load_word(chunk, w), runs;
        unsigned int first;

        if (!word)
            continue;
        runs = runs_of_word(word, order);
        if (!runs)
            continue;
        first = lowest_bit(runs);
        if (w * BITS_PER_LONG + first + BIT(order) > end)
            break;
        if (take_bits(chunk, w, run << first))
            return w * BITS_PER_LONG + first;
    }

    return CHUNK_FRAMES;
}

static bool take_words(struct chunk *chunk, unsigned int w, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++)
        if (load_word(chunk, w + i) != ~0UL)
            return false;
    for (unsigned int i = 0; i < nr; i++) {
        if (take_bits(chunk, w + i, ~0UL))
            continue;
        while (i-- > 0)
            __atomic_fetch_or(&chunk->free[w + i], ~0UL, __ATOMIC_SEQ_CST);
        return false;
    }

    return true;
}

unsigned int chunk_take_run(struct chunk *chunk, unsigned int order,
                            unsigned int end)
{
    unsigned int nr;

    if (order <= WORD_ORDER)
        return take_in_word(chunk, order, end);

    nr = 1U << (order - WORD_ORDER);
    for (unsigned int w = 0; (w + nr) * BITS_PER_LONG <= end; w += nr)
        if (take_words(chunk, w, nr))
            return w * BITS_PER_LONG;

    return CHUNK_FRAMES;
}

unsigned long lowest_bits(unsigned long bits, unsigned long nr)
{
    unsigned long some = 0;

    for (; nr > 0 && bits; nr--) {
        some |= bits & -bits;
        bits &= bits - 1;
    }

    return some;
}

unsigned long chunk_take_some(struct chunk *chunk, unsigned long nr,
                              unsigned long bits[CHUNK_WORDS])
{
    unsigned long taken = 0;

    for (unsigned int w = 0; w < CHUNK_WORDS; w++) {
        bits[w] = 0;
        if (taken == nr ||
            __atomic_load_n(&chunk->free[w], __ATOMIC_RELAXED) == 0)
            continue;
        bits[w] = chunk_take_word(chunk, w);
        taken += count_bits(bits[w]);
        if (taken > nr) { /* what is too much goes back */
            unsigned long all = bits[w];

            bits[w] = lowest_bits(all, nr + count_bits(all) - taken);
            __atomic_fetch_or(&chunk->free[w], all ^ bits[w], __ATOMIC_SEQ_CST);
            taken = nr;
        }
    }

    return taken;
}
