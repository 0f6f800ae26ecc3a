/* SPDX-License-Identifier: MIT */
/*
 * Memory that is plugged in while the machine runs.
 *
 * It joins where the memory map has room for it (<xen/memory_room.h>). What the
 * core needs to know about it, 2 MiB of frame table for 256 MiB and 2 MiB of
 * M2P for 1 GiB, lies in it: on its own node, and there also when all other
 * memory is in use. So nothing need be given back when it cannot join.
 * Only a page table for guests' view of the M2P may stay, for the next attempt.
 *
 * Invariants (docs/invariants.md):
 *
 *   A1  What joins is RAM as a whole, with entries, and its node's heap has it,
 *       but for its entries' memory and what is reserved. Of what does not join
 *       nothing is left.
 *   A2  Who takes memory below a limit gets nothing above it, though it joins
 *       meanwhile.
 */
#ifndef XEN_MEMORY_ADD_H
#define XEN_MEMORY_ADD_H

#include <xen/compiler.h>
#include <xen/memory_map.h>

/**
 * memory_add_check - can memory in [@start, @end) join @node?
 *
 * NODE_NONE: that of firmware's range that it is in (<xen/numa.h>).
 * Returns 0, or why not, and the log says it:
 *   -EINVAL  an end is no multiple of ROOM_UNIT; or what the map has there is
 *            neither room nor RAM; or there is no such node; or its
 *            entries would take all of it
 *   -EEXIST  some of it is RAM already
 *   -ENOSPC  the map has no room there, or no space for more ranges
 */
__must_check int memory_add_check(const struct memory_map *map, paddr_t start,
                                  paddr_t end, unsigned int node);

/**
 * memory_add - take the memory in [@start, @end) into use.
 *
 * It is in the machine, and its contents can be reached (<asm/contents.h>), as
 * far as they can of any RAM. It may contain anything. All of it but what its
 * entries take, and what the boot allocator has reserved there, goes to the
 * heap of @node, as dirty memory; in @map its room is RAM then. Where it shares
 * a piece (<xen/numa.h>) with RAM of another node it is of that one.
 *
 * On any CPU, when the heap works, with no spinlock held; not from an
 * interrupt. Nobody reads @map meanwhile but offline_page() and those like it.
 *
 * Returns 0; what memory_add_check() does; -EBUSY, another CPU is at it;
 * -ENOMEM, no memory for page tables; or -EFAULT, it does not keep what is
 * written. Then nothing has changed.
 */
__must_check int memory_add(struct memory_map *map, paddr_t start, paddr_t end,
                            unsigned int node);

#endif /* XEN_MEMORY_ADD_H */
