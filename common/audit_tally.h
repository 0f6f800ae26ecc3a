/* SPDX-License-Identifier: MIT */
/*
 * What the auditor's parts share: what they count, and how they say what they
 * find. Nobody else's.
 */
#ifndef AUDIT_TALLY_H
#define AUDIT_TALLY_H

#include <xen/compiler.h>
#include <xen/domain.h>
#include <xen/page_holder.h>
#include <xen/page_info.h>

/* Those who hold a frame, as they are met. */
struct tally {
    uint64_t general : 44; /* in any way */
    uint64_t named : 16;   /* as entries of tables of the frame's own level */
    uint64_t listed : 1;   /* by a domain */
    uint64_t half : 1;     /* is one of them half of a holder? */
    uint64_t shared : 1;   /* is one of them the hypervisor, and known? */
    uint64_t type : 44;    /* fully */
    uint64_t names : 16;   /* entries of it that name tables of its own level */
    uint64_t granted : 2;  /* to the domain whose turn it is: enum granted */
};

enum granted { GRANTED_NOT, GRANTED_READ_ONLY, GRANTED };

/* Where something was found: a frame, and an entry of it unless it is the frame
 * as such that is wrong. */
struct place {
    mfn_t mfn;
    unsigned int slot;
    bool in_entry;
    uint64_t entry;
};

static inline struct place place_of(const struct page_info *pg)
{
    return (struct place){ .mfn = page_to_mfn(pg) };
}

/*
 * Counting is in three steps: let a tally cover each frame that one will be
 * wanted for, then make them, all zero; then count. Each returns 0 or -ENOMEM.
 */
__must_check int tally_begin(void);
void tally_cover(const struct page_info *pg);
__must_check int tally_make(void);

/* NULL: the frame is far from any that is covered. */
struct tally *tally_of(const struct page_info *pg);

/* The indices of @group that there are tallies for, up to *@end; none: both are
 * 0. Returns that of the first. */
struct tally *tally_range(unsigned long group, unsigned long *first,
                          unsigned long *end);

/* Give the memory back. Returns the first invariant found broken, or 0. */
int tally_end(void);

/* Count a holder. What is held must be on a domain's list. */
void count_general(const struct place *at, struct page_info *pg);
void count_full(const struct place *at, struct page_info *pg);
void count_half(const struct place *at, struct page_info *pg);

/* Say that @what is not as it must be. Returns false. */
__cold bool audit_report(int invariant, const struct place *at,
                         const char *what, unsigned long expected,
                         unsigned long found);

/* The same, unless it is as it must be. Returns whether it is. */
static inline bool audit_expect(int invariant, const struct place *at,
                                const char *what, unsigned long expected,
                                unsigned long found)
{
    return likely(expected == found) ||
           audit_report(invariant, at, what, expected, found);
}

static inline unsigned long type_word(const struct page_info *pg)
{
    return __atomic_load_n(&pg->inuse_overlay.type_info, __ATOMIC_RELAXED);
}

/* Is it in use as @type, and examined? */
static inline bool is_valid_as(const struct page_info *pg, unsigned long type)
{
    unsigned long word = type_word(pg);

    return (word & (PGT_type_mask | PGT_validated)) == (type | PGT_validated) &&
           (word & PGT_count_mask) > 0;
}

/* Is there an entry in the frame table, with the members of a frame in use? */
bool is_frame_in_use(mfn_t mfn);

/* Where what a frame of @d's contains matters, look at it, and count what its
 * entries hold. */
void audit_contents(const struct domain *d, struct page_info *pg);

/* Count what the domains hold: lists, vCPUs, grants. First cover their frames;
 * returns how many vCPUs they have. */
unsigned long cover_domains(void);
void audit_domains(void);
void audit_claims(void);

#endif /* AUDIT_TALLY_H */
