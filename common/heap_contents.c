/* SPDX-License-Identifier: MIT */
/* Makes frames of the heap zero, or poisons them; and looks whether they are.
 */
#include <xen/bug.h>
#include <xen/printk.h>
#include <xen/scrub.h>
#include <xen/string.h>

#include <asm/contents.h>

#include "heap_contents.h"
#include "heap_node.h"

#define FRAME_WORDS (PAGE_SIZE / sizeof(uint64_t))
#define LINE_WORDS  8U /* of a cache line */

enum scrub_mode scrub_mode;

void scrub_set_mode(enum scrub_mode mode)
{
    scrub_mode = mode;
}

void contents_clear(const struct page_info *pg, unsigned long nr)
{
    memset(frame_contents(page_to_mfn(pg)), 0, nr * PAGE_SIZE);
}

/* Those @bits of a word, as few runs as they are. */
static void clear_bits_of(const struct page_info *pg, unsigned long bits)
{
    while (bits) {
        unsigned int first = lowest_bit(bits), nr = BITS_PER_LONG - first;

        if (~(bits >> first))
            nr = lowest_bit(~(bits >> first));
        contents_clear(pg + first, nr);
        bits &= nr + first < BITS_PER_LONG ? ~0UL << (nr + first) : 0;
    }
}

static void clear_in_chunk(const struct page_info *pg, unsigned int order)
{
    unsigned long pdx = page_to_pdx(pg);
    const struct chunk *chunk = &chunk_table[pdx / CHUNK_FRAMES];
    unsigned int first = pdx % CHUNK_FRAMES;

    for (unsigned int n = 0; n < BIT(order); n += BITS_PER_LONG) {
        unsigned int w = (first + n) / BITS_PER_LONG;
        unsigned long bits = ~0UL;

        if (order < WORD_ORDER)
            bits = (BIT(BIT(order)) - 1) << first % BITS_PER_LONG;
        clear_bits_of(pg + n - (first + n) % BITS_PER_LONG,
                      chunk_dirty(chunk, w, bits));
    }
}

/* Of a chunk that was in a whole block when it was taken. */
static bool is_clean(unsigned long number)
{
    struct heap_node *node = node_of_chunk(number);
    bool clean;

    spin_lock(&node->lock);
    clean = bit_tree_test(&node->clean, number - node->base);
    spin_unlock(&node->lock);

    return clean;
}

void contents_clear_dirty(const struct page_info *pg, unsigned int order)
{
    if (order < CHUNK_ORDER) {
        clear_in_chunk(pg, order);
        return;
    }
    for (unsigned long n = 0; n < BIT(order); n += CHUNK_FRAMES)
        if (!is_clean((page_to_pdx(pg) + n) / CHUNK_FRAMES))
            contents_clear(pg + n, CHUNK_FRAMES);
}

static void poison(mfn_t mfn, unsigned long nr)
{
    uint64_t *word = frame_contents(mfn);

    for (unsigned long i = 0; i < nr * FRAME_WORDS; i++)
        word[i] = i % FRAME_WORDS ? POISON : POISON_FIRST;
}

bool contents_leave(const struct page_info *pg, unsigned int order, bool owing)
{
    mfn_t mfn = page_to_mfn(pg);

    if (owing || !frames_have_contents(mfn, BIT(order)))
        return false;
    if (scrub_mode == SCRUB_EAGER)
        contents_clear(pg, BIT(order));
    else if (CONFIG_DEBUG && order < CHUNK_ORDER)
        poison(mfn, BIT(order));

    return scrub_mode == SCRUB_EAGER;
}

unsigned long contents_first_dirt(unsigned long pdx)
{
    mfn_t mfn = pdx_to_mfn(pdx);
    unsigned long i = 0;
    const uint64_t *word;

    if (!frames_have_contents(mfn, 1))
        return PAGE_SIZE;
    word = frame_contents(mfn);
    while (i < LINE_WORDS && !word[i])
        i++;
    /* All lines are as the first one, if each is as the one before it. */
    if (i == LINE_WORDS && memcmp(word, word + LINE_WORDS,
                                  PAGE_SIZE - LINE_WORDS * sizeof(*word)) == 0)
        return PAGE_SIZE;
    while (i < FRAME_WORDS && !word[i])
        i++;

    return i * sizeof(*word);
}

void contents_check(const struct page_info *pg, unsigned int order)
{
    unsigned long pdx = page_to_pdx(pg);
    unsigned long step = order > CHUNK_ORDER ? CHUNK_FRAMES : 1;

    if (!CONFIG_DEBUG)
        return;
    for (unsigned long n = 0; n < BIT(order); n += step) {
        unsigned long offset = contents_first_dirt(pdx + n);

        if (offset == PAGE_SIZE)
            continue;
        printk(LOG_ERROR, "heap: clean frame %#lx: not zero at offset %#lx\n",
               mfn_x(pdx_to_mfn(pdx + n)), offset);
        BUG("a frame is handed out as clean, and is not");
    }
}
