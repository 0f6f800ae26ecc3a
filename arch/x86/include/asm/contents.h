/* SPDX-License-Identifier: MIT */
/* What the frames of RAM contain, on bare metal: the direct map. */
#ifndef ASM_CONTENTS_H
#define ASM_CONTENTS_H

#include <xen/config.h>
#include <xen/mm-frame.h>

/* Where the direct map is, and how far it reaches (cpu/layout.h agrees). Frames
 * that end at or below that machine address have contents. */
#define CONTENTS_BASE  0xffff830000000000UL
#define CONTENTS_LIMIT (CONFIG_BIGMEM ? 0x38000000000UL : 0x50000000000UL)

static inline void *frame_contents(mfn_t mfn)
{
    return (void *)(CONTENTS_BASE + mfn_to_maddr(mfn));
}

/* Have the @nr frames, which follow one another, any contents? */
static inline bool frames_have_contents(mfn_t mfn, unsigned long nr)
{
    return mfn_to_maddr(mfn_add(mfn, nr)) <= CONTENTS_LIMIT;
}

static inline mfn_t frame_of_contents(const void *contents)
{
    return maddr_to_mfn((uintptr_t)contents - CONTENTS_BASE);
}

#endif /* ASM_CONTENTS_H */
