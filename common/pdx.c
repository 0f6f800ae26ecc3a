/* SPDX-License-Identifier: MIT */
/* Chooses how frame numbers become indices of the frame table. */
#include <xen/pdx.h>
#include <xen/printk.h>
#include <xen/string.h>

_Static_assert(PADDR_BITS - PAGE_SHIFT - PDX_SLOT_BITS >= PDX_BLOCK_ORDER,
               "with fewer slots the tables do");
_Static_assert(PDX_MAX_SLOTS <= PDX_NO_INDEX, "slot numbers are 16 bits");

struct pdx_compression pdx_compression;

static bool enabled = true;

/* Does @range hold a frame of RAM, or may it later? Its first and its last. */
static bool ram_frames(const struct memory_range *range, unsigned long *first,
                       unsigned long *last)
{
    if ((range->kind != MEMORY_RAM && range->kind != MEMORY_ROOM) ||
        range->start >= range->end)
        return false;
    *first = range->start >> PAGE_SHIFT;
    *last = (range->end - 1) >> PAGE_SHIFT;

    return true;
}

/* The number of the last frame of RAM, or 0. */
static unsigned long last_ram_frame(const struct memory_range *range,
                                    unsigned int nr)
{
    unsigned long highest = 0, first, last;

    for (unsigned int i = 0; i < nr; i++)
        if (ram_frames(&range[i], &first, &last) && last > highest)
            highest = last;

    return highest;
}

/*
 * The bits that are one in some frame of RAM. Between the first and the last
 * frame of a range, each bit below the highest in which the two differ is one
 * somewhere: at the latest in the frame before that bit turns.
 */
static unsigned long used_bits(const struct memory_range *range,
                               unsigned int nr)
{
    unsigned long used = 0, first, last;

    for (unsigned int i = 0; i < nr; i++) {
        if (!ram_frames(&range[i], &first, &last))
            continue;
        used |= first;
        if (first != last)
            used |= GENMASK(highest_bit(first ^ last), 0);
    }

    return used;
}

/* The three forms. Each sets @c for RAM that ends with the frame @highest. */
static void use_identity(struct pdx_compression *c, unsigned long highest)
{
    memset(c, 0, sizeof(*c));
    c->nr = highest + 1;
}

/* Leave out the longest run of zeroes in @used that has a one above it. */
static void try_mask(struct pdx_compression *c, unsigned long used,
                     unsigned long highest)
{
    unsigned int run = 0;

    c->form = PDX_MASK;
    c->shift = PDX_BLOCK_ORDER;
    c->hole_bits = 0;
    for (unsigned int bit = PDX_BLOCK_ORDER; used >> bit; bit++) {
        run = used & BIT(bit) ? 0 : run + 1;
        if (run > c->hole_bits) {
            c->hole_bits = run;
            c->shift = bit + 1 - run;
        }
    }
    c->nr = pdx_of(c, _mfn(highest)) + 1;
}

/* Number the slots that hold RAM, upwards. */
static void try_offset(struct pdx_compression *c,
                       const struct memory_range *range, unsigned int nr,
                       unsigned long highest)
{
    unsigned int bits = highest_bit(highest) + 1;
    unsigned long first, last;
    uint16_t nr_used = 0;

    c->form = PDX_OFFSET;
    c->shift = bits > PDX_BLOCK_ORDER + PDX_SLOT_BITS ? bits - PDX_SLOT_BITS
                                                      : PDX_BLOCK_ORDER;
    c->nr_slots = (unsigned int)(highest >> c->shift) + 1;
    for (unsigned int slot = 0; slot < c->nr_slots; slot++)
        c->index_of_slot[slot] = PDX_NO_INDEX;

    for (unsigned int i = 0; i < nr; i++) {
        if (!ram_frames(&range[i], &first, &last))
            continue;
        for (unsigned long s = first >> c->shift; s <= last >> c->shift; s++)
            c->index_of_slot[s] = 0;
    }

    for (uint16_t slot = 0; slot < c->nr_slots; slot++) {
        if (c->index_of_slot[slot] == PDX_NO_INDEX)
            continue;
        c->index_of_slot[slot] = nr_used;
        c->slot_of_index[nr_used++] = slot;
    }
    c->nr = pdx_of(c, _mfn(highest)) + 1;
}

void pdx_choose(struct pdx_compression *c, const struct memory_range *range,
                unsigned int nr, unsigned long reach)
{
    unsigned long highest = last_ram_frame(range, nr);
    unsigned long used = used_bits(range, nr), nr_by_offset;

    use_identity(c, highest);
    if (highest < BIT(PDX_BLOCK_ORDER))
        return;

    try_offset(c, range, nr, highest);
    nr_by_offset = c->nr;
    try_mask(c, used, highest);
    if (nr_by_offset < c->nr)
        try_offset(c, range, nr, highest);

    if (c->nr > (highest + 1) / 2 && (highest < reach || c->nr > highest))
        use_identity(c, highest);
}

void pdx_enable(bool on)
{
    enabled = on;
}

void pdx_init(const struct memory_map *map, unsigned long reach)
{
    if (enabled)
        pdx_choose(&pdx_compression, map->range, map->nr, reach);
    else
        use_identity(&pdx_compression, last_ram_frame(map->range, map->nr));
    printk(LOG_DEBUG, "pdx: %s, shift %u, hole %u bits, %lu indices\n",
           pdx_form_name(pdx_compression.form), pdx_compression.shift,
           pdx_compression.hole_bits, pdx_compression.nr);
}

const char *pdx_form_name(enum pdx_form form)
{
    static const char *const name[] = { "identity", "mask", "offset" };

    return name[form];
}
