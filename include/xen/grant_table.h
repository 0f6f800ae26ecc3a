/* SPDX-License-Identifier: MIT */
/*
 * Grants: a domain uses frames of another, which has said so in its table.
 *
 * The other one, the granter, says so in an entry of a table that it shares
 * with the hypervisor; a reference is the number of the entry. Who maps it gets
 * a handle, to unmap it by. A mapping has one side or both: the host's, an
 * entry of a page table of level 1, and a device's.
 *
 * Who holds what. An entry of a page table holds what any entry holds, whoever
 * made it, and gives it back like any other: when it is overwritten, when its
 * table goes, or when it is unmapped. Beside that, each side of a handle is a
 * holder of its own: HOLD_READ_ONLY or HOLD_FULL. So neither relies on the
 * other. What a guest does to the entry cannot spoil the handle's accounting;
 * and the frame stays the granter's while a handle says that it is in use.
 *
 * As long as handles name a reference it is pinned: its frame and its user are
 * those of the first mapping, whatever the granter writes to the entry later.
 *
 * Invariants (docs/invariants.md):
 *
 *   G1  Each side of a handle holds the frame, and the handle the granter.
 *   G2  The pins of a reference are the sides of handles that name it, by way;
 *       of one domain, and of one frame.
 *   G3  While a reference has pins its entry is marked, with GTF_writing if one
 *       of them may write. The marks go when the frame is in no page table by
 *       those handles, in no TLB, and no more held for them.
 *   G4  Nobody gets a frame but as an entry of its owner says, which is read
 *       once.
 *   G5  A handle's host side ends with an entry of just its frame and way, and
 *       each such end with one entry. So no more entries than host sides lead
 *       to a frame.
 *   G6  A table that is closed has no handle, and nothing gets a pin there.
 *
 * Locking: a table's lock guards both what it grants and its handles. One at a
 * time is held, and none while a frame is taken or given back.
 */
#ifndef XEN_GRANT_TABLE_H
#define XEN_GRANT_TABLE_H

#include <public/grant_table.h>
#include <xen/compiler.h>
#include <xen/mm-frame.h>
#include <xen/page_holder.h>
#include <xen/spinlock.h>

struct domain;

#define GRANT_MAX_FRAMES     32U /* shared with the guest: 512 references each */
#define GRANT_REFS_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define GRANT_PIN_FRAMES     (2 * GRANT_MAX_FRAMES)
#define GRANT_HANDLE_FRAMES  64U

/* A table. There are frames behind it as far as it was used. */
struct grant_table {
    spinlock_t lock; /* guards all of it */
    bool closed;

    /* What it grants. The entries are the guest's to write. */
    unsigned int nr_frames;
    uint64_t *shared[GRANT_MAX_FRAMES]; /* entries, each read as a whole */
    struct grant_pins *pins[GRANT_PIN_FRAMES];
    unsigned long nr_pinned; /* references */

    /* What its domain has mapped. */
    unsigned int nr_handle_frames;
    struct grant_handle *handles[GRANT_HANDLE_FRAMES];
    unsigned int free_handle;     /* the first; GRANT_NO_HANDLE: none */
    unsigned int nr_relinquished; /* handles looked at, in the end */
};

#define GRANT_NO_HANDLE (~0U)

static inline void grant_table_init(struct grant_table *t)
{
    t->lock = (spinlock_t)SPINLOCK_INIT(LOCK_RANK_GRANTS);
    t->free_handle = GRANT_NO_HANDLE;
}

/**
 * grant_table_relinquish - close @d's table, and give back what it holds.
 *
 * @d is dying, and no vCPU of it runs. Undoes its handles; the entries of its
 * page tables are for who takes those apart. Others keep what they have mapped
 * of @d's until they unmap it. The frames that were shared are @d's alone from
 * then on, and are to be taken from it with its others. Returns 0, or
 * -ERESTART: this CPU was asked to yield, call again.
 */
__must_check int grant_table_relinquish(struct domain *d);

/**
 * grant_table_holders - tell the auditor what @d's table holds.
 *
 * @found is called with each frame that is held, and how: once for each side of
 * a handle of @d's, and once for each frame that it shares, which are HOLD_FULL
 * holders. The machine stands still.
 */
void grant_table_holders(const struct domain *d,
                         void (*found)(void *data, struct page_info *pg,
                                       enum hold hold),
                         void *data);

/* Check G2 and G6 of all domains, while the machine stands still; 0, or the
 * number of the broken one, which has been printed. */
int grant_table_check(void);

#endif /* XEN_GRANT_TABLE_H */
