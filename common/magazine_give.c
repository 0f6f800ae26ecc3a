/* SPDX-License-Identifier: MIT */
/* Gives back what CPUs had at hand: frames to the words of their chunks. */
#include "magazine.h"
#include "parked.h"

struct tlb_debt debt_of_frames(struct page_info *const *page, unsigned long nr)
{
    struct tlb_debt debt = TLB_NO_DEBT;

    for (unsigned long i = 0; i < nr; i++)
        if (page[i]->free_overlay.tlb_taint)
            debt = tlb_debt_join(debt, debt_of(page[i]));

    return debt;
}

/* How many from @page on are neighbours, upwards or down as @step is 1 or -1?
 * At most @max. */
static __inlined unsigned long count_neighbours(struct page_info *const *page,
                                                long step, unsigned long max)
{
    const struct page_info *pg = page[0] + step;
    unsigned long nr = 1;

    while (nr + 4 <= max && page[nr] == pg && page[nr + 1] == pg + step &&
           page[nr + 2] == pg + 2 * step && page[nr + 3] == pg + 3 * step) {
        nr += 4;
        pg += 4 * step;
    }
    for (; nr < max && page[nr] == pg; nr++)
        pg += step;

    return nr;
}

/* Give back the first of @page with its neighbours, so far as they are of the
 * same word. Returns how many these were. */
static unsigned long give_neighbours(struct page_info *const *page,
                                     unsigned long max, bool dirty, bool owing)
{
    unsigned long pdx = page_to_pdx(page[0]), nr, bits;
    unsigned int at = pdx % BITS_PER_LONG, room = at + 1;

    if (max > 1 && page[1] > page[0]) {
        room = BITS_PER_LONG - at;
        nr = count_neighbours(page, 1, max < room ? max : room);
    } else {
        nr = count_neighbours(page, -1, max < room ? max : room);
        at -= (unsigned int)nr - 1;
    }
    bits = ~0UL >> (BITS_PER_LONG - nr) << at;
    give_bits(pdx / CHUNK_FRAMES, pdx % CHUNK_FRAMES / BITS_PER_LONG, bits,
              dirty, owing ? debt_of_frames(page, nr) : TLB_NO_DEBT);

    return nr;
}

static __inlined bool are_neighbours(const struct page_info *a,
                                     const struct page_info *b)
{
    uintptr_t ahead = (uintptr_t)a - (uintptr_t)b + sizeof(*a);

    return ahead == 0 || ahead == 2 * sizeof(*a);
}

/* Frames that owe nothing, most of which are most often scattered. */
static __inlined void give_free_of_debt(struct page_info *const *page,
                                        struct page_info *const *end,
                                        bool dirty)
{
    while (page < end) {
        if (page + 1 < end && are_neighbours(page[0], page[1])) {
            page += give_neighbours(page, (unsigned long)(end - page), dirty,
                                    false);
        } else {
            give_frame(page_to_pdx(*page), dirty);
            page++;
        }
    }
}

static void give_owing(struct page_info *const *page,
                       struct page_info *const *end, bool dirty)
{
    while (page < end)
        page += give_neighbours(page, (unsigned long)(end - page), dirty, true);
}

static struct heap_node *node_of_page(const struct page_info *pg)
{
    return node_of_chunk(page_to_pdx(pg) / CHUNK_FRAMES);
}

static void make_available(struct heap_node *node, unsigned long nr, bool dirty)
{
    if (dirty)
        node_soil(node);
    node_unreserve(node, nr);
}

/* They have been given: those of each node are available there. */
static void make_all_available(struct page_info *const *page, unsigned long nr,
                               bool dirty)
{
    if (likely(nr_nodes == 1)) {
        make_available(&heap_nodes[0], nr, dirty);
        return;
    }
    for (unsigned long i = 0, n; i < nr; i += n) {
        struct heap_node *node = node_of_page(page[i]);

        for (n = 1; i + n < nr && node_of_page(page[i + n]) == node;)
            n++;
        make_available(node, n, dirty);
    }
}

void give_frames(struct page_info *const *page, unsigned long nr, bool dirty,
                 bool owing)
{
    if (owing)
        give_owing(page, page + nr, dirty);
    else if (dirty)
        give_free_of_debt(page, page + nr, true);
    else
        give_free_of_debt(page, page + nr, false);
    make_all_available(page, nr, dirty);
    if (any_leaving())
        for (unsigned long i = 0; i < nr; i++)
            park_marked(page[i]);
}
