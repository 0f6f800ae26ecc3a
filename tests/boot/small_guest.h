/* SPDX-License-Identifier: MIT */
/*
 * A guest whose kernel are the tests: they run in its address space, and ask
 * for what they want by hypercalls, with their arguments in its memory.
 *
 * It has one table of each level, pinned, that lead to one window of 512 pages.
 * Each of its vCPUs has a page of that for arguments; the others are empty, and
 * a test maps what it likes there.
 */
#ifndef SMALL_GUEST_H
#define SMALL_GUEST_H

#include <public/xen.h>
#include <x86/pte.h>
#include <xen/cpumask.h>
#include <xen/domain.h>
#include <xen/frame_table.h>

#define GUEST_WINDOW 0x0000401080200000UL

/* Flags of an entry. */
#define GUEST_READ  (PTE_PRESENT | PTE_USER | PTE_NX)
#define GUEST_WRITE (GUEST_READ | PTE_WRITABLE)
#define GUEST_TABLE (PTE_PRESENT | PTE_USER | PTE_WRITABLE | PTE_ACCESSED)

struct small_guest {
    struct domain *domain;
    struct page_info *table[PAGETABLE_LEVELS + 1]; /* by level */
};

/* Build it: a domain of number @id, whose vCPUs have the window's table for
 * their base pointer. False: there is no memory. */
bool guest_build(struct small_guest *g, domid_t id, unsigned int nr_vcpus);

/* Give all that it has back. No CPU runs it. */
void guest_destroy(struct small_guest *g);

/* Take all from a domain that no CPU runs, however often that yields; as often
 * as it can, if the CPU is @asked to all the time. */
void domain_destroy_at_last(struct domain *d, bool asked);

/* A frame of zeroes that is its own; NULL: there is no memory. */
struct page_info *guest_page(struct small_guest *g);

/* This CPU runs @vcpu of it from now on; nobody. What it could not is printed,
 * and fails the test. */
bool guest_enter(struct small_guest *g, unsigned int vcpu);
void guest_leave(void);

/* Where page @slot of the window is. In the guest's address space only. */
static inline uint8_t *guest_at(unsigned int slot)
{
    return (uint8_t *)(GUEST_WINDOW + slot * PAGE_SIZE);
}

/* The first slot that is not for arguments. */
static inline unsigned int guest_first_slot(const struct small_guest *g)
{
    return g->domain->nr_vcpus;
}

static inline uint64_t guest_entry(const struct page_info *pg, uint64_t flags)
{
    return mfn_to_maddr(page_to_mfn(pg)) | flags;
}

/* Hypercalls of the vCPU that runs here, begun again as often as it takes. Each
 * returns what the guest gets. */
long guest_call(unsigned long number, unsigned long a, unsigned long b,
                unsigned long c, unsigned long d);

/* From now on this CPU is asked to yield as soon as one begins, and what is
 * left of it is not begun again: the guest does something else. Or no longer.
 */
void guest_be_fickle(bool fickle);

/* Make an entry of a table @entry. Tables and frames are @domid's. */
long guest_mmu_update_of(domid_t domid, struct page_info *table,
                         unsigned int slot, uint64_t entry);

static inline long guest_mmu_update(struct page_info *table, unsigned int slot,
                                    uint64_t entry)
{
    return guest_mmu_update_of(DOMID_SELF, table, slot, entry);
}

/* Map something in the window, and flush what UVMF_ flags say. */
long guest_map(unsigned int slot, uint64_t entry, unsigned long flags);

/* Something of @domid's. */
long guest_map_of(domid_t domid, unsigned int slot, uint64_t entry);

/* One operation with a frame: MMUEXT_PIN_L1_TABLE, ... of @domid. */
long guest_mmuext(unsigned int command, const struct page_info *pg,
                  domid_t domid);

/* How often hypercalls were begun again, on all CPUs. */
unsigned long guest_nr_restarts(void);

#endif /* SMALL_GUEST_H */
