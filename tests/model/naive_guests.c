/* SPDX-License-Identifier: MIT */
/* What holds a frame, and what becomes of it when that begins and ends. */
#include <test.h>
#include <xen/bug.h>
#include <xen/errno.h>
#include <xen/m2p.h>

#include "naive_guests.h"

/* From there on no further reference is given. */
#define FULL_COUNT (3U << (CONFIG_COUNT_BITS < 30 ? CONFIG_COUNT_BITS - 2 : 28))

static void count_hold(struct naive_count *count, struct naive_hold h)
{
    if (h.hold == HOLD_NONE)
        return;
    if (h.frame == NAIVE_NONE) {
        test_fail(__FILE__, __LINE__, "a frame is held that is no guest's");
        return;
    }
    count[h.frame].general++;
    if (h.hold == HOLD_FULL)
        count[h.frame].type++;
}

static bool is_table(const struct naive_frame *frame)
{
    return frame->phase != NAIVE_IDLE && frame->type >= 1 && frame->type <= 4;
}

unsigned int naive_frame_of(const struct naive_guests *g, unsigned long mfn)
{
    return mfn >= g->first && mfn < g->first + NAIVE_FRAMES
               ? (unsigned int)(mfn - g->first)
               : NAIVE_NONE;
}

bool naive_is_hypervisors(unsigned int level, unsigned int slot)
{
    unsigned int nr = PTES_PER_TABLE == 512 ? 16 : 1;

    return level == 4 && slot >= PTES_PER_TABLE / 2 &&
           slot < PTES_PER_TABLE / 2 + nr;
}

struct naive_hold naive_entry_hold(const struct naive_guests *g,
                                   unsigned int level, unsigned int slot,
                                   uint64_t entry)
{
    struct naive_hold h = { NAIVE_NONE, HOLD_NONE };

    if (naive_is_hypervisors(level, slot) || !(entry & PTE_PRESENT) ||
        entry & PTE_UNCOUNTED)
        return h;
    h.frame = naive_frame_of(g, (entry & PTE_ADDRESS) >> 12);
    h.hold = level > 1 || entry & PTE_WRITABLE ? HOLD_FULL : HOLD_READ_ONLY;

    return h;
}

/* The entry is half a holder, and its flags are still as the guest wrote them.
 */
static struct naive_hold half_hold(const struct naive_guests *g, uint64_t entry)
{
    return (struct naive_hold){
        naive_frame_of(g, (entry & PTE_ADDRESS) >> PAGE_SHIFT), HOLD_HALF
    };
}

static void count_entries(const struct naive_guests *g,
                          const struct naive_frame *frame,
                          struct naive_count *count)
{
    unsigned int end =
        frame->phase == NAIVE_VALID ? (unsigned int)PTES_PER_TABLE : frame->nr;

    for (unsigned int i = 0; i < end; i++)
        count_hold(count, naive_entry_hold(g, frame->type, i, frame->word[i]));
    if (frame->phase != NAIVE_VALID && frame->half)
        count_hold(count, half_hold(g, frame->word[end]));
}

static void count_vcpu(const struct naive_vcpu *v, struct naive_count *count)
{
    count_hold(count, v->kernel_base);
    count_hold(count, v->user_base);
    count_hold(count, v->deferred);
    for (unsigned int i = 0; i < GDT_FRAMES; i++)
        count_hold(count, v->gdt[i]);
    for (unsigned int i = 0; i < LDT_FRAMES; i++)
        count_hold(count, v->ldt[i]);
}

void naive_count(const struct naive_guests *g,
                 struct naive_count count[NAIVE_FRAMES])
{
    for (unsigned int f = 0; f < NAIVE_FRAMES; f++)
        count[f] = (struct naive_count){ 0, 0 };
    for (unsigned int f = 0; f < NAIVE_FRAMES; f++) {
        const struct naive_frame *frame = &g->frame[f];

        if (frame->owner == 0)
            continue;
        count[f].general +=
            (unsigned int)frame->allocated + frame->pinned + frame->inherited;
        count[f].type += frame->pinned;
        count[f].general += frame->phase == NAIVE_PARTIAL;
        count[f].type +=
            frame->phase == NAIVE_PARTIAL || frame->phase == NAIVE_BUSY;
        if (is_table(frame))
            count_entries(g, frame, count);
    }
    for (unsigned int d = 0; d < NAIVE_DOMAINS; d++)
        for (unsigned int v = 0; v < NAIVE_VCPUS; v++)
            count_vcpu(&g->domain[d].vcpu[v], count);
    for (unsigned int i = 0; i < g->nr_temporary; i++)
        count_hold(count, g->temporary[i]);
}

struct naive_count naive_count_of(const struct naive_guests *g,
                                  unsigned int frame)
{
    struct naive_count count[NAIVE_FRAMES];

    naive_count(g, count);
    return count[frame];
}

unsigned int naive_nr_pages(const struct naive_guests *g, unsigned int d)
{
    unsigned int nr = 0;

    for (unsigned int f = 0; f < NAIVE_FRAMES; f++)
        nr += g->frame[f].owner == d + 1;

    return nr;
}

void naive_push(struct naive_guests *g, unsigned int frame, enum hold hold)
{
    BUG_ON(g->nr_temporary == ARRAY_SIZE(g->temporary));
    if (frame == NAIVE_NONE)
        hold = HOLD_NONE;
    g->temporary[g->nr_temporary++] = (struct naive_hold){ frame, hold };
}

