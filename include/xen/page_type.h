/* SPDX-License-Identifier: MIT */
/*
 * Types: what a frame is used as, and by how many.
 *
 * All who use a frame use it in the same way: as a page table of one level, as
 * segment descriptors, or written by a guest. The type changes only while
 * nobody uses it. This file is the state machine of type_info, and knows
 * nothing of what a frame contains; who examines contents is
 * <xen/page_table.h>.
 *
 *   state   count  flags           meaning
 *   ------  -----  --------------  ------------------------------------------
 *   idle    0      none            nobody uses it; the type is the last one's
 *   cached  0      validated       the same; the contents still suit the type.
 *                                  Only writable frames: any contents suit
 *   busy    1      busy            one CPU examines it, or takes it apart
 *   partial 1      partial         examined as far as the progress says, and
 *                                  left so: to be taken up again by anybody
 *   valid   1...   validated       in use
 *
 * Beside those, PGT_pinned while valid: the owner's wish, which holds a
 * reference; PGT_locked while valid, see page_lock().
 *
 * One who wants the type of an idle frame makes it busy: others wait for him,
 * or turn away. While it is busy, and after it has won, the CPU that did has
 * whoever could still use it in the old way flush (rule R10); then it examines;
 * then it publishes what has come of it. The last reference goes by way of busy
 * too: so the time stamp and the progress, which share their bytes, are only
 * written by the one CPU that has the frame busy (R9).
 *
 * PGT_partial owns one general reference and the one type reference. Who makes
 * a partial frame busy inherits both (R2).
 *
 * Waiting: for a busy frame of a table's type a CPU waits until it is asked to
 * yield; for one of another type, whose work is short, it just waits. For a
 * locked one, too. While it waits it answers other CPUs. No spinlock may be
 * held by who calls anything here but page_unlock().
 */
#ifndef XEN_PAGE_TYPE_H
#define XEN_PAGE_TYPE_H

#include <xen/compiler.h>
#include <xen/page_holder.h>

/* This CPU has made the frame busy, and must publish. */
#define TYPE_WON 1

/**
 * page_type_take - begin to use a frame as @type, a PGT_ type but PGT_none.
 *
 * The caller holds a general reference to it. Returns
 *   0          it is valid as @type, and the caller has a type reference;
 *   TYPE_WON   it is busy as @type, and it is for the caller to examine it and
 *              to publish. *@before is what type_info was: PGT_partial in it
 *              means to go on where the progress says. No CPU can any more use
 *              the frame in a way that the old type allowed;
 *   -EINTR     nothing has changed: it is busy, or others were quicker, and
 *              this CPU was asked to yield. Only for types of tables;
 *   -EINVAL    it is in use as another type;
 *   -EBUSY     its count is full.
 */
__must_check int page_type_take(struct page_info *pg, unsigned long type,
                                unsigned long *before);

/* One more use as @type of a frame that is valid as such: false if it is not,
 * or its count is full. Waits for nobody. */
__must_check bool page_type_share(struct page_info *pg, unsigned long type);

/**
 * page_type_drop - end a use.
 *
 * @hold is HOLD_FULL, and the frame is valid; or HOLD_HALF: then there is only
 * something to do while it is partial. Returns
 *   0          done: the reference is gone, or there was nothing to do;
 *   TYPE_WON   it was the last one, or the frame was partial: now it is busy,
 *              and the caller takes it apart and publishes; *@before as above;
 *   -EINTR     nothing has changed. Only for types of tables.
 */
__must_check int page_type_drop(struct page_info *pg, enum hold hold,
                                unsigned long *before);

/*
 * What becomes of a busy frame. @before is what page_type_take() or
 * page_type_drop() said: the general reference of a PGT_partial that began or
 * ended is taken or dropped here.
 *
 *   valid     all of it was examined; the caller has a type reference
 *   partial   entries below @nr are full holders, and so is entry @nr half of
 *             one if @direction is not 0: +1 it was left by validation, -1 by
 *             invalidation
 *   idle      nothing is held for it; its last use ends now
 *   back      as it was @before: nothing was done
 */
void page_type_publish_valid(struct page_info *pg, unsigned long before);
void page_type_publish_partial(struct page_info *pg, unsigned long before,
                               unsigned int nr, int direction);
void page_type_publish_idle(struct page_info *pg, unsigned long before);
void page_type_publish_back(struct page_info *pg, unsigned long before);

/**
 * page_type_pin, page_type_unpin - set PGT_pinned; clear it.
 *
 * The flag is a full holder: who sets it gives it the references that he has,
 * and so the frame is valid; who clears it has them. False: it was as wanted.
 */
__must_check bool page_type_pin(struct page_info *pg);
__must_check bool page_type_unpin(struct page_info *pg);

/* What a frame is used as, or was last; PGT_none, ... */
static inline unsigned long page_type(const struct page_info *pg)
{
    return __atomic_load_n(&pg->inuse_overlay.type_info, __ATOMIC_RELAXED) &
           PGT_type_mask;
}

static inline bool type_is_table(unsigned long type)
{
    type &= PGT_type_mask;
    return type >= PGT_l1_page_table && type <= PGT_l4_page_table;
}

/* The level of a table's type, 1 to 4, and back. */
static inline unsigned int level_of_type(unsigned long type)
{
    return (unsigned int)(type >> 61);
}

static inline unsigned long type_of_level(unsigned int level)
{
    return (unsigned long)level << 61;
}

#include <xen/page_lock.h>
#include <xen/page_writable.h>

#endif /* XEN_PAGE_TYPE_H */
