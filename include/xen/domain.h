/* SPDX-License-Identifier: MIT */
/*
 * Domains: who owns frames. Their virtual CPUs, who use them: <xen/vcpu.h>.
 *
 * A domain is named by a number. It is there until nobody refers to it any
 * more, and each frame that it owns does: so it outlives its frames, and the
 * owner of a frame that one holds a reference to can always be found. Its life:
 *
 *   DOMAIN_ALIVE   it may get frames
 *   DOMAIN_DYING   it gets none any more, and loses those that it has
 *   DOMAIN_DEAD    it owns nothing that the hypervisor could take from it; what
 *                  is left are frames that others still hold references to
 *
 * Two domains never run. DOMID_IO owns the frames of devices, DOMID_XEN those
 * of the hypervisor that privileged domains may look at.
 */
#ifndef XEN_DOMAIN_H
#define XEN_DOMAIN_H

#include <public/xen.h>
#include <xen/compiler.h>
#include <xen/cpumask.h>
#include <xen/grant_table.h>
#include <xen/numa.h>
#include <xen/page_alloc.h>
#include <xen/page_list.h>
#include <xen/spinlock.h>
#include <xen/vcpu.h>

#define DOMAIN_MAX_VCPUS   64U
#define DOMAIN_MAX_DEVICES 8U /* ranges of frames of devices */

enum domain_state {
    DOMAIN_ALIVE,
    DOMAIN_DYING,
    DOMAIN_DEAD,
};

struct device_range {
    unsigned long start, nr; /* frames */
};

struct domain {
    domid_t id;
    uint16_t tag;             /* what the owner of its frames says: id + 1 */
    bool privileged;          /* may map frames of others */
    enum domain_state state;  /* atomic; changed under page_alloc_lock */
    unsigned long references; /* atomic; one while it owns a frame, one while it
                                 has a number, and those of domain_get() */
    unsigned int pauses;      /* atomic; no vCPU of it may run while above 0 */

    /* Which frames it owns. A frame is on one of the lists until it is freed.
     */
    spinlock_t page_alloc_lock;
    struct page_list pages;        /* guarded by page_alloc_lock, as all here */
    struct page_list extra_pages;  /* PGC_extra: not charged */
    struct page_list relinquished; /* of a dying one: looked at already */
    unsigned long nr_pages;        /* on all lists but the extra pages */
    unsigned long nr_extra_pages;
    unsigned long max_pages; /* the quota; what it has already may be more */
    /* Claims (claim.h): by node, in all; and how often it has claimed. */
    unsigned long claimed[MAX_NODES], nr_claimed, nr_promised, nr_claims;
    struct heap_stream stream; /* used by who made it busy: */
    bool stream_busy;          /* atomic */
    /* CPUs that have run it since they last flushed their TLB. */
    cpumask_t dirty_cpus;

    /* Frames of devices that it may map. Set before it runs. */
    unsigned int nr_devices;
    struct device_range device[DOMAIN_MAX_DEVICES];

    unsigned int relinquish_step; /* of domain_relinquish() */
    struct grant_table grants;

    unsigned int nr_vcpus;
    struct vcpu vcpu[];
};

extern struct domain *dom_io, *dom_xen;

/**
 * domain_has_begun_to_die - if not, domain_destroy() will find what was left.
 *
 * For who leaves something to a domain of which he does not know whether it
 * lives: it was left before its end began, or the answer is true.
 */
bool domain_has_begun_to_die(struct domain *d);

/* Relaxed: to be sure one holds page_alloc_lock, under which it changes. */
static inline bool domain_is_alive(const struct domain *d)
{
    return __atomic_load_n(&d->state, __ATOMIC_RELAXED) == DOMAIN_ALIVE;
}

/* Make the two that never run. Boot only, once, after heap_init(). Returns 0 or
 * -ENOMEM. */
__must_check int domains_init(void);

/**
 * domain_create - make a domain that owns nothing.
 *
 * It has @nr_vcpus vCPUs, from 1 to DOMAIN_MAX_VCPUS, and may own @max_pages
 * frames. *@domain is set to it, with a reference that is its number's: the
 * last step of domain_destroy() drops it.
 *
 * Returns 0; -EINVAL: @id is reserved, or the number of vCPUs is none;
 * -EEXIST: there is such a domain, or frames of the last one are still referred
 * to; -ENOMEM.
 */
__must_check int domain_create(domid_t id, unsigned int nr_vcpus,
                               unsigned long max_pages, struct domain **domain);

/**
 * domain_get - look a domain up, with a reference: domain_put() gives it back.
 *
 * Knows DOMID_IO and DOMID_XEN, but not DOMID_SELF. NULL: there is none.
 */
struct domain *domain_get(domid_t id);
void domain_put(struct domain *d);

/**
 * domain_of_page - the owner of a frame that the caller holds a reference to.
 *
 * It stays as long as the reference does. NULL: the frame has no owner.
 */
struct domain *domain_of_page(const struct page_info *pg);

/* All domains, by number, for the auditor and the monitor: the one after @d, or
 * the first after NULL. The caller sees to it that none goes. */
struct domain *domain_next(const struct domain *d);

/* No vCPU of @d is entered until as many calls of the other. */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);

/**
 * domain_permit_device - let @d map the frames [@start, @start + @nr).
 *
 * None of them may be RAM. What a domain or the heap has is refused; of RAM
 * that the hypervisor uses itself only the caller knows, by the memory map.
 * Those that have an entry in the frame table become DOMID_IO's. Before @d
 * runs, and by one CPU at a time. Returns 0; -EINVAL: the range is empty or not
 * below PADDR_MAX; -EBUSY: a frame of it is in use as RAM; -ENOSPC: there are
 * too many ranges.
 */
__must_check int domain_permit_device(struct domain *d, mfn_t start,
                                      unsigned long nr);
bool domain_may_map_device(const struct domain *d, mfn_t mfn);

#endif /* XEN_DOMAIN_H */
