/* SPDX-License-Identifier: MIT */
/*
 * Domains that grant frames to one another, by hypercalls: for tests of grants.
 *
 * Each has page tables in which few addresses lead anywhere, and a table of
 * grants of one frame. What a hypercall points at is in one array of memory
 * that all guests have at the same address.
 */
#ifndef GRANTING_H
#define GRANTING_H

#include <public/grant_table.h>
#include <xen/domain.h>

#include "pv_machine.h"

#define NR_PARTIES 3U

struct party {
    struct domain *d;
    struct vcpu *v;       /* its first */
    struct page_info *l1; /* slot 0 leads to a frame of its own */
    mfn_t shared;         /* its table of grants */
};

/* Numbers 1 to NR_PARTIES, with @nr_vcpus each, of which the first runs. */
extern struct party party[NR_PARTIES + 1];
void granting_machine(unsigned int nr_cpus, unsigned int nr_vcpus);

/* @d's tables, to be the base pointer of all its vCPUs; all alike. */
struct page_info *tables_of(struct domain *d);

/* The address that slot @slot of the tables of level 1 translates, and the
 * machine address of such a slot. */
#define ADDRESS_OF_SLOT(slot) ((uint64_t)(slot) << PAGE_SHIFT)
uint64_t address_of_entry(const struct page_info *table, unsigned int slot);

/* As the guest: let @user use @pg. And what stands there now: its flags. */
void grant_write(const struct party *p, unsigned int ref, unsigned int flags,
                 domid_t user, mfn_t mfn);
static inline void grant(const struct party *p, unsigned int ref,
                         unsigned int flags, domid_t user,
                         const struct page_info *pg)
{
    grant_write(p, ref, GTF_permit_access | flags, user, page_to_mfn(pg));
}
unsigned int grant_flags(const struct party *p, unsigned int ref);

/* Where guests have the memory that hypercalls of CPU @cpu may point at. */
#define GUEST_MEMORY_SIZE 8192U
uint64_t guest_address(unsigned int cpu);
void *guest_memory(unsigned int cpu);

/* A hypercall by @v, which runs on this CPU from then on, repeated as often as
 * it is interrupted. @array is copied to the guest, and back. */
long grant_call(struct vcpu *v, unsigned int command, void *array, size_t size,
                unsigned int nr);
/* How often the last one on this thread was. */
extern _Thread_local unsigned int nr_interrupted;

/* One element, and its status. */
short grant_map_one(struct vcpu *v, struct gnttab_map_grant_ref *op);
short grant_unmap_one(struct vcpu *v, struct gnttab_unmap_grant_ref *op);
short grant_copy_one(struct vcpu *v, struct gnttab_copy *op);

/* The usual ones: @p maps reference @ref of @of's at slot @slot, unless @flags
 * say otherwise, and gets a handle; and unmaps it there. */
short map_at(const struct party *p, const struct party *of, unsigned int ref,
             unsigned int flags, unsigned int slot, grant_handle_t *handle);
short unmap_at(const struct party *p, grant_handle_t handle, unsigned int slot);
short unmap_device(const struct party *p, grant_handle_t handle,
                   const struct page_info *pg);

/* Do both audits, of frames and of grants, find nothing? */
bool all_is_well(void);

#endif /* GRANTING_H */
