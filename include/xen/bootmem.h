/* SPDX-License-Identifier: MIT */
/*
 * The boot allocator: free RAM before there is a heap.
 *
 * RAM goes in by range, what is in use already is reserved by name, frames come
 * out, and what is left goes to the heap. The reservations are kept, for the
 * boot log and the monitor.
 *
 * Invariants (docs/invariants.md):
 *
 *   B1  Free ranges ascend, do not overlap or touch, and are whole frames.
 *   B2  No byte of a reservation is in a free range, whichever came first and
 *       whatever ranges it spans.
 *   B3  RAM added = free + reserved RAM + allocated + lost, in frames. Frames
 *       are lost only when a table here is full, and they are counted.
 *   B4  Frame 0 is never free.
 *
 * Sizes are in bytes, @nr and @align in frames. Boot only, one CPU, no lock.
 * But reservations can also be made later, one at a time, and read on any CPU.
 */
#ifndef XEN_BOOTMEM_H
#define XEN_BOOTMEM_H

#include <xen/compiler.h>
#include <xen/mm-frame.h>
#include <xen/types.h>

struct bootmem_reservation {
    paddr_t start, end; /* [start, end), in bytes, as given */
    char owner[32];     /* "image", "module 0: guest.elf", ... */
};

/**
 * bootmem_add - the RAM in [@start, @end) is free, but for what is reserved.
 *
 * Reserve first, then add. Bytes that do not fill a frame are left out. RAM may
 * come in any order, and twice.
 */
void bootmem_add(paddr_t start, paddr_t end);

/**
 * bootmem_reserve - keep each frame that holds a byte of [@start, @end).
 *
 * @owner is copied. An empty range reserves nothing. The range need not be RAM,
 * may overlap others, and may be wholly or partly free already.
 *
 * Returns 0, -EINVAL if @end is before @start, or -ENOSPC if the table is full;
 * in that case the range is kept from the allocator all the same if it is free
 * now, but not against a later bootmem_add().
 */
__must_check int bootmem_reserve(paddr_t start, paddr_t end, const char *owner);

/**
 * bootmem_alloc - take @nr frames at a multiple of @align, all below @limit.
 *
 * Takes the highest that fit, so that low memory lasts. @align is a power of
 * two; @limit is in bytes. The frames hold whatever they held. They are listed
 * with the reservations, under @owner.
 *
 * Returns the first frame, or INVALID_MFN if there is no such run, or no room
 * to list it.
 */
__must_check mfn_t bootmem_alloc(unsigned long nr, unsigned long align,
                                 paddr_t limit, const char *owner);

/* The same, and all of them at or above @start too, which is in bytes. */
__must_check mfn_t bootmem_alloc_in(unsigned long nr, unsigned long align,
                                    paddr_t start, paddr_t limit,
                                    const char *owner);

/**
 * bootmem_take_all - hand the free ranges out, one a call, the highest first.
 *
 * Sets *@start and returns the number of frames, or 0 when none is left. What
 * has been taken is the caller's; from the first call on bootmem_alloc() finds
 * nothing, and bootmem_add() is a bug: the heap has a door of its own.
 */
unsigned long bootmem_take_all(mfn_t *start);

/* How many frames are free, were taken by bootmem_alloc(), and were lost. */
unsigned long bootmem_nr_free(void);
unsigned long bootmem_nr_allocated(void);
unsigned long bootmem_nr_lost(void);

/* The i-th reservation or allocation by address, NULL past the last. Those made
 * when the heap has all come last. */
const struct bootmem_reservation *bootmem_reservation(unsigned int i);

/* Who reserved the frame @mfn, or NULL. */
const char *bootmem_owner(mfn_t mfn);

/* Print every reservation with its owner, and how many frames were lost,
 * whatever the console's level is. */
void bootmem_print_reservations(void);

/**
 * bootmem_check - check B1, B2, B4, and that the free frames of B3 are counted
 * right; 0, or the number of a broken one, which has then been printed.
 */
int bootmem_check(void);

#endif /* XEN_BOOTMEM_H */
