/* SPDX-License-Identifier: MIT */
/* How what CPUs have at hand is taken back, and looked at. magazine.h includes
 * it. */
#ifndef MAGAZINE_DRAIN_H
#define MAGAZINE_DRAIN_H

/* Give frames back to their chunks, as many at a time as are neighbours. Only
 * if @owing do their entries tell of debts. */
void give_frames(struct page_info *const *page, unsigned long nr, bool dirty,
                 bool owing);

/* What frames at hand owe together, by their entries. */
struct tlb_debt debt_of_frames(struct page_info *const *page, unsigned long nr);

/* And a small block that somebody had, and that owes nothing. */
void give_small(struct page_info *pg, unsigned int order);

/* The CPU, and 1, that has memory taken back, as there is too little; 0: none.
 */
extern unsigned int magazines_shortening;

/**
 * magazines_drain - give back what all CPUs have at hand, and take their chunks
 * from them.
 *
 * No lock may be held.
 */
void magazines_drain(void);

/**
 * magazines_shorten - drain them, and have CPUs take no more than they need.
 *
 * So after it a request fails only if there is nothing for it. Until
 * magazines_lengthen(). One CPU at a time: others wait, and answer meanwhile.
 */
void magazines_shorten(void);
void magazines_lengthen(void);

/* Is anything at hand for some CPU, or about to be; or is somebody shortening
 * them? A moment's view. */
bool magazines_have_any(void);

/* Is some other CPU about to move frames, or has it reserved what it may not
 * find? See reserve_in_vain(). */
bool magazines_are_moving(const struct heap_cpu *me);

/* How many frames they have; a moment's view. */
unsigned long magazines_count(void);

/* Call @look for each block that they have; for while nobody uses them. And how
 * often is the frame at @pdx among them? */
void magazines_look(void (*look)(unsigned long pdx, unsigned int order,
                                 bool dirty, void *data),
                    void *data);
unsigned int magazines_times(unsigned long pdx);

#endif /* MAGAZINE_DRAIN_H */
