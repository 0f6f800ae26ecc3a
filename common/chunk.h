/* SPDX-License-Identifier: MIT */
/*
 * A chunk: 512 frames that follow one another, of which some may be free.
 *
 * One that is free as a whole is the node's, and its words here are zero
 * (heap_node.h). One that is taken apart has a bit for each free frame. Anybody
 * may give a frame back by setting its bit, and whoever clears a bit that was
 * set has the frame: no lock is needed for either. So a frame cannot be had
 * twice, whatever else goes wrong.
 *
 * Whose a chunk is decides only who is to take from it and who keeps the books:
 *   owned   One CPU, or stream, takes from it. It is in no set.
 *   not     It is in the node's set for its largest run of free frames. Whoever
 *           gives frames back, and may have made that run longer, moves it.
 * An owner may be told that it no longer is, without being asked, and then may
 * take bits all the same, once. So what a set says may be too much, never too
 * little (H4).
 */
#ifndef CHUNK_H
#define CHUNK_H

#include <xen/bits.h>
#include <xen/page_alloc.h>
#include <xen/types.h>

#define CHUNK_WORDS (CHUNK_FRAMES / BITS_PER_LONG)

/* Frames of guests, which come and go, and what stays for long: lest one of
 * these keep a chunk from becoming whole. */
enum chunk_class { CLASS_MOVING, CLASS_STAYING, NR_CLASSES };

/* The largest run that is not the whole chunk; of a chunk without: none. */
#define NR_RUNS   CHUNK_ORDER
#define RUN_NONE  (-1)
#define RUN_WHOLE ((int)CHUNK_ORDER)

#define NO_OWNER 0U

struct chunk {
    unsigned long free[CHUNK_WORDS];  /* atomic */
    unsigned long dirty[CHUNK_WORDS]; /* atomic; of frames that are free */
    uint32_t owner;                   /* atomic; stored with the lock held */
    uint8_t set;                      /* 1 + the run whose set it is in, or 0 */
    uint8_t class : 1;                /* both with the lock held */
    uint8_t is_apart : 1;             /* it is in no whole block for sure */
    uint16_t nr_offline; /* its frames that are to leave, or have left: the
                            note; atomic; stored with the lock held */
};

/* Which aligned runs of free frames are there? RUN_NONE up to RUN_WHOLE. */
int chunk_run(const struct chunk *chunk);

/* Take all of the frames @bits of word @w, or none: returns which are missing.
 */
unsigned long chunk_take_all(struct chunk *chunk, unsigned int w,
                             unsigned long bits);

/**
 * chunk_take_run - take an aligned run of 2^@order frames below number @end.
 *
 * Returns the number of the first in the chunk, or CHUNK_FRAMES: there is none.
 * @order is below CHUNK_ORDER. Of a long run some words may be taken and given
 * again when there is none: who does not have the lock has the chunk moved if
 * it has lost its owner meanwhile, as who gives frames back does.
 */
unsigned int chunk_take_run(struct chunk *chunk, unsigned int order,
                            unsigned int end);

/* The lowest @nr bits that are set. */
unsigned long lowest_bits(unsigned long bits, unsigned long nr);

/* Take up to @nr frames, and no more for a moment either; returns how many, and
 * in @bits[] which. */
unsigned long chunk_take_some(struct chunk *chunk, unsigned long nr,
                              unsigned long bits[CHUNK_WORDS]);

static inline uint32_t chunk_owner(const struct chunk *chunk)
{
    return __atomic_load_n(&chunk->owner, __ATOMIC_SEQ_CST);
}

/* Is there a note? */
static inline bool chunk_is_noted(const struct chunk *chunk)
{
    return __atomic_load_n(&chunk->nr_offline, __ATOMIC_SEQ_CST) > 0;
}

static inline void chunk_set_owner(struct chunk *chunk, uint32_t owner)
{
    __atomic_store_n(&chunk->owner, owner, __ATOMIC_SEQ_CST);
}

#include "chunk_words.h"

#include "chunk_runs.h"

#endif /* CHUNK_H */
