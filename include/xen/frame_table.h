/* SPDX-License-Identifier: MIT */
/*
 * The frame table: a struct page_info for every frame of RAM.
 *
 * It is an array in virtual memory, indexed by PDX (<xen/pdx.h>). Memory is
 * under it only where there is RAM, by the group: a group is the frames that
 * one 2 MiB page of the table describes, 256 MiB of RAM (with CONFIG_BIGMEM
 * 6 MiB describe 512 MiB).
 *
 * That memory contains anything at first: to clear all of it would take long.
 * Who first needs an entry opens the group (frame_table_open()). Until then its
 * frames are not valid: they are nobody's, or parts of large free blocks.
 *
 * Invariants (docs/invariants.md):
 *
 *   F1  mfn_to_page() and page_to_mfn() undo each other for every valid frame.
 *   F2  Every frame of RAM that the hypervisor uses has a place in the table.
 *       RAM out of reach, or worth less than its entries, is not used:
 *       frame_table_init().
 *   F3  The place of a frame is mapped; other frames have none.
 *   F4  The entry of a valid frame that is not RAM is zero, or DOMID_IO's: so
 *       nobody gets it as RAM.
 *   F5  Frames that follow one another within an aligned block of
 *       PDX_BLOCK_ORDER have entries that follow one another.
 *   F6  A group is opened once, and no entry of it is touched before. A frame
 *       that is valid has a place in a group that is open.
 */
#ifndef XEN_FRAME_TABLE_H
#define XEN_FRAME_TABLE_H

#include <xen/bits.h>
#include <xen/memory_map.h>
#include <xen/mm-frame.h>
#include <xen/page_info.h>
#include <xen/pdx.h>

/* A group's share of the table is the least that whole superpages hold. */
#define GROUP_TABLE_SIZE                                                       \
    ((PAGE_INFO_SIZE & -PAGE_INFO_SIZE) == PAGE_INFO_SIZE                      \
         ? SUPERPAGE_SIZE                                                      \
         : 3 * SUPERPAGE_SIZE)
#define FRAMES_PER_GROUP (GROUP_TABLE_SIZE / PAGE_INFO_SIZE)

_Static_assert(GROUP_TABLE_SIZE % PAGE_INFO_SIZE == 0, "entry astride groups");
_Static_assert((FRAMES_PER_GROUP & (FRAMES_PER_GROUP - 1)) == 0, "group size");

/*
 * The table's reach: all that 32 bits of index name, 16 TiB (with BIGMEM 128),
 * but for the last group. So no frame has the index PAGE_LINK_NONE.
 */
#define FRAME_TABLE_REACH      (BIT(CONFIG_BIGMEM ? 35 : 32) - FRAMES_PER_GROUP)
#define FRAME_TABLE_MAX_GROUPS (FRAME_TABLE_REACH / FRAMES_PER_GROUP)

_Static_assert(FRAME_TABLE_REACH <= PAGE_LINK_NONE, "a frame is no frame");

/*
 * Entry 0; all indices of valid frames are below nr_pdxs, which is a multiple
 * of FRAMES_PER_GROUP. Set once, at boot.
 */
extern struct page_info *frame_table;
extern unsigned long nr_pdxs;

/* Groups with memory for entries, and those that are open; both atomic. */
extern unsigned long ram_groups[BITMAP_LONGS(FRAME_TABLE_MAX_GROUPS)];
extern unsigned long valid_groups[BITMAP_LONGS(FRAME_TABLE_MAX_GROUPS)];

/**
 * frame_table_init - build the table for the RAM in @map.
 *
 * Chooses the PDX compression, takes memory for the table from the boot
 * allocator (2 MiB pages, the highest first, as many in a row as there are),
 * and has it mapped. RAM out of the table's reach is taken out of @map and, by
 * a reservation, away from the boot allocator, and logged. So is the RAM of a
 * group that has less of it than its share of the table takes, unless something
 * there is reserved, or all RAM is like that. Boot only, once.
 *
 * Returns 0, -ENOMEM (no memory or no address space for the table; the log
 * says how much was wanted), -EINVAL (there is no RAM in @map), or -EFAULT
 * (what @map says is RAM keeps nothing; the log names the address).
 */
__must_check int frame_table_init(struct memory_map *map);

/* Before that: let the entries of a group be put where its first RAM is, by
 * @srat, as far as there is room; if that was not refused. */
struct srat;
void frame_table_set_homes(const struct srat *srat);

/* The bytes of memory under the table, and those of groups that are open. */
unsigned long frame_table_size(void);
unsigned long frame_table_open_size(void);

/* Check F1 to F6 against @map; 0, or the broken one, which has been printed. */
int frame_table_check(const struct memory_map *map);

/**
 * frame_table_open - let the frames of @mfn's group be valid.
 *
 * Does nothing if they are, or if @mfn has no place in the table. Waits for
 * another CPU that is at it. May be called at any time, with any lock held.
 */
void frame_table_open(mfn_t mfn);

#include <xen/frame_lookup.h>

#endif /* XEN_FRAME_TABLE_H */
