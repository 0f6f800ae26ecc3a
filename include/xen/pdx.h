/* SPDX-License-Identifier: MIT */
/*
 * PDX: the index of a frame in the frame table.
 *
 * It is the frame's number, unless that would spread the table over far more
 * indices than there is RAM. Then one of two other forms is chosen at boot:
 *
 *   mask    The number without a run of bits that are zero in all RAM.
 *   offset  The numbers are cut into equal slots of at least 4 GiB; the slots
 *           that hold RAM are counted, and a frame moves along with its slot.
 *
 * RAM is here also what may become RAM (<xen/memory_room.h>).
 *
 * Invariants (docs/invariants.md):
 *
 *   P1  Each frame of RAM has a PDX.
 *   P2  From a frame that has a PDX to its PDX and back is the same frame, so
 *       no two frames share one. A higher frame has a higher PDX.
 *   P3  In an aligned block of PDX_BLOCK_ORDER all frames have a PDX or none,
 *       and the PDXs follow one another as the frames do.
 *   P4  The form chosen never needs more indices than the identity would.
 */
#ifndef XEN_PDX_H
#define XEN_PDX_H

#include <xen/bits.h>
#include <xen/compiler.h>
#include <xen/memory_map.h>
#include <xen/mm-frame.h>

/* Blocks of up to 2^20 frames, 4 GiB, stay in one piece. */
#define PDX_BLOCK_ORDER 20U

/* At 52 bits of address a slot is 1 TiB. */
#define PDX_SLOT_BITS 12U
#define PDX_MAX_SLOTS BIT(PDX_SLOT_BITS)
#define PDX_NO_INDEX  UINT16_MAX

enum pdx_form { PDX_IDENTITY, PDX_MASK, PDX_OFFSET };

/* All zero it is the identity. */
struct pdx_compression {
    enum pdx_form form;
    unsigned int shift;     /* the bits of a frame's number below it stay */
    unsigned int hole_bits; /* mask: how many bits above them are left out */
    unsigned int nr_slots;  /* offset: slots past these hold no RAM */
    unsigned long nr;       /* the PDX of the last frame of RAM, and 1 */
    uint16_t index_of_slot[PDX_MAX_SLOTS];
    uint16_t slot_of_index[PDX_MAX_SLOTS];
};

/* The one in force. Set once, at boot. */
extern struct pdx_compression pdx_compression;

/**
 * pdx_choose - set @c to the form that suits the RAM among the ranges.
 *
 * A form other than the identity slows each conversion down. So it must save
 * half of the indices, or bring RAM in reach: the table has @reach indices.
 * Needs no order of the ranges, and they may overlap. Pure.
 */
void pdx_choose(struct pdx_compression *c, const struct memory_range *range,
                unsigned int nr, unsigned long reach);

/**
 * pdx_init - choose for @map, and put it into force. Boot only, once.
 *
 * pdx_enable(false), before it, leaves the identity in force whatever the map:
 * the option pdx=.
 */
void pdx_init(const struct memory_map *map, unsigned long reach);
void pdx_enable(bool enabled);

/* "identity", "mask" or "offset". */
const char *pdx_form_name(enum pdx_form form);

/* Has @mfn a PDX by @c? Any number may be asked. */
static inline bool pdx_has(const struct pdx_compression *c, mfn_t mfn)
{
    unsigned long high;

    if (likely(c->form == PDX_IDENTITY))
        return true;
    high = mfn_x(mfn) >> c->shift;
    if (c->form == PDX_MASK)
        return (high & (BIT(c->hole_bits) - 1)) == 0;

    return high < c->nr_slots && c->index_of_slot[high] != PDX_NO_INDEX;
}

/* The PDX of a frame that has one, by @c. */
static inline unsigned long pdx_of(const struct pdx_compression *c, mfn_t mfn)
{
    unsigned long high;

    if (likely(c->form == PDX_IDENTITY))
        return mfn_x(mfn);
    high = mfn_x(mfn) >> c->shift;
    high = c->form == PDX_MASK ? high >> c->hole_bits : c->index_of_slot[high];

    return high << c->shift | (mfn_x(mfn) & (BIT(c->shift) - 1));
}

/* The frame whose PDX by @c is @pdx. */
static inline mfn_t pdx_frame(const struct pdx_compression *c,
                              unsigned long pdx)
{
    unsigned long high;

    if (likely(c->form == PDX_IDENTITY))
        return _mfn(pdx);
    high = pdx >> c->shift;
    high = c->form == PDX_MASK ? high << c->hole_bits : c->slot_of_index[high];

    return _mfn(high << c->shift | (pdx & (BIT(c->shift) - 1)));
}

static inline bool mfn_has_pdx(mfn_t mfn)
{
    return pdx_has(&pdx_compression, mfn);
}

static inline unsigned long mfn_to_pdx(mfn_t mfn)
{
    return pdx_of(&pdx_compression, mfn);
}

static inline mfn_t pdx_to_mfn(unsigned long pdx)
{
    return pdx_frame(&pdx_compression, pdx);
}

#endif /* XEN_PDX_H */
