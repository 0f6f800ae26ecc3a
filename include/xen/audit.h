/* SPDX-License-Identifier: MIT */
/*
 * The auditor: counts every reference anew, from those who hold them, and
 * compares with the frame table.
 *
 * Holders are: the owners themselves (PGC_allocated), pins, entries of valid
 * and of partial tables, PGT_partial itself, base pointers, deferred records,
 * descriptor frames, shared frames, and grant mappings.
 *
 * Invariants (docs/invariants.md), for every frame, while no CPU is inside a
 * call that changes them:
 *
 *   I1  Its general count is the number of those who hold it in any way.
 *   I2  Its type count is the number of those who hold it fully, and one more
 *       for PGT_partial.
 *   I3  PGT_pinned only on a valid table, and it is a full holder.
 *   I4  PGT_partial only on a table, with count 1; its progress is within the
 *       table and not nothing, half an entry being an entry.
 *   I5  At most one of validated, partial and busy, and with a count exactly
 *       one; without a count none, but validated of writable frames. Locked
 *       only on a valid table.
 *   I6  No frame is busy, and none locked.
 *   I7  Each present entry of a valid table of level 2 to 4 names a valid table
 *       one level below, of the same owner, or is a legal linear one.
 *   I8  The same for the entries of a partial table that its progress counts;
 *       half an entry's frame has a reference and the same owner.
 *   I9  Each present entry of an examined table of level 1 names a frame in use
 *       that its owner may map, a writable one a frame that is valid as
 *       writable; or it is a device's, and the owner may map that.
 *   I10  No frame that is used as a table or as descriptors is mapped writable;
 *        and one that others than its owner map is PGC_foreign, so that a flush
 *        reaches them.
 *   I11  With a count comes an owner; without one there is no type count, no
 *        PGC_allocated, no list and no holder.
 *   I12  Each frame of a domain is on one list of its owner, and the totals are
 *        the lengths of the lists; PGC_extra says which.
 *   I13  A free frame has no owner and no entry in the M2P.
 *   I14  A deferred record is half, or full of a valid table.
 *   I18  The hypervisor's slots of each valid table of level 4 are its own.
 *   I19  A table's linear count is that of the linear entries in it, or minus
 *        that of those which name it.
 *   I22  Each base pointer is a full holder of a valid table of level 4.
 *   I23  Each descriptor frame is valid as such, and full of good descriptors.
 *   I24  No count is above where references are refused but by those that
 *        cannot be refused.
 *   I26  A dead domain holds nothing, and its frames are held by others.
 *   I28  What a domain has claimed in all is the sum of what it has by node,
 *        and nothing is being allocated of it.
 *   I29  A domain with a claim lives, and would not own more than its quota if
 *        it got all of it.
 *   I31  What is claimed of a node is the sum of what domains have.
 *
 * The numbers are those of the study that they come from; those left out speak
 * of single steps, which tests of their own look at.
 */
#ifndef XEN_AUDIT_H
#define XEN_AUDIT_H

#include <xen/types.h>

/**
 * audit - check all of that.
 *
 * The machine stands still, or is one that changes nothing meanwhile. Takes
 * memory for its counts from the heap, 16 bytes a frame between the first and
 * the last of a group that domains own, and gives it back. Returns 0; the
 * number of the first that was found broken, which has been printed with the
 * frame, what was expected and what was found, as have others, up to
 * AUDIT_REPORTS; or -ENOMEM.
 */
#define AUDIT_REPORTS 8U
int audit(void);

/**
 * audit_heap - the same, of the frames that the heap has ever had, and of those
 * that domains own.
 *
 * Frames that are neither should have entries of zero. Most of a group is like
 * that where there is little RAM: after each step of a test, this is the one.
 */
int audit_heap(void);

/* Count in the @size bytes at @memory from now on, aligned to 16 bytes, and
 * leave the heap alone; with NULL in the heap's memory again. */
void audit_lend(void *memory, size_t size);

#endif /* XEN_AUDIT_H */
