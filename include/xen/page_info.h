/* SPDX-License-Identifier: MIT */
/*
 * struct page_info: what the hypervisor knows about one machine frame.
 *
 * The frame table holds one for every frame of RAM, so each byte here costs
 * 1 MiB in 4 GiB. Three overlays share the bytes; count_info, which they have
 * in common, says which one holds:
 *
 *   bytes  in use                  shadow                free
 *   -----  ----------------------  --------------------  ---------------------
 *   0-7    list                    list or up            list
 *   8-15   count_info              count_info            count_info
 *   16-23  type_info               type, pinned, count   tlb_taint
 *   24-27  owner, linear count     back                  order, or zero
 *   28-31  stamp, progress, flags  next_shadow           timestamp
 *
 * An entry of zeroes is a frame in use, anonymous, with no count: a frame that
 * nobody may reach by a reference. So a frame table of zeroes is a safe one.
 * The entries of a block of whole chunks say nothing, free or not, until they
 * are written (heap_clear_entries()).
 *
 * Who may write a member is marked beside it:
 *   [A]  anyone, with atomic operations only
 *   [H]  who has the frame to himself: it is on its way to or from where free
 *        frames are. And who has it leave the machine (<xen/offline.h>)
 *   [L]  the holder of the lock of the list that the page is on
 *   [P]  the holder of the owner's page_alloc_lock
 *   [V]  the one CPU that is validating the page
 *   [S]  the holder of the owner's paging lock
 */
#ifndef XEN_PAGE_INFO_H
#define XEN_PAGE_INFO_H

#include <xen/bug.h>
#include <xen/page_flags.h>
#include <xen/page_link.h>
#include <xen/types.h>

struct page_inuse {
    struct page_list_entry list; /* [L] */
    unsigned long count_info;    /* [A] PGC_* */
    unsigned long type_info;     /* [A] PGT_* */
    union {
        struct {
            uint16_t owner;          /* [P] domain number + 1; 0: anonymous */
            int16_t linear_pt_count; /* [A] uses as, or of, a linear table */
        };
        page_link_t owner_word;
    };
    union {
        uint32_t tlbflush_timestamp; /* [A] while the type count is 0 */
        struct {
            uint16_t nr_validated_ptes; /* [V] while PGT_partial */
            int8_t partial_pte;         /* [V] +1 entry n was left partial while
                                           validating, -1 while invalidating */
        };
        uint32_t shadow_flags; /* [S] while PGC_shadowed_pt */
        page_link_t last_word;
    };
};

struct page_shadow {
    union {
        struct page_list_entry list; /* [S] pool, pinned, or multi-page */
        paddr_t up;                  /* [S] the one entry that points at us */
    };
    unsigned long count_info; /* [A] count 0, PGC_shadow */
    struct {
        unsigned long type : 5;   /* [S] */
        unsigned long pinned : 1; /* [S] */
        unsigned long head : 1;   /* [S] of a shadow of several frames */
        unsigned long count : 57; /* [S] */
    };
    page_link_t back;        /* [S] the guest's frame; in the pool: the order */
    page_link_t next_shadow; /* [S] hash chain */
};

struct page_free {
    struct page_list_entry list; /* [H] on its way; zero when it is there */
    unsigned long count_info;    /* [H] count 0, PGC_state_free */
    uint64_t tlb_taint;          /* [H] CPUs that may hold it; 0: none */
    union {
        uint8_t order; /* [H] for heaps that keep it here: not ours */
        page_link_t order_word;
    };
    union {
        uint32_t tlbflush_timestamp; /* [H] when its last use ended */
        page_link_t last_word;
    };
};

struct page_info {
    union {
        struct {
            struct page_list_entry list;
            unsigned long count_info;
        };
        struct page_inuse inuse_overlay;
        struct page_shadow shadow_overlay;
        struct page_free free_overlay;
    };
} __aligned(16);

static inline unsigned long page_state(const struct page_info *pg)
{
    return __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED) & PGC_state;
}

static inline bool page_is_shadow(const struct page_info *pg)
{
    return __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED) & PGC_shadow;
}

/* The overlays, each through a door that looks first, with CONFIG_DEBUG. */
static inline struct page_inuse *as_inuse(struct page_info *pg)
{
    ASSERT(page_state(pg) != PGC_state_free && !page_is_shadow(pg));
    return &pg->inuse_overlay;
}

static inline struct page_shadow *as_shadow(struct page_info *pg)
{
    ASSERT(page_state(pg) != PGC_state_free && page_is_shadow(pg));
    return &pg->shadow_overlay;
}

static inline struct page_free *as_free(struct page_info *pg)
{
    ASSERT(page_state(pg) == PGC_state_free && !page_is_shadow(pg));
    return &pg->free_overlay;
}

#include <xen/page_clear.h>
#include <xen/page_layout.h>

#endif /* XEN_PAGE_INFO_H */
