/* SPDX-License-Identifier: MIT */
/*
 * A page table entry and the tables it stands in (Intel SDM, "4-Level Paging
 * and 5-Level Paging"; AMD APM, "Long-Mode Page Translation").
 *
 * Levels count up from the table that maps 4 KiB pages:
 *
 *   level  an entry maps  as a leaf
 *   1      4 KiB          always
 *   2      2 MiB          with PTE_LARGE
 *   3      1 GiB          with PTE_LARGE, where the CPU can
 *   4      512 GiB        never
 *
 * Numbers carry no suffix: assembly reads this file too.
 */
#ifndef X86_PTE_H
#define X86_PTE_H

#define PTE_PRESENT  0x001
#define PTE_WRITABLE 0x002
#define PTE_USER     0x004
#define PTE_THROUGH  0x008 /* write-through; with PTE_UNCACHED: a device */
#define PTE_UNCACHED 0x010
#define PTE_ACCESSED 0x020
#define PTE_DIRTY    0x040
#define PTE_LARGE    0x080 /* levels 2 and 3: a leaf, not a table */
#define PTE_GLOBAL   0x100
#define PTE_NX       0x8000000000000000

/*
 * Bits that the CPU leaves alone. The hypervisor keeps one for itself: a
 * guest's entry that has it holds no reference, as it leads to a device, or to
 * the very table that it stands in.
 */
#define PTE_AVAILABLE 0x7ff0000000000e00
#define PTE_UNCOUNTED 0x0010000000000000

/* The address in an entry; a leaf's low bits beyond its size are flags. */
#define PTE_ADDRESS 0x000ffffffffff000

/* 512; fewer only in a process (CONFIG_TABLE_BITS). */
#define PTES_PER_TABLE (1 << CONFIG_TABLE_BITS)
#define PTE_SIZE       8

#define PAGETABLE_LEVELS      4
#define PAGETABLE_INDEX_SHIFT CONFIG_TABLE_BITS

/* log2 of the bytes that an entry of @level maps. */
#define PTE_SHIFT(level) (12 + PAGETABLE_INDEX_SHIFT * ((level)-1))

/* Which entry of a table of @level translates @va. */
#define PTE_INDEX(va, level) (((va) >> PTE_SHIFT(level)) & (PTES_PER_TABLE - 1))

#endif /* X86_PTE_H */
