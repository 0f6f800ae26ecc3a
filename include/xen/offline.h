/* SPDX-License-Identifier: MIT */
/*
 * Frames that leave the machine, one by one: as their memory fails, or as they
 * are wanted elsewhere.
 *
 * A frame that is free leaves at once, wherever it is: in a whole block, in a
 * chunk that is taken apart, or in the cache of a CPU. One that is in use
 * leaves when its user gives it back; until then it is pending. All others of
 * its chunk go on as before.
 *
 * The functions wait for other CPUs, and for one another: no spinlock may be
 * held, and none may be called from an interrupt.
 */
#ifndef XEN_OFFLINE_H
#define XEN_OFFLINE_H

#include <xen/compiler.h>
#include <xen/mm-frame.h>
#include <xen/types.h>

struct memory_map;

/* As what badpage= has its frames reserved in the boot allocator. */
#define BAD_PAGE_KEEPER "badpage="

/* Which frames are RAM is said by @map, which must stay; and which of them are
 * never the heap's by @keeper: what they are kept for, or NULL. Each may be
 * NULL. Boot only. */
void offline_init(const struct memory_map *map,
                  const char *(*keeper)(mfn_t mfn));

/* What offline_page() returns if it is done. */
#define OFFLINE_DONE    0
#define OFFLINE_PENDING 1

/**
 * offline_page - take the frame @mfn out of the machine.
 *
 * @broken: its memory has failed, so it never comes back. After return nobody
 * gets the frame who had not begun to take it.
 *
 * Returns OFFLINE_DONE: it is out. OFFLINE_PENDING: somebody has it, and it is
 * out as soon as he gives it back; or all memory of the node is claimed, and it
 * is out as soon as a claim is redeemed or given up for which there is too
 * little without it (<xen/claim.h>). -EINVAL: it is not RAM. -EPERM:
 * it is the hypervisor's own, for good. -EEXIST: it was out or pending already;
 * that it is @broken is noted all the same.
 */
__must_check int offline_page(mfn_t mfn, bool broken);

/**
 * online_page - take the frame @mfn back.
 *
 * It is free again, as dirty as it was, and owes what it owed. If it was
 * pending it stays in use, and that is all.
 *
 * Returns 0; -EINVAL and -EPERM as above; -EACCES: it is broken; -ENOENT: it is
 * not out; -EAGAIN: it is pending, in a block whose user has not yet treated
 * its frames one by one, or on its way out at this moment.
 */
__must_check int online_page(mfn_t mfn);

/* Where a frame is. */
enum page_place {
    PAGE_NOT_RAM,
    PAGE_RESERVED, /* for the hypervisor's own, or by badpage= */
    PAGE_FREE,
    PAGE_CACHED, /* free, in the cache of a CPU */
    PAGE_IN_USE,
    PAGE_PENDING, /* in use, but to go */
    PAGE_WAITING, /* free, but to go, and all memory of the node is claimed */
    PAGE_OFFLINE,
    NR_PAGE_PLACES
};

struct page_query {
    enum page_place place;
    bool broken;
};

/* Of any frame number. What is true may no longer be so on return. */
struct page_query query_page(mfn_t mfn);
const char *page_place_name(enum page_place place);

/* How many frames are out; and how many are pending. */
unsigned long offline_nr(void);
unsigned long offline_nr_pending(void);

/* The highest of them below the frame @below, INVALID_MFN: of all, or
 * INVALID_MFN. A moment's view. */
mfn_t offline_last(mfn_t below);

/* Memory that was claimed is available again: frames that wait for it leave. */
void offline_go_on(void);

#endif /* XEN_OFFLINE_H */
