/* SPDX-License-Identifier: MIT */
/*
 * Frames that are to leave the machine, or have left it: how an entry says so.
 *
 *   to leave   in use: PGC_state_offlining; free: PGC_leaving. Perhaps
 *              PGC_broken with it. That is the mark
 *   parked     PGC_state_offlined: in no word, block or cache. What it owes
 *              stays in the entry, and whether it is dirty in the chunk
 *
 * The mark is set by one who does not have the frame, offline_page(). Who has
 * it changes the state by local_compare_exchange(), which may undo the mark:
 * offline_page() interrupts all CPUs and looks again. So who changes it in
 * another way than from what it must be without a mark, does so by the
 * functions here, which keep it.
 */
#ifndef PARKED_H
#define PARKED_H

#include <xen/page_info.h>

#include <asm/processor.h>

#include "chunk.h"

static inline bool has_mark(unsigned long count_info)
{
    unsigned long state = count_info & PGC_state;

    return state == PGC_state_free ? (count_info & PGC_leaving) != 0
                                   : state != PGC_state_inuse;
}

/* Marked, and not parked yet? */
static inline bool is_leaving(const struct page_info *pg)
{
    unsigned long seen = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);

    return has_mark(seen) && (seen & PGC_state) != PGC_state_offlined;
}

static inline bool is_parked(const struct page_info *pg)
{
    return page_state(pg) == PGC_state_offlined;
}

/* The same frame in use without a count, or free: with its mark. */
static inline unsigned long in_use_with_mark(unsigned long seen)
{
    return has_mark(seen) ? PGC_state_offlining | (seen & PGC_broken) : 0;
}

static inline unsigned long free_with_mark(unsigned long seen)
{
    return PGC_state_free |
           (has_mark(seen) ? PGC_leaving | (seen & PGC_broken) : 0);
}

/* The caller's frame is in use, or free, whatever its entry says. */
static inline void entry_begin_use(struct page_info *pg)
{
    unsigned long seen;

    do
        seen = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);
    while (
        !local_compare_exchange(&pg->count_info, seen, in_use_with_mark(seen)));
}

static inline void entry_end_use(struct page_info *pg)
{
    unsigned long seen;

    do
        seen = __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED);
    while (
        !local_compare_exchange(&pg->count_info, seen, free_with_mark(seen)));
}

/* As page_info_clear(), but for the mark. */
static inline void entry_clear(struct page_info *pg)
{
    entry_begin_use(pg);
    pg->list.next = pg->list.prev = 0;
    pg->inuse_overlay.owner_word = pg->inuse_overlay.last_word = 0;
    pg->inuse_overlay.type_info = 0;
}

/* How many frames are to leave, and are not parked: all that were noted, and
 * are marked after that. */
extern unsigned long nr_leaving;

/*
 * Who has given frames to their chunk asks this after it, and then looks at
 * their marks. Sequentially consistent: who makes the note looks into the chunk
 * after it.
 */
static inline bool any_leaving(void)
{
    return unlikely(__atomic_load_n(&nr_leaving, __ATOMIC_SEQ_CST) > 0);
}

/* One more, one fewer. */
static inline void leaving_begins(void)
{
    __atomic_fetch_add(&nr_leaving, 1, __ATOMIC_SEQ_CST);
}

static inline void leaving_ends(void)
{
    __atomic_fetch_sub(&nr_leaving, 1, __ATOMIC_SEQ_CST);
}

/* The caller's frame, which is free, is parked if it is marked still: a mark
 * may be taken back at any time. Was it? */
bool park_frame(struct page_info *pg);

/* The same where a CPU has it at hand, which knows whether it is dirty. */
__cold void park_taken(struct page_info *pg, bool dirty);

/* Of frames that have been taken out of a chunk, @bits: park those that are
 * marked. They are none of @bits any more. */
__cold void park_marked_of_taken(unsigned long number,
                                 unsigned long bits[CHUNK_WORDS]);

/* Frames that have been given, and are available: park those of them that are
 * marked, and that nobody else has taken. */
__cold void park_marked(struct page_info *pg);
__cold void park_marked_of_run(struct page_info *pg, unsigned long nr);

/* Is it marked, and yet free by its chunk's word? A moment's view. */
bool is_waiting(const struct page_info *pg);

/*
 * Those that are marked, and wait as all that is free of their node has been
 * reserved: park them out of @nr that the caller has reserved. Returns how
 * many: so many fewer are his. And all, out of what is available.
 */
struct heap_node;
unsigned long park_waiting(struct heap_node *node, unsigned long nr);
void park_all_waiting(void);

#endif /* PARKED_H */
