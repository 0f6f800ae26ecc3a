/* SPDX-License-Identifier: MIT */
/*
 * A heap of few frames, of which all CPUs have some at hand, whose whole state
 * can be put back; and what must be true of it, frame by frame.
 */
#ifndef FEW_FRAMES_H
#define FEW_FRAMES_H

#include <xen/domain.h>
#include <xen/page_alloc.h>

#define MAX_CPUS 3U
#define MANY     150UL /* so many that CPUs keep pairs at hand */
#define FEW      24UL  /* of one word */
#define NR_RANGE 3UL

struct few_frames {
    /* What each CPU holds, to be given back by another one. */
    struct page_info *held[MAX_CPUS];
    unsigned int order[MAX_CPUS];
    bool holds_range;
    unsigned int now; /* counts what begins, and what has left */

    /* A frame that the last CPU has at hand, by itself or in a pair; one that
     * it uses; and one that is in a chunk. NR_RANGE of which one is at hand. */
    mfn_t at_hand, in_pair, in_use, in_chunk, range;
    struct domain *d; /* has none yet */
};

extern struct few_frames few;

/* Each of @cpus CPUs holds a frame, and has one at hand, dirty. Once in a
 * process. */
void few_frames_build(unsigned long nr, unsigned int cpus);
void few_frames_put_back(void);

/* All is in one place, and when all is given back it is as it was. */
void few_frames_check(void);

/* This CPU has got them, having asked at @began. Nobody else has them, and they
 * had not left. */
void few_frames_use(struct page_info *pg, unsigned long nr, unsigned int began);
void few_frames_end_use(const struct page_info *pg, unsigned long nr);
void few_frames_left(mfn_t mfn);

/* Give back what CPU @whose holds; and frames in a row. */
void few_frames_give(unsigned int whose);
void few_frames_give_range(struct page_info *pg);

#endif /* FEW_FRAMES_H */