bool naive_get(struct naive_guests *g, unsigned long mfn, unsigned int d)
{
    unsigned int f = naive_frame_of(g, mfn);

    if (f == NAIVE_NONE || g->frame[f].owner != d + 1 ||
        naive_count_of(g, f).general >= FULL_COUNT)
        return false;
    naive_push(g, f, HOLD_READ_ONLY);

    return true;
}

struct naive_hold naive_let_go(struct naive_guests *g)
{
    return g->temporary[--g->nr_temporary];
}

/* What the entries hold, from the last to the first. */
static void take_apart(struct naive_guests *g, struct naive_frame *frame)
{
    struct naive_hold h;

    frame->phase = NAIVE_BUSY;
    while (frame->nr > 0 || frame->half) {
        unsigned int slot = frame->half ? frame->nr : frame->nr - 1;

        h = frame->half
                ? half_hold(g, frame->word[slot])
                : naive_entry_hold(g, frame->type, slot, frame->word[slot]);
        naive_push(g, h.frame, h.hold);
        frame->nr = slot;
        frame->half = false;
        naive_drop(g);
    }
    frame->phase = NAIVE_IDLE;
    frame->inherited = false;
}

static void end_of_type(struct naive_guests *g, struct naive_frame *frame,
                        enum hold was)
{
    frame->inherited = was == HOLD_HALF;
    if (was == HOLD_FULL) {
        frame->nr = PTES_PER_TABLE;
        frame->half = false;
    }
    if (is_table(frame))
        take_apart(g, frame);
    frame->phase = NAIVE_IDLE;
}

void naive_drop_type(struct naive_guests *g)
{
    struct naive_hold *h = &g->temporary[g->nr_temporary - 1];
    struct naive_frame *frame = &g->frame[h->frame];
    enum hold was = h->hold;

    h->hold = HOLD_READ_ONLY;
    if ((was == HOLD_FULL && naive_count_of(g, h->frame).type == 0) ||
        (was == HOLD_HALF && frame->phase == NAIVE_PARTIAL))
        end_of_type(g, frame, was);
}

void naive_drop(struct naive_guests *g)
{
    struct naive_hold h = g->temporary[g->nr_temporary - 1];

    if (h.hold != HOLD_NONE)
        naive_drop_type(g);
    naive_let_go(g);
    if (h.hold != HOLD_NONE && naive_count_of(g, h.frame).general == 0) {
        g->frame[h.frame] = (struct naive_frame){ 0 };
        g->frame[h.frame].m2p = M2P_INVALID;
    }
}

void naive_drop_hold(struct naive_guests *g, struct naive_hold *hold)
{
    naive_push(g, hold->frame, hold->hold);
    *hold = (struct naive_hold){ NAIVE_NONE, HOLD_NONE };
    naive_drop(g);
}

/* The next entry of a table that is busy. */
static int examine_entry(struct naive_guests *g, struct naive_frame *frame)
{
    unsigned int d = frame->owner - 1, level = frame->type;
    uint64_t entry = frame->word[frame->nr];
    int rc;

    if (naive_is_hypervisors(level, frame->nr) || !(entry & PTE_PRESENT))
        return 0;
    rc = naive_check_entry(level, &entry);
    if (rc)
        return rc;
    if (frame->half) {
        /* It becomes ours, and is the entry's again if it comes to nothing. */
        frame->half = false;
        naive_push(g, half_hold(g, entry).frame, HOLD_READ_ONLY);
        rc = naive_take_type(g, level - 1);
        frame->half = rc != 0;
        if (rc)
            naive_let_go(g);
    } else {
        rc = naive_take_entry(g, d, d, (unsigned int)(frame - g->frame), level,
                              &entry);
    }
    if (rc)
        return rc;
    frame->word[frame->nr] = entry;
    naive_let_go(g);

    return 0;
}

static int examine(struct naive_guests *g, struct naive_frame *frame)
{
    for (; frame->nr < PTES_PER_TABLE; frame->nr++) {
        int rc = examine_entry(g, frame);

        if (rc) {
            take_apart(g, frame);
            return rc;
        }
    }
    for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
        if (naive_is_hypervisors(frame->type, i))
            frame->word[i] = hypervisor_slots[i - PTES_PER_TABLE / 2];

    return 0;
}

static int examine_descriptors(struct naive_frame *frame)
{
    int rc = 0;

    for (unsigned int i = 0; i < NAIVE_WORDS && !rc; i++)
        rc = naive_check_descriptor(&frame->word[i]);

    return rc;
}

int naive_take_type(struct naive_guests *g, unsigned int type)
{
    struct naive_hold *h = &g->temporary[g->nr_temporary - 1];
    struct naive_frame *frame = &g->frame[h->frame];
    unsigned int uses = naive_count_of(g, h->frame).type;
    int rc = 0;

    if (uses >= FULL_COUNT)
        return -EBUSY;
    if (uses > 0 && frame->type != type)
        return -EINVAL;
    if (frame->phase != NAIVE_VALID) {
        frame->inherited = frame->phase == NAIVE_PARTIAL;
        if (!frame->inherited) {
            frame->nr = 0;
            frame->half = false;
        }
        frame->type = type;
        frame->phase = NAIVE_BUSY;
        if (is_table(frame))
            rc = examine(g, frame);
        else if (type == NAIVE_DESCRIPTORS)
            rc = examine_descriptors(frame);
        frame->phase = rc ? NAIVE_IDLE : NAIVE_VALID;
        frame->inherited = false;
    }
    if (rc == 0)
        h->hold = HOLD_FULL;

    return rc;
}
