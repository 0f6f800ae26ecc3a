/* SPDX-License-Identifier: MIT */
/*
 * What the frames of RAM contain, in a process: an arena that takes memory of
 * the process for those frames alone that are touched.
 */
#ifndef ASM_CONTENTS_H
#define ASM_CONTENTS_H

#include <xen/mm-frame.h>

/* Frames that end at or below this machine address have contents. */
#define CONTENTS_LIMIT (1UL << 35)

extern char *hosted_arena; /* hosted_arena_init() makes it */

static inline void *frame_contents(mfn_t mfn)
{
    return hosted_arena + mfn_to_maddr(mfn);
}

/* Have the @nr frames, which follow one another, any contents? */
static inline bool frames_have_contents(mfn_t mfn, unsigned long nr)
{
    return hosted_arena && mfn_to_maddr(mfn_add(mfn, nr)) <= CONTENTS_LIMIT;
}

static inline mfn_t frame_of_contents(const void *contents)
{
    return maddr_to_mfn((paddr_t)((const char *)contents - hosted_arena));
}

#endif /* ASM_CONTENTS_H */
