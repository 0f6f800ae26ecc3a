/* SPDX-License-Identifier: MIT */
/*
 * Page tables of guests: what they may contain, and what their entries hold.
 *
 * A table is examined as a whole once, when the first reference to it as a
 * table of its level is taken; from then on each change of an entry is examined
 * by itself (<xen/entry_update.h>). Examining takes, for each present entry,
 * a reference to the frame that it names: so what a valid table leads to is
 * valid, and stays so.
 *
 *   level  an entry names         and holds
 *   1      a frame of its owner   a general reference, and one as writable if
 *                                 PTE_WRITABLE
 *          a device's frame       nothing; marked by PTE_UNCOUNTED
 *   2-4    a table of level - 1   a general and a type reference
 *          one of its own level   the same; or nothing, if it is the very table
 *                                 (only with CONFIG_LINEAR_TABLES, to read)
 *   4      slots 256 to 271       nothing: they are the hypervisor's, and are
 *                                 written when the table becomes valid
 *
 * Both directions can be interrupted after any entry. Then the table is left
 * PGT_partial: it needs nobody to go on, and anybody can take it up again, in
 * either direction.
 *
 * The rules for what may stand in an entry are pure: entry_check() below.
 */
#ifndef XEN_PAGE_TABLE_H
#define XEN_PAGE_TABLE_H

#include <x86/pte.h>
#include <xen/compiler.h>
#include <xen/domain.h>
#include <xen/page_holder.h>

/* The hypervisor's slots of a table of level 4. */
#define HYPERVISOR_SLOT_FIRST (PTES_PER_TABLE / 2)
#define HYPERVISOR_SLOTS      (PTES_PER_TABLE < 32 ? 1 : PTES_PER_TABLE / 32)

static inline bool is_hypervisor_slot(unsigned int level, unsigned int slot)
{
    return level == 4 && slot >= HYPERVISOR_SLOT_FIRST &&
           slot < HYPERVISOR_SLOT_FIRST + HYPERVISOR_SLOTS;
}

/* What stands in them, in every table of level 4. The machine fills this in
 * before there is a guest. */
extern uint64_t hypervisor_slots[HYPERVISOR_SLOTS];

/**
 * get_page_table - use a frame as a table of @level.
 *
 * @h holds it HOLD_READ_ONLY. Returns
 *   0          it is valid, and *@h is HOLD_FULL;
 *   -EINTR     interrupted, and nothing has changed;
 *   -ERESTART  interrupted, with the frame left partial; *@h is as before;
 *   another    it cannot be one, for this reason. *@h is as before, or it is
 *              HOLD_HALF: then entries are held still, and who drops *@h takes
 *              the rest apart.
 * May be preempted. No lock may be held.
 */
__must_check int get_page_table(struct page_holder *h, unsigned int level);

/**
 * put_holder - drop what @h holds, whatever that is.
 *
 * Returns 0: *@h is HOLD_NONE; -EINTR: nothing has changed; -ERESTART: *@h is
 * HOLD_HALF, and it is to be called again, some time. Only tables are ever
 * interrupted. No lock may be held.
 */
__must_check int put_holder(struct page_holder *h);

/**
 * entry_check - may @entry stand in a table of @level? Pure.
 *
 * Looks at all but the frame. Returns 0 and sets *@adjusted to what will be
 * written: PTE_USER set, as a guest's kernel runs as a user does; PTE_GLOBAL
 * and PTE_UNCOUNTED cleared. -EINVAL: a flag is not allowed there. Those that
 * say how a leaf is cached are for get_entry() to judge: RAM is always cached.
 */
__must_check int entry_check(unsigned int level, uint64_t entry,
                             uint64_t *adjusted);

/**
 * get_entry - take what an entry of @table, of @level, is to hold.
 *
 * *@entry is present and has passed entry_check(). The table is @d's; the frame
 * that the entry names is to be @owner's, which is @d but in an update that
 * says so. At level 1 it may change flags of *@entry, for a device. *@child was
 * empty. Returns
 *   0          *@child is what the entry now holds: full, or at level 1
 *              read-only, or empty for a device;
 *   -EINTR     nothing has changed, and *@child is empty;
 *   -ERESTART  the frame was left partial; *@child is HOLD_READ_ONLY, which an
 *              entry of a table under examination keeps, as half, and anybody
 *              else puts;
 *   -EBUSY     level 1: the frame is not @owner's, or is used otherwise;
 *   -EPERM     level 1: it is a device's that @d may not map;
 *   -EINVAL    levels 2 to 4: the same; or a flag does not suit the frame;
 *   another    for this reason; *@child is empty, or half: to be put.
 *
 * Whether @d may name frames of @owner at all is for the caller to know. Tables
 * above level 1 name only frames of their own domain.
 */
__must_check int get_entry(struct domain *d, struct domain *owner,
                           struct page_info *table, unsigned int level,
                           uint64_t *entry, struct page_holder *child);

/* What an entry that stands in a valid table of @level holds; empty if it is
 * not present, or a device's. Reads nothing but the entry. */
struct page_holder entry_holder(unsigned int level, uint64_t entry);

#endif /* XEN_PAGE_TABLE_H */
