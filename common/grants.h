/* SPDX-License-Identifier: MIT */
/* What the parts of the grant tables share. Nobody else's. */
#ifndef GRANTS_H
#define GRANTS_H

#include <public/grant_table.h>
#include <xen/domain.h>
#include <xen/frame_table.h>
#include <xen/grant_table.h>
#include <xen/page_list.h>

#define GRANT_SIDES (GNTMAP_host_map | GNTMAP_device_map)

/* The sides that a reference is mapped on, and what it was when it was first.
 */
struct grant_pins {
    unsigned long mfn;
    domid_t user;
    uint8_t nr[2][2]; /* by side, the device's second; and may it be written? */
};

/* What its user has mapped. */
struct grant_handle {
    struct domain *granter; /* NULL: it is free, or not in use yet */
    page_link_t page;       /* the frame; of a free one: the next */
    uint16_t ref;
    uint8_t flags; /* GNTMAP_: its sides, and how they are mapped */
    uint8_t going; /* the sides that a CPU is unmapping */
};

#define GRANT_PINS_PER_FRAME    (PAGE_SIZE / sizeof(struct grant_pins))
#define GRANT_HANDLES_PER_FRAME (PAGE_SIZE / sizeof(struct grant_handle))
#define GRANT_REFS_MAX          (GRANT_REFS_PER_FRAME * GRANT_MAX_FRAMES)

_Static_assert(GRANT_PINS_PER_FRAME *GRANT_PIN_FRAMES == GRANT_REFS_MAX,
               "a reference has its pins");
_Static_assert(GRANT_REFS_MAX - 1 <= UINT16_MAX,
               "a handle has no room for a reference");

/* A frame of zeroes for a table, or NULL; and back. No guest maps it. */
void *grant_frame_take(void);
void grant_frame_give_back(void *frame);

/**
 * grant_table_grow - share @nr frames with @d at least.
 *
 * Returns 0; -ENOSPC: so many are never shared; -ENOMEM; -EINVAL: the table is
 * closed, or @d is not alive. Then fewer may be shared than were asked for.
 */
__must_check int grant_table_grow(struct domain *d, unsigned int nr);

/* The number of frames that are, and frame @i of them, or INVALID_MFN. */
unsigned int grant_table_size(struct domain *d);
mfn_t grant_table_frame(struct domain *d, unsigned int i);

/**
 * grant_handle_reserve - get a number for a handle of @d's.
 *
 * grant_handle_publish() makes it one, and takes over the caller's reference to
 * the granter; grant_handle_cancel() gives it back. Returns 0, -ENOSPC,
 * -ENOMEM, or -EINVAL: the table is closed.
 */
__must_check int grant_handle_reserve(struct domain *d, unsigned int *n);
void grant_handle_publish(struct domain *d, unsigned int n,
                          const struct grant_handle *handle);
void grant_handle_cancel(struct domain *d, unsigned int n);

/**
 * grant_handle_begin - begin to unmap @sides of a handle, and be alone at that.
 *
 * Sets *@copy to it, and returns GNTST_okay; or it has not all of these sides,
 * or another CPU is at them. Then grant_handle_keep() and nothing has changed,
 * or grant_handle_end(): it returns whether that was all of it. Then the
 * reference to the granter is the caller's.
 */
__must_check int grant_handle_begin(struct domain *d, unsigned int n,
                                    unsigned int sides,
                                    struct grant_handle *copy);
void grant_handle_keep(struct domain *d, unsigned int n, unsigned int sides);
__must_check bool grant_handle_end(struct domain *d, unsigned int n,
                                   unsigned int sides);

/* How many numbers of handles there are, so far. */
static inline unsigned int grant_nr_handles(const struct grant_table *t)
{
    return t->nr_handle_frames * (unsigned int)GRANT_HANDLES_PER_FRAME;
}

/* The handle of such a number; it may be free. */
static inline struct grant_handle *grant_handle_of(const struct grant_table *t,
                                                   unsigned int n)
{
    return &t->handles[n / GRANT_HANDLES_PER_FRAME]
                      [n % GRANT_HANDLES_PER_FRAME];
}

static inline struct grant_pins *grant_pins_of(const struct grant_table *t,
                                               unsigned int ref)
{
    return &t->pins[ref / GRANT_PINS_PER_FRAME][ref % GRANT_PINS_PER_FRAME];
}

/* Add @by to the pins for the sides of @flags. */
static inline void grant_count(struct grant_pins *pins, unsigned int flags,
                               int by)
{
    bool may_write = !(flags & GNTMAP_readonly);

    for (unsigned int device = 0; device < 2; device++)
        if (flags & (device ? GNTMAP_device_map : GNTMAP_host_map))
            pins->nr[device][may_write] =
                (uint8_t)(pins->nr[device][may_write] + by);
}

static inline bool grant_is_written(const struct grant_pins *pins)
{
    return pins->nr[0][1] | pins->nr[1][1];
}

static inline bool grant_is_pinned(const struct grant_pins *pins)
{
    return grant_is_written(pins) || pins->nr[0][0] | pins->nr[1][0];
}

/**
 * grant_pin - let @user use @granter's reference @ref, as @flags say.
 *
 * Returns GNTST_okay and sets *@mfn, which may be any number; or an error.
 * grant_unpin() ends one side or both.
 */
__must_check int grant_pin(struct domain *granter, grant_ref_t ref,
                           domid_t user, unsigned int flags, mfn_t *mfn);
void grant_unpin(struct domain *granter, grant_ref_t ref, unsigned int flags);

/* With the lock held: nobody needs the pins of a closed table any more. */
void grant_free_pins(struct grant_table *t) __must_hold(t->lock);

/* Take a frame of @granter's as one side does, or NULL; and give it back. */
__must_check struct page_info *grant_get_page(const struct domain *granter,
                                              mfn_t mfn, bool may_write);
void grant_put_page(struct page_info *pg, bool may_write);

/* Give the frame back that @sides of a handle hold; and, for a handle of @d's
 * that is being unmapped, when no TLB knows of them any more, all the rest. */
void grant_put_sides(const struct grant_handle *h, unsigned int sides);
void grant_handle_finish(struct domain *d, unsigned int n,
                         const struct grant_handle *h, unsigned int sides);

#endif /* GRANTS_H */
