/* SPDX-License-Identifier: MIT */
/*
 * Who uses a reference: its entry is read and marked, and its uses counted.
 *
 * The entry is the guest's memory. It is read as a whole and marked in the same
 * step, so that what was decided of it still stood when the mark was set; and
 * a guest that goes on changing it is refused.
 */
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include "grants.h"

/* An entry as one word: see struct grant_entry_v1. */
#define FLAGS(word) ((unsigned int)((word)&UINT16_MAX))
#define USER(word)  ((domid_t)((word) >> 16 & UINT16_MAX))
#define FRAME(word) ((unsigned long)((word) >> 32))

/* What is not granted as a frame of memory, as a whole, is not granted. */
#define REFUSED (GTF_PWT | GTF_PCD | GTF_PAT | GTF_sub_page)

#define NR_TRIES 4U

static uint64_t *entry_of(const struct grant_table *t, unsigned int ref)
{
    return &t->shared[ref / GRANT_REFS_PER_FRAME][ref % GRANT_REFS_PER_FRAME];
}

static bool permits(uint64_t entry, domid_t user, bool may_write)
{
    return (FLAGS(entry) & (GTF_type_mask | REFUSED)) == GTF_permit_access &&
           USER(entry) == user && !(may_write && FLAGS(entry) & GTF_readonly);
}

/* Returns the frame, or INVALID_MFN: it is not granted, or not for long enough
 * to look. */
static mfn_t mark(uint64_t *entry, domid_t user, bool may_write)
{
    uint64_t marks = may_write ? GTF_reading | GTF_writing : GTF_reading;
    uint64_t seen = __atomic_load_n(entry, __ATOMIC_RELAXED);

    /* Acquire: what the granter did before it granted the frame is done. Pairs
     * with how it writes the flags; release pairs with how it looks at marks.
     */
    for (unsigned int i = 0; i < NR_TRIES; i++) {
        if (!permits(seen, user, may_write))
            break;
        if (__atomic_compare_exchange_n(entry, &seen, seen | marks, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return _mfn(FRAME(seen));
    }

    return INVALID_MFN;
}

static bool has_room(const struct grant_pins *pins, unsigned int flags)
{
    struct grant_pins more = *pins;

    grant_count(&more, flags, 1);
    for (unsigned int i = 0; i < 4; i++)
        if (more.nr[i / 2][i % 2] < pins->nr[i / 2][i % 2])
            return false;

    return true;
}

static int pin(struct grant_table *t, grant_ref_t ref, domid_t user,
               unsigned int flags, mfn_t *mfn) __must_hold(t->lock);
static int pin(struct grant_table *t, grant_ref_t ref, domid_t user,
               unsigned int flags, mfn_t *mfn)
{
    bool may_write = !(flags & GNTMAP_readonly);
    struct grant_pins *pins;

    if (t->closed)
        return GNTST_bad_domain;
    if (ref >= t->nr_frames * GRANT_REFS_PER_FRAME)
        return GNTST_bad_gntref;
    pins = grant_pins_of(t, ref);
    if (!has_room(pins, flags) || (grant_is_pinned(pins) && pins->user != user))
        return GNTST_general_error;
    if (!grant_is_pinned(pins) || (may_write && !grant_is_written(pins))) {
        mfn_t frame = mark(entry_of(t, ref), user, may_write);

        if (mfn_eq(frame, INVALID_MFN))
            return GNTST_general_error;
        if (!grant_is_pinned(pins)) {
            *pins = (struct grant_pins){ .mfn = mfn_x(frame), .user = user };
            t->nr_pinned++;
        }
    }
    grant_count(pins, flags, 1);
    *mfn = _mfn(pins->mfn);

    return GNTST_okay;
}

int grant_pin(struct domain *granter, grant_ref_t ref, domid_t user,
              unsigned int flags, mfn_t *mfn)
{
    int status;

    spin_lock(&granter->grants.lock);
    status = pin(&granter->grants, ref, user, flags, mfn);
    spin_unlock(&granter->grants.lock);

    return status;
}

void grant_free_pins(struct grant_table *t)
{
    for (unsigned int i = 0; i < GRANT_PIN_FRAMES; i++) {
        grant_frame_give_back(t->pins[i]);
        t->pins[i] = NULL;
    }
}

static void unpin(struct grant_table *t, grant_ref_t ref, unsigned int flags)
    __must_hold(t->lock);
static void unpin(struct grant_table *t, grant_ref_t ref, unsigned int flags)
{
    struct grant_pins *pins = grant_pins_of(t, ref);
    uint64_t marks = 0;

    grant_count(pins, flags, -1);
    if (!grant_is_written(pins))
        marks |= GTF_writing;
    if (!grant_is_pinned(pins)) {
        marks |= GTF_reading;
        t->nr_pinned--;
    }

    /* Release: the use is over before the granter can see that. */
    if (!t->closed)
        __atomic_fetch_and(entry_of(t, ref), ~marks, __ATOMIC_RELEASE);
    else if (t->nr_pinned == 0)
        grant_free_pins(t);
}

void grant_unpin(struct domain *granter, grant_ref_t ref, unsigned int flags)
{
    spin_lock(&granter->grants.lock);
    unpin(&granter->grants, ref, flags);
    spin_unlock(&granter->grants.lock);
}

struct page_info *grant_get_page(const struct domain *granter, mfn_t mfn,
                                 bool may_write)
{
    struct page_info *pg = get_page_from_mfn(mfn, granter);

    if (!pg || !may_write || get_page_writable(pg))
        return pg;
    put_page(pg);

    return NULL;
}

void grant_put_page(struct page_info *pg, bool may_write)
{
    if (may_write)
        put_page_writable(pg);
    put_page(pg);
}
