/* SPDX-License-Identifier: MIT */
/* How frames of a chunk are taken and given, a word at a time. chunk.h includes
 * it. */
#ifndef CHUNK_WORDS_H
#define CHUNK_WORDS_H

static inline unsigned long chunk_word(const struct chunk *chunk,
                                       unsigned int w)
{
    return __atomic_load_n(&chunk->free[w], __ATOMIC_RELAXED);
}

/* Is all of it free by its words, or any? */
static inline bool chunk_is_whole(const struct chunk *chunk)
{
    return (chunk_word(chunk, 0) & chunk_word(chunk, 1) & chunk_word(chunk, 2) &
            chunk_word(chunk, 3) & chunk_word(chunk, 4) & chunk_word(chunk, 5) &
            chunk_word(chunk, 6) & chunk_word(chunk, 7)) == ~0UL;
}

static inline bool chunk_has_any(const struct chunk *chunk)
{
    return (chunk_word(chunk, 0) | chunk_word(chunk, 1) | chunk_word(chunk, 2) |
            chunk_word(chunk, 3) | chunk_word(chunk, 4) | chunk_word(chunk, 5) |
            chunk_word(chunk, 6) | chunk_word(chunk, 7)) != 0;
}

/**
 * chunk_take_word - take all that is free of word @w.
 *
 * Returns the bits of the frames, which are the caller's now.
 */
static inline unsigned long chunk_take_word(struct chunk *chunk, unsigned int w)
{
    /* Acquire: what the last users of the frames wrote is there to be read.
     * Pairs with chunk_give(). */
    return __atomic_exchange_n(&chunk->free[w], 0, __ATOMIC_SEQ_CST);
}

/* Take those frames @bits of word @w that are free; returns which. */
static inline unsigned long chunk_take_bits(struct chunk *chunk, unsigned int w,
                                            unsigned long bits)
{
    return bits & __atomic_fetch_and(&chunk->free[w], ~bits, __ATOMIC_SEQ_CST);
}

/**
 * chunk_mark_dirty - say of frames of word @w, before they are given, whether
 * they are to be scrubbed.
 */
static inline void chunk_mark_dirty(struct chunk *chunk, unsigned int w,
                                    unsigned long bits, bool dirty)
{
    unsigned long now = __atomic_load_n(&chunk->dirty[w], __ATOMIC_RELAXED);

    if (dirty && (now & bits) != bits)
        __atomic_fetch_or(&chunk->dirty[w], bits, __ATOMIC_RELAXED);
    if (!dirty && now & bits)
        __atomic_fetch_and(&chunk->dirty[w], ~bits, __ATOMIC_RELAXED);
}

/* Which of the frames that the caller has taken from word @w are dirty? */
static inline unsigned long chunk_dirty(const struct chunk *chunk,
                                        unsigned int w, unsigned long bits)
{
    return __atomic_load_n(&chunk->dirty[w], __ATOMIC_RELAXED) & bits;
}

/**
 * chunk_give - let frames of word @w be free.
 *
 * Returns what is free of the word now. A frame that is free already is a bug,
 * which the caller looks for in *@before.
 */
static inline unsigned long chunk_give(struct chunk *chunk, unsigned int w,
                                       unsigned long bits,
                                       unsigned long *before)
{
    /*
     * Sequentially consistent, before the caller asks for the owner: so either
     * it sees that there is none, or who stops being it sees these bits.
     */
    *before = __atomic_fetch_or(&chunk->free[w], bits, __ATOMIC_SEQ_CST);

    return *before | bits;
}

/* The same for frame @at of the word alone: was it free already? *@now is what
 * is free when it is, or a little later. */
static inline bool chunk_give_one(struct chunk *chunk, unsigned int w,
                                  unsigned int at, unsigned long *now)
{
    bool before =
        __atomic_fetch_or(&chunk->free[w], BIT(at), __ATOMIC_SEQ_CST) & BIT(at);

    *now = __atomic_load_n(&chunk->free[w], __ATOMIC_RELAXED);

    return before;
}

#endif /* CHUNK_WORDS_H */
