/* SPDX-License-Identifier: MIT */
/*
 * Who took each frame from the heap, and who gave it back: with
 * CONFIG_PAGE_OWNER, in a table of its own.
 *
 * A caller is a code address. What is out, and was taken since
 * page_owner_mark(), can be summed up by caller: so a leak has a name.
 */
#ifndef XEN_PAGE_OWNER_H
#define XEN_PAGE_OWNER_H

#include <xen/mm-frame.h>
#include <xen/types.h>

/* What is known of a frame. */
struct page_owner {
    uintptr_t taken_by, given_by; /* 0: nobody, or it is not known */
    unsigned int order;           /* of the block, when it was last taken */
    bool is_out;
};

/* Take memory for the table (arch_alloc_table()). If there is none, a warning
 * says so, and nothing is known. Boot only. */
void page_owner_init(void);

/* A group of frames (FRAMES_PER_GROUP) is in use from now on. */
void page_owner_add_group(unsigned long group);

/*
 * The block of 2^@order frames at @pdx has been taken by @caller; or is given
 * back. Once more by who took it on behalf of another: the last one counts. The
 * frames are the caller's.
 */
void page_owner_took(unsigned long pdx, unsigned int order, uintptr_t caller);
void page_owner_gave(unsigned long pdx, unsigned int order, uintptr_t caller);

/* Returns whether anything is known of the frame. */
bool page_owner_of(mfn_t mfn, struct page_owner *owner);

/* What one caller took in blocks of one order, and has out. */
struct page_owner_sum {
    uintptr_t caller; /* 0: all others, for whom there was no room */
    unsigned int order;
    unsigned long nr_frames;
};

/* From now on only what is taken from now on is summed up. */
void page_owner_mark(void);

/**
 * page_owner_sums - sum up by caller and order what is out.
 *
 * The largest sum first, in up to @max @sums; returns how many there are.
 * Looks at the whole table.
 */
unsigned int page_owner_sums(struct page_owner_sum *sums, unsigned int max);

/* Print the largest @nr of them, a line each, with the caller's name. */
#define PAGE_OWNER_MAX_LINES 32U
void page_owner_print(unsigned int nr);

#endif /* XEN_PAGE_OWNER_H */
