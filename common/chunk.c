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

unsigned long runs_of_word(unsigned long word, unsigned int order)
{
    for (unsigned int o = 0; o < order; o++)
        word &= word >> BIT(o) & first_of_run[o + 1];

    return word;
}

/* Where runs may begin in words that lie side by side: see chunk_run(). */
#define EVERY_2ND  0x5555555555555555
#define TWO_OF_4   0x3333333333333333
#define FOUR_OF_8  0x0f0f0f0f0f0f0f0f
#define OCTET_OF_2 0x00ff00ff00ff00ff
#define OCTET_OF_4 0x000000ff000000ff
#define OCTET_OF_8 0x00000000000000ff

/* Those of two words, side by side: a bit for the first frame of each two. */
static inline unsigned long twos(const struct chunk *chunk, unsigned int w)
{
    unsigned long a = chunk_word(chunk, w), b = chunk_word(chunk, w + 1);

    return (a & a >> 1 & EVERY_2ND) | (b & b >> 1 & EVERY_2ND) << 1;
}

static inline unsigned long fours(unsigned long a, unsigned long b)
{
    return (a & a >> 2 & TWO_OF_4) | (b & b >> 2 & TWO_OF_4) << 2;
}

static inline unsigned long eights(unsigned long a, unsigned long b)
{
    return (a & a >> 4 & FOUR_OF_8) | (b & b >> 4 & FOUR_OF_8) << 4;
}

/* The largest run of words that are full: bit w of @full for word w. */
static int run_of_words(unsigned long full)
{
    if (full == BIT(CHUNK_WORDS) - 1)
        return RUN_WHOLE;
    if ((full & 0x0f) == 0x0f || (full & 0xf0) == 0xf0)
        return 8;

    return full & full >> 1 & EVERY_2ND ? 7 : 6;
}

/* The same in octets of frames: bit 8n + w of @runs for octet n of word w. */
static int run_of_octets(unsigned long runs)
{
    runs &= runs >> 8 & OCTET_OF_2;
    if (!runs)
        return 3;
    runs &= runs >> 16 & OCTET_OF_4;
    if (!runs)
        return 4;
    runs &= runs >> 32 & OCTET_OF_8;

    return runs ? run_of_words(runs) : 5;
}

/* Each time that runs double, half of the bits of a word have no meaning any
 * more: there two words have room in one, until one has the bits of all. */
int chunk_run(const struct chunk *chunk)
{
    unsigned long a = twos(chunk, 0), b = twos(chunk, 2), c = twos(chunk, 4),
                  d = twos(chunk, 6);

    if (!(a | b | c | d))
        return chunk_has_any(chunk) ? 0 : RUN_NONE;
    a = fours(a, b);
    c = fours(c, d);
    if (!(a | c))
        return 1;
    a = eights(a, c);

    return a ? run_of_octets(a) : 2;
}

unsigned long chunk_take_all(struct chunk *chunk, unsigned int w,
                             unsigned long bits)
{
    unsigned long seen = chunk_word(chunk, w);

    /* As chunk_take_word(). */
    do {
        if (bits & ~seen)
            return bits & ~seen;
    } while (!__atomic_compare_exchange_n(&chunk->free[w], &seen, seen & ~bits,
                                          false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));

    return 0;
}

static unsigned int take_in_word(struct chunk *chunk, unsigned int order,
                                 unsigned int end)
{
    unsigned long run = order == WORD_ORDER ? ~0UL : BIT(BIT(order)) - 1;

    for (unsigned int w = 0; w * BITS_PER_LONG < end;) {
        unsigned long word = chunk_word(chunk, w), runs = 0;
        unsigned int first;

        if (word)
            runs = runs_of_word(word, order);
        if (!runs) {
            w++;
            continue;
        }
        first = lowest_bit(runs);
        if (w * BITS_PER_LONG + first + BIT(order) > end)
            break;
        if (chunk_take_all(chunk, w, run << first) == 0)
            return w * BITS_PER_LONG + first;
    }

    return CHUNK_FRAMES;
}

static bool take_words(struct chunk *chunk, unsigned int w, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++)
        if (chunk_word(chunk, w + i) != ~0UL)
            return false;
    for (unsigned int i = 0; i < nr; i++) {
        if (chunk_take_all(chunk, w + i, ~0UL) == 0)
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
        unsigned long word = chunk_word(chunk, w), wanted = nr - taken;

        bits[w] = 0;
        if (wanted == 0 || word == 0)
            continue;
        if (wanted >= BITS_PER_LONG)
            bits[w] = chunk_take_word(chunk, w);
        else
            bits[w] = chunk_take_bits(chunk, w, lowest_bits(word, wanted));
        taken += count_bits(bits[w]);
    }

    return taken;
}
