/* SPDX-License-Identifier: MIT */
/*
 * Frame numbers. A frame is 4 KiB of memory, aligned to its size.
 *
 *   mfn_t   machine frame number: the frame's machine address / 4 KiB
 *   gfn_t   guest frame number: what the guest believes it to be
 *
 * Both are structures of one member in every build, so that passing one for
 * the other, or a plain number for either, does not compile. They cost nothing:
 * the calling convention passes them in a register.
 */
#ifndef XEN_MM_FRAME_H
#define XEN_MM_FRAME_H

#include <xen/types.h>

#define PAGE_SHIFT 12U
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

/* 2 MiB: what one entry of a page directory maps. */
#define SUPERPAGE_ORDER  9U
#define SUPERPAGE_SHIFT  (PAGE_SHIFT + SUPERPAGE_ORDER)
#define SUPERPAGE_SIZE   (1UL << SUPERPAGE_SHIFT)
#define SUPERPAGE_FRAMES (1UL << SUPERPAGE_ORDER)

typedef struct {
    unsigned long mfn;
} mfn_t;

typedef struct {
    unsigned long gfn;
} gfn_t;

/* No frame has this number. */
#define INVALID_MFN ((mfn_t){ ~0UL })

static inline mfn_t _mfn(unsigned long n)
{
    return (mfn_t){ n };
}

static inline unsigned long mfn_x(mfn_t mfn)
{
    return mfn.mfn;
}

static inline mfn_t mfn_add(mfn_t mfn, unsigned long nr)
{
    return _mfn(mfn_x(mfn) + nr);
}

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
    return mfn_x(a) == mfn_x(b);
}

static inline gfn_t _gfn(unsigned long n)
{
    return (gfn_t){ n };
}

static inline unsigned long gfn_x(gfn_t gfn)
{
    return gfn.gfn;
}

/* The frame that holds the byte at @address; the first byte of a frame. */
static inline mfn_t maddr_to_mfn(paddr_t address)
{
    return _mfn(address >> PAGE_SHIFT);
}

static inline paddr_t mfn_to_maddr(mfn_t mfn)
{
    return (paddr_t)mfn_x(mfn) << PAGE_SHIFT;
}

#endif /* XEN_MM_FRAME_H */
