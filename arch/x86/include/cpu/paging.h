/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables.
 *
 *   image          4 KiB pages; text read and execute, constants read, data
 *                  read and write; no two of these on one page
 *   direct map     RAM and ACPI's memory, read and write, in the largest pages
 *                  that fit; the image's text and constants only read
 *   frame table    2 MiB pages, read and write
 *   M2P            2 MiB pages, read and write, and once more, for guests to
 * read CPU areas      4 KiB pages, read and write, for the CPUs that there are
 *   fixed map      4 KiB pages, read and write (cpu/fixed_map.h)
 *
 * Nothing else, and nothing but the M2P that a user may read, and nothing that
 * one may write. So no frame of the image's text can be written by any address,
 * and nothing but text can be executed.
 *
 * All tables of level 3 are there from the start, so that the entries of level
 * 4 can be copied into guests' tables.
 */
#ifndef CPU_PAGING_H
#define CPU_PAGING_H

#include <xen/compiler.h>
#include <xen/memory_map.h>
#include <xen/mm-frame.h>
#include <xen/types.h>

/**
 * paging_init - leave the tables of head.S for the final ones.
 *
 * Takes frames from the boot allocator, below BOOT_MAP_SIZE. Boot only, once.
 * Returns 0, or -ENOMEM: there are no frames. Then head.S's tables are still in
 * force, and what was taken from the boot allocator stays taken.
 */
__must_check int paging_init(const struct memory_map *map);

/**
 * paging_lookup - the entry that maps @va, and the level it stands at.
 *
 * Returns 0 if nothing is mapped there; *@level is then that of the entry that
 * is missing. Before paging_init() nothing is.
 */
uint64_t paging_lookup(const void *va, unsigned int *level);

/* The machine address of the table of level 4, below BOOT_MAP_SIZE. */
paddr_t paging_root(void);

/* What stands in that table at @slot. */
uint64_t paging_slot(unsigned int slot);

enum paging_rights {
    PAGING_EXECUTE,     /* the hypervisor reads and executes */
    PAGING_READ,        /* it reads */
    PAGING_WRITE,       /* it reads and writes */
    PAGING_GUESTS_READ, /* everybody reads; only among the slots for that */
};

/**
 * paging_map - map @nr frames from @mfn on at @va, in pages of up to 2 MiB.
 *
 * One CPU at a time, or where paging_prepare() was: then any CPU may, each its
 * own superpages, and it cannot fail. Nothing was mapped there before. The
 * tables come from the heap, once there is one. Returns 0, or -ENOMEM: there is
 * no memory for them.
 */
__must_check int paging_map(void *va, mfn_t mfn, unsigned long nr,
                            enum paging_rights rights);

/* Undo that, whichever part of [@va, @va + @size), whole leaves, was mapped;
 * and let no CPU remember it. No lock is held. The tables stay. */
void paging_unmap_range(uintptr_t va, uint64_t size);

/**
 * paging_map_memory - take RAM that comes later into the direct map.
 *
 * [@start, @end) is whole frames, of which none is there; what lies above the
 * direct map's end is left out. One CPU at a time, with no lock held. Returns
 * 0, or -ENOMEM: then nothing is mapped.
 *
 * paging_unmap_memory - take it out again; nobody has used it.
 */
__must_check int paging_map_memory(paddr_t start, paddr_t end);
void paging_unmap_memory(paddr_t start, paddr_t end);

/* Make the tables that are needed to map @nr frames at @va, in superpages.
 * Returns 0, or -ENOMEM. */
__must_check int paging_prepare(void *va, unsigned long nr);

/**
 * paging_map_frame - map @mfn at @va, readable and writable; as above.
 */
__must_check int paging_map_frame(void *va, mfn_t mfn);

/* Undo that, before any CPU has used @va. Returns the frame, or INVALID_MFN if
 * none was mapped. */
mfn_t paging_unmap_frame(void *va);

#endif /* CPU_PAGING_H */
