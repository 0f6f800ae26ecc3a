/* SPDX-License-Identifier: MIT */
/*
 * A machine with PV guests: for tests of references, types and hypercalls.
 *
 * Its RAM begins above frame 0. A domain's frames are taken from the heap as a
 * guest's are, and what they contain is read and written as the hypervisor
 * does. What cannot fail here stops the test: only what a test is about
 * returns.
 */
#ifndef PV_MACHINE_H
#define PV_MACHINE_H

#include <x86/pte.h>
#include <xen/domain.h>
#include <xen/frame_table.h>
#include <xen/page_table.h>

/* The frames that guests get theirs from. */
#define PV_FIRST_FRAME 64UL
#define PV_NR_FRAMES   448UL

/* What the hypervisor may take besides, for tables of its own: a superpage. */
#define PV_SPARE_FRAME 512UL
#define PV_NR_SPARE    512UL

/* Flags of entries as guests write them. */
#define PV_TABLE    (PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_ACCESSED)
#define PV_READ     (PTE_PRESENT | PTE_USER)
#define PV_WRITE    (PTE_PRESENT | PTE_USER | PTE_WRITABLE)
#define PV_NO_QUOTA (~0UL)

/* Build it, with @nr CPUs, which are this thread by turns: AS_CPU(). */
void pv_machine(unsigned int nr);

/* The same with what is to spare on a node of its own, node 1. */
void pv_machine_of_two_nodes(unsigned int nr);

/* A domain with @nr_vcpus that may own any number of frames. */
struct domain *pv_domain(domid_t id, unsigned int nr_vcpus);

/* A frame of zeroes that is @d's and that nobody else refers to. */
struct page_info *pv_page(struct domain *d);

static inline uint64_t pv_entry(const struct page_info *pg, uint64_t flags)
{
    return mfn_to_maddr(page_to_mfn(pg)) | flags;
}

static inline mfn_t pv_entry_mfn(uint64_t entry)
{
    return maddr_to_mfn(entry & PTE_ADDRESS);
}

/* An entry of a table, or any word of a frame: as the guest, nobody checks. */
uint64_t pv_read(const struct page_info *pg, unsigned int slot);
void pv_write(struct page_info *pg, unsigned int slot, uint64_t value);

/* The slot of the entry number @n of a table of @level, hypervisor's left out.
 */
unsigned int pv_slot(unsigned int level, unsigned int n);

/**
 * pv_tree - build tables of @level and below, all of frames of @d's.
 *
 * The first @nr slots that are a guest's lead each to another such tree, those
 * of level 1 to frames that may be written. Nothing refers to it but itself.
 */
struct page_info *pv_tree(struct domain *d, unsigned int level,
                          unsigned int nr);

/* Its frames, leaves among them: 1 + nr + nr^2 ... + nr^level. */
unsigned long pv_tree_frames(unsigned int level, unsigned int nr);

/* The frame that the first @depth slots of @slots lead to, from @table on. */
struct page_info *pv_walk(struct page_info *table, const unsigned int *slots,
                          unsigned int depth);

/* The counts of a frame, without flags. */
static inline unsigned long pv_count(const struct page_info *pg)
{
    return __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED) & PGC_count_mask;
}

static inline unsigned long pv_type_count(const struct page_info *pg)
{
    return __atomic_load_n(&pg->inuse_overlay.type_info, __ATOMIC_RELAXED) &
           PGT_count_mask;
}

/* Let CPU @cpu run @v, or nobody with NULL. This is CPU 0 again afterwards. */
void pv_run(unsigned int cpu, struct vcpu *v);

/*
 * Is all memory back that was free at pv_mark_free()? Prints what is missing.
 * What a domain takes itself is part of it, so a mark is set before the first.
 */
void pv_mark_free(void);
bool pv_all_free(void);

#endif /* PV_MACHINE_H */
