/* SPDX-License-Identifier: MIT */
/* Runs of free frames in a word, and whether a chunk has got a longer one.
 * chunk.h includes it. */
#ifndef CHUNK_RUNS_H
#define CHUNK_RUNS_H

/* A word is 2^6 frames. */
#define WORD_ORDER 6U

/* The runs of 2^@order in a word, a bit for the first frame of each; @order is
 * at most WORD_ORDER. */
unsigned long runs_of_word(unsigned long word, unsigned int order);

/* By the order of a run: the bits of the first one in a word. */
extern const unsigned long run_mask[WORD_ORDER + 1];

/* A chunk in the set of @set, whose run is set - 1: is there a run of the next
 * order, now that word @w is full? Whoever fills the last of its words sees the
 * others full: each is filled by a full barrier. */
static inline bool words_may_move(const struct chunk *chunk, unsigned int set,
                                  unsigned int w)
{
    unsigned int nr;

    if (set <= WORD_ORDER)
        return true;
    nr = 1U << (set - WORD_ORDER);
    w = ALIGN_DOWN(w, nr);
    for (unsigned int end = w + nr; w < end; w++)
        if (__atomic_load_n(&chunk->free[w], __ATOMIC_RELAXED) != ~0UL)
            return false;

    return true;
}

/* May it have to move, now that frame @at of word @w is free, which as a whole
 * is @now? Most often not, as the frame next to it is not free. */
static inline bool frame_may_move(const struct chunk *chunk, unsigned int w,
                                  unsigned int at, unsigned long now)
{
    unsigned int set = __atomic_load_n(&chunk->set, __ATOMIC_RELAXED);

    if (set == 0)
        return true;
    if (!(now >> (at ^ 1) & 1))
        return false;
    if (set >= WORD_ORDER)
        return now == ~0UL && words_may_move(chunk, set, w);

    return (~now >> ALIGN_DOWN(at, 1U << set) & run_mask[set]) == 0;
}

/* The same now that several are. */
static inline bool bits_may_move(const struct chunk *chunk, unsigned int w,
                                 unsigned long now)
{
    unsigned int set = __atomic_load_n(&chunk->set, __ATOMIC_RELAXED);

    if (set == 0)
        return true;
    if (now == ~0UL)
        return words_may_move(chunk, set, w);

    return set < WORD_ORDER && runs_of_word(now, set) != 0;
}

#endif /* CHUNK_RUNS_H */
