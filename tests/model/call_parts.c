/* SPDX-License-Identifier: MIT */
/* What <call_maker.h> draws hypercalls from. */
#include <public/xen.h>

#include "call_parts.h"

struct call_maker calls;

unsigned int frame_part(unsigned int frame)
{
    static const unsigned char part[] = { 4, 3, 2, 2, 1, 1, 1, 0,
                                          0, 0, 1, 3, 2, 1, 0, 0 };

    return part[frame % ARRAY_SIZE(part)];
}

/* A frame of @owner's that plays the part; any of its, if that is not easy. */
static unsigned int pick(unsigned int owner, unsigned int part)
{
    unsigned int any = draw(NAIVE_FRAMES);

    for (unsigned int i = 0; i < 3 * 16; i++) {
        unsigned int f = (any + i) % NAIVE_FRAMES;

        if (calls.g->frame[f].owner == owner + 1 && frame_part(f) == part)
            return f;
    }

    return any;
}

/* One that is a table of @level now. */
static unsigned int pick_table(unsigned int owner, unsigned int level)
{
    unsigned int first = draw(NAIVE_FRAMES);

    for (unsigned int i = 0; i < NAIVE_FRAMES; i++) {
        unsigned int f = (first + i) % NAIVE_FRAMES;
        const struct naive_frame *frame = &calls.g->frame[f];

        if (frame->owner == owner + 1 && frame->phase == NAIVE_VALID &&
            frame->type == level)
            return f;
    }

    return pick(owner, level);
}

static unsigned long strange_mfn(void)
{
    switch (draw(8)) {
    case 0: return 0;
    case 1: return calls.g->device[draw(2)];
    case 2: return calls.g->device[draw(2)] + 1;
    case 3: return PTE_ADDRESS >> PAGE_SHIFT;
    case 4: return ~0UL >> draw(30);
    case 5: return calls.g->end_of_ram - draw(2);
    case 6: return 1UL << draw(52);
    default: return calls.g->first + NAIVE_FRAMES - draw(2);
    }
}

unsigned long pick_mfn(unsigned int owner, unsigned int part)
{
    if (owner == DOMID_IO - 1 && !one_in(4))
        return calls.g->device[draw(2)];
    switch (draw(96)) {
    case 0: return strange_mfn();
    case 1: return calls.g->first + draw(NAIVE_FRAMES);
    case 2: return calls.g->first + pick(draw(NAIVE_DOMAINS), part);
    default:
        return calls.g->first + (part > 0 && one_in(2) ? pick_table(owner, part)
                                                       : pick(owner, part));
    }
}

/* Of a table: few, so that they meet. One is the hypervisor's, one is none. */
unsigned int pick_slot(void)
{
    static const unsigned int slot[] = { 0, 1, PTES_PER_TABLE / 2 - 1,
                                         PTES_PER_TABLE - 1,
                                         PTES_PER_TABLE / 2 };

    return slot[one_in(16) ? 4 : draw(4)] + (one_in(64) ? 4 : 0);
}

/* Mostly one that may change. */
static uint64_t strange_flag(void)
{
    static const uint64_t harmless[] = { PTE_NX,   PTE_ACCESSED, PTE_DIRTY,
                                         PTE_USER, PTE_WRITABLE, 1UL << 9,
                                         1UL << 62 };
    static const uint64_t other[] = { PTE_THROUGH, PTE_UNCACHED,  PTE_LARGE,
                                      PTE_GLOBAL,  PTE_UNCOUNTED, PTE_PRESENT,
                                      1UL << 12 };

    return one_in(3) ? other[draw(ARRAY_SIZE(other))]
                     : harmless[draw(ARRAY_SIZE(harmless))];
}

/* For a table of @level. Of those of level 1, tables are among what they map,
 * but mostly so that nobody may write them. */
uint64_t make_entry(unsigned int level, unsigned int owner)
{
    unsigned int part = level > 1 ? level - 1 : one_in(3) ? draw(5) : 0;
    bool linear = CONFIG_LINEAR_TABLES && level > 1 && one_in(3);
    uint64_t entry = PTE_PRESENT | PTE_USER | PTE_ACCESSED;

    if (one_in(8))
        return one_in(4) ? strange_flag() << PAGE_SHIFT : 0;
    if (linear)
        part = level;
    else if (level > 1 || (part == 0 ? !one_in(4) : one_in(8)))
        entry |= PTE_WRITABLE;
    if (one_in(20))
        entry ^= strange_flag();

    return entry | (pick_mfn(owner, part) << PAGE_SHIFT & PTE_ADDRESS);
}

uint64_t make_descriptor(void)
{
    static const uint64_t some[] = {
        0,
        0x00af9b000000ffff, /* code */
        0x00cff3000000ffff, /* data */
        0x0000ec0000080000, /* a call gate */
        0x0000ec0000048000,
        0x0000ec00e0080000, /* of a selector beyond */
        0x0000ec01dfff0000,
        0x00008b0000000067, /* a task state */
        0x0000e20000000067,
        0x0000800000000000,
    };
    unsigned int i = draw(ARRAY_SIZE(some));

    return some[i] ^ (one_in(8) ? 1UL << draw(64) : 0);
}

/* What is to be written to a word of a frame. */
uint64_t make_word(unsigned int frame, unsigned int slot, unsigned int owner)
{
    const struct naive_frame *at = &calls.g->frame[frame];

    if (slot < NAIVE_WORDS && one_in(5))
        return at->word[slot] ^ strange_flag();
    if (frame_part(frame) > 0 || one_in(4))
        return make_entry(frame_part(frame), owner);

    return make_descriptor();
}

/* Whose: mostly the caller's own. */
unsigned int strange_domain(void)
{
    static const domid_t id[] = { DOMID_IO, DOMID_XEN, DOMID_INVALID, 0, 9 };

    return one_in(3) ? id[draw(ARRAY_SIZE(id))] : 1 + draw(NAIVE_DOMAINS);
}

/* Where addresses begin to be wrong, and a list may begin before that. */
static uint64_t strange_address(void)
{
    static const uint64_t edge[] = { 0, 1UL << 47, HYPERVISOR_VIRT_START,
                                     HYPERVISOR_VIRT_END };

    return edge[draw(ARRAY_SIZE(edge))] + draw(512) - 256;
}

uint64_t list_address(unsigned int nr, unsigned int size)
{
    switch (draw(64)) {
    case 0: return CALL_MEMORY + CALL_MEMORY_SIZE - draw(nr + 1) * size;
    case 1: return strange_address();
    default: return CALL_MEMORY + LIST_AT;
    }
}
