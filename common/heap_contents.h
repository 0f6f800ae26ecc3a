/* SPDX-License-Identifier: MIT */
/*
 * What frames of the heap contain: zeroes, if they are clean. With CONFIG_DEBUG
 * a pattern if they are not, lest anybody rely on what he left there.
 */
#ifndef HEAP_CONTENTS_H
#define HEAP_CONTENTS_H

#include "chunk.h"

/* What is in a frame that was given back; its first word is inverted. Neither
 * is an entry that is present. */
#define POISON       0xdead0badfeed0badUL
#define POISON_FIRST (~POISON)

/* Make the @nr frames zero. They are the caller's, and nobody can write there
 * by an old translation. */
void contents_clear(const struct page_info *pg, unsigned long nr);

/* Of a run of frames that was taken from its chunk, or of a block of whole
 * chunks: those that are dirty. */
void contents_clear_dirty(const struct page_info *pg, unsigned int order);

/**
 * contents_leave - frames are given back.
 *
 * They are still the caller's. Returns whether they are clean now. While they
 * owe a flush nothing is done: there may be a page table that a CPU walks.
 */
bool contents_leave(const struct page_info *pg, unsigned int order, bool owing);

/* Stop if not all is zero of what is handed out as clean; of a block that is
 * larger than a chunk a part of each chunk is looked at. With CONFIG_DEBUG. */
void contents_check(const struct page_info *pg, unsigned int order);

/* The first word of the frame that is not zero, as a byte offset; PAGE_SIZE if
 * there is none, or it has no contents. */
unsigned long contents_first_dirt(unsigned long pdx);

#endif /* HEAP_CONTENTS_H */
