/* SPDX-License-Identifier: MIT */
/*
 * The two words of a frame's entry that carry flags and a count: count_info and
 * type_info of struct page_info (<xen/page_info.h>).
 */
#ifndef XEN_PAGE_FLAGS_H
#define XEN_PAGE_FLAGS_H

#include <xen/bits.h>
#include <xen/config.h>
#include <xen/types.h>

/* count_info: the frame's state, and how many uses of it there are. */
#define PGC_allocated       BIT(63) /* the owner's own reference */
#define PGC_shadow          BIT(62) /* the shadow overlay holds */
#define PGC_extra           BIT(61) /* owned, but not charged to the quota */
#define PGC_broken          BIT(60) /* the memory has failed */
#define PGC_shadowed_pt     BIT(59) /* a guest's table that has shadows */
#define PGC_state           GENMASK(58, 57)
#define PGC_state_inuse     (0UL << 57)
#define PGC_state_offlining (1UL << 57)
#define PGC_state_offlined  (2UL << 57)
#define PGC_state_free      (3UL << 57)
#define PGC_foreign         BIT(56) /* others than its owner have mapped it */
#define PGC_owing           PGC_foreign /* of a free frame: it owes a flush */
#define PGC_leaving         PGC_extra /* of a free frame: it is to go offline */
#define PGC_flags                                                              \
    (PGC_allocated | PGC_shadow | PGC_extra | PGC_broken | PGC_shadowed_pt |   \
     PGC_foreign)
#define PGC_count_mask GENMASK(CONFIG_COUNT_BITS - 1, 0)

/* type_info: what the frame is used as, and by how many. */
#define PGT_type_mask     GENMASK(63, 61)
#define PGT_none          (0UL << 61)
#define PGT_l1_page_table (1UL << 61)
#define PGT_l2_page_table (2UL << 61)
#define PGT_l3_page_table (3UL << 61)
#define PGT_l4_page_table (4UL << 61)
#define PGT_seg_desc_page (5UL << 61)
#define PGT_shared_page   (6UL << 61)
#define PGT_writable_page (7UL << 61)
#define PGT_pinned        BIT(60) /* the owner asked to keep the type */
#define PGT_validated     BIT(59) /* the contents suit the type */
#define PGT_partial       BIT(58) /* validated as far as the progress says */
#define PGT_locked        BIT(57) /* a bit lock on the page table */
#define PGT_busy          BIT(56) /* one CPU examines it, or takes it apart */
#define PGT_flags                                                              \
    (PGT_pinned | PGT_validated | PGT_partial | PGT_locked | PGT_busy)
#define PGT_count_mask GENMASK(CONFIG_COUNT_BITS - 1, 0)

/*
 * Both counts are that wide, so that tests can reach the top. A reference is
 * refused to who asks while the two highest bits are set: the top quarter is
 * kept for references that cannot be refused, which are few.
 */
#define COUNT_TOP (3UL << (CONFIG_COUNT_BITS - 2))

static inline bool count_is_full(unsigned long word)
{
    return (word & COUNT_TOP) == COUNT_TOP;
}

/* Is the count neither 0 nor full? One comparison, as it is asked all the time:
 * without the flags, and with 0 made the largest number. */
static inline bool count_may_grow(unsigned long word)
{
    unsigned int flags = 64 - CONFIG_COUNT_BITS;

    return (word - 1) << flags < (COUNT_TOP - 1) << flags;
}

/*
 * The fields of a word tile it, when the counts have all the bits that the
 * flags leave: a gap or an overlap would spoil the sum.
 */
#define COUNT_BITS_MAX 56
_Static_assert(PGC_allocated + PGC_shadow + PGC_extra + PGC_broken +
                       PGC_shadowed_pt + PGC_state + PGC_foreign +
                       GENMASK(COUNT_BITS_MAX - 1, 0) ==
                   ~0UL,
               "PGC");
_Static_assert(PGT_type_mask + PGT_pinned + PGT_validated + PGT_partial +
                       PGT_locked + PGT_busy + GENMASK(COUNT_BITS_MAX - 1, 0) ==
                   ~0UL,
               "PGT");

/*
 * The counts cannot overflow honestly: with BIGMEM, 128 TiB of page tables are
 * 2^35 frames of 2^9 entries, so at most 2^44 references.
 */
_Static_assert(CONFIG_COUNT_BITS <= COUNT_BITS_MAX, "the flags have no room");
_Static_assert(COUNT_BITS_MAX - 2 >= 44, "count too narrow");

#endif /* XEN_PAGE_FLAGS_H */
