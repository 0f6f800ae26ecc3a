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

/* May a chunk in the set of @set have to move, now that frame @at of a word is
 * free, which as a whole is @now? The set's run is set - 1: is there one of the
 * next order, or as much of it as a word has? */
static inline bool frame_may_move(unsigned int set, unsigned int at,
                                  unsigned long now)
{
    unsigned int order = set < WORD_ORDER ? set : WORD_ORDER;
    unsigned long mask = run_mask[order];

    return (~now >> ALIGN_DOWN(at, 1U << order) & mask) == 0;
}

/* The same now that several are. */
static inline bool chunk_may_move(unsigned int set, unsigned long now)
{
    return set == 0 || now == ~0UL ||
           (set < WORD_ORDER && runs_of_word(now, set) != 0);
}

#endif /* CHUNK_RUNS_H */
