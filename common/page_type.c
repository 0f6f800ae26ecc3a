/* SPDX-License-Identifier: MIT */
/*
 * The state machine of type_info (<xen/page_type.h>).
 *
 * Each step is one compare-and-exchange on the whole word: what is decided, is
 * decided from a word that still stands when the step is made. All of them are
 * sequentially consistent, so who wins has seen all that was done to the frame
 * by those who used it before.
 */
#include <xen/arch.h>
#include <xen/bug.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>
#include <xen/smp.h>
#include <xen/tlb.h>

#include <asm/processor.h>

static unsigned long load(const struct page_info *pg)
{
    return __atomic_load_n(&pg->inuse_overlay.type_info, __ATOMIC_RELAXED);
}

/* From *@seen to @next; false: it was something else, which *@seen is now. */
static bool step(struct page_info *pg, unsigned long *seen, unsigned long next)
{
    return __atomic_compare_exchange_n(&pg->inuse_overlay.type_info, seen, next,
                                       false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

/* Only what is done to tables takes long enough to be interrupted. */
static bool must_yield(unsigned long type)
{
    return type_is_table(type) && cpu_must_yield();
}

/*
 * What becomes of @seen if @type is wanted? *@next, with 0 or TYPE_WON; or it
 * cannot be had; or, -EAGAIN, not yet.
 */
static int decide_take(unsigned long seen, unsigned long type,
                       unsigned long *next)
{
    unsigned long old = seen & PGT_type_mask;

    if (count_is_full(seen))
        return -EBUSY;
    if ((seen & PGT_count_mask) == 0) {
        /* Cached; or fresh from the heap, and any contents suit. */
        if ((seen & PGT_validated && old == type) ||
            (old == PGT_none && type == PGT_writable_page)) {
            *next = type | PGT_validated | 1;
            return 0;
        }
        *next = type | PGT_busy | 1;
        return TYPE_WON;
    }
    if (old != type)
        return -EINVAL;
    if (seen & PGT_busy)
        return -EAGAIN;
    *next = seen & PGT_partial ? (seen & ~PGT_partial) | PGT_busy : seen + 1;

    return seen & PGT_partial ? TYPE_WON : 0;
}

/*
 * The frame was used as something else: let no CPU use it so any more. What
 * matters is what @before says, which was the word when this CPU won: before
 * that, others could still use it in that way (R10).
 */
static void end_old_use(struct page_info *pg, unsigned long before,
                        unsigned long type)
{
    unsigned long old = before & PGT_type_mask;
    struct tlb_debt debt;

    if (before & PGT_partial || old == PGT_none || old == type)
        return;
    debt = page_debt_now(domain_of_page(pg), pg);
    if (debt.taint == 0)
        return;
    debt.stamp = __atomic_load_n(&pg->inuse_overlay.tlbflush_timestamp,
                                 __ATOMIC_RELAXED);
    tlb_debt_pay(debt);
}

int page_type_take(struct page_info *pg, unsigned long type,
                   unsigned long *before)
{
    unsigned long seen = load(pg), next;

    for (;;) {
        int rc = decide_take(seen, type, &next);

        if (rc >= 0 && step(pg, &seen, next)) {
            if (rc == TYPE_WON) {
                *before = seen;
                end_old_use(pg, seen, type);
            }
            return rc;
        }
        if (rc < 0 && rc != -EAGAIN)
            return rc;
        if (must_yield(type))
            return -EINTR;
        if (rc == -EAGAIN) {
            smp_wait_a_turn(); /* he may wait for us to flush */
            seen = load(pg);
        }
    }
}

bool page_type_share(struct page_info *pg, unsigned long type)
{
    unsigned long seen = load(pg);

    do {
        if ((seen & (PGT_type_mask | PGT_validated)) !=
                (type | PGT_validated) ||
            (seen & PGT_count_mask) == 0 || count_is_full(seen))
            return false;
    } while (!step(pg, &seen, seen + 1));

    return true;
}

/* What becomes of @seen if a @hold on it is dropped? As above; -ENOENT: nothing
 * is to be done. */
static int decide_drop(unsigned long seen, enum hold hold, unsigned long *next)
{
    if (hold == HOLD_HALF) {
        *next = (seen & ~PGT_partial) | PGT_busy;
        return seen & PGT_partial ? TYPE_WON : -ENOENT;
    }

    BUG_ON(hold != HOLD_FULL || !(seen & PGT_validated) ||
           (seen & PGT_count_mask) == 0);
    if ((seen & (PGT_locked | PGT_count_mask)) == (PGT_locked | 2))
        return -EAGAIN;
    if ((seen & PGT_count_mask) > 1) {
        *next = seen - 1;
        return 0;
    }
    BUG_ON(seen & PGT_pinned); /* the pin's own reference is among them */
    *next = (seen & ~PGT_validated) | PGT_busy;

    return TYPE_WON;
}

int page_type_drop(struct page_info *pg, enum hold hold, unsigned long *before)
{
    unsigned long seen = load(pg), next;

    for (;;) {
        int rc = decide_drop(seen, hold, &next);

        if (rc == -ENOENT)
            return 0;
        if (rc >= 0 && step(pg, &seen, next)) {
            *before = seen;
            return rc;
        }
        if (must_yield(seen))
            return -EINTR;
        if (rc == -EAGAIN) {
            smp_wait_a_turn(); /* he may wait for us to flush */
            seen = load(pg);
        }
    }
}

/*
 * Release: who makes it busy next, or uses it, sees what this CPU has written
 * to the frame, its entry and its frames' entries. Pairs with the compare-and-
 * exchange in step(), and with those of get_page_writable() and page_lock().
 */
static void publish(struct page_info *pg, unsigned long word)
{
    ASSERT(load(pg) & PGT_busy);
    __atomic_store_n(&pg->inuse_overlay.type_info, word, __ATOMIC_RELEASE);
}

/* The reference of a PGT_partial that is over. The caller has another. */
static void put_of_partial(struct page_info *pg, unsigned long before)
{
    if (before & PGT_partial)
        put_page(pg);
}

void page_type_publish_valid(struct page_info *pg, unsigned long before)
{
    publish(pg, page_type(pg) | PGT_validated | 1);
    put_of_partial(pg, before);
}

void page_type_publish_partial(struct page_info *pg, unsigned long before,
                               unsigned int nr, int direction)
{
    struct page_inuse *inuse = &pg->inuse_overlay;

    __atomic_store_n(&inuse->nr_validated_ptes, (uint16_t)nr, __ATOMIC_RELAXED);
    __atomic_store_n(&inuse->partial_pte, (int8_t)direction, __ATOMIC_RELAXED);
    if (!(before & PGT_partial))
        get_page_again(pg);
    publish(pg, page_type(pg) | PGT_partial | 1);
}

/*
 * The time is drawn after this CPU has won, when the last who used the frame
 * had given it up, and before anybody else can (R9).
 */
void page_type_publish_idle(struct page_info *pg, unsigned long before)
{
    unsigned long type = page_type(pg);

    __atomic_store_n(&pg->inuse_overlay.tlbflush_timestamp, tlb_clock_now(),
                     __ATOMIC_RELAXED);
    publish(pg, type | (type == PGT_writable_page ? PGT_validated : 0));
    put_of_partial(pg, before);
}

void page_type_publish_back(struct page_info *pg, unsigned long before)
{
    publish(pg, before);
}

bool page_type_pin(struct page_info *pg)
{
    return !(__atomic_fetch_or(&pg->inuse_overlay.type_info, PGT_pinned,
                               __ATOMIC_SEQ_CST) &
             PGT_pinned);
}

/* Looked at first: most frames of a domain that dies are not pinned. */
bool page_type_unpin(struct page_info *pg)
{
    return load(pg) & PGT_pinned &&
           __atomic_fetch_and(&pg->inuse_overlay.type_info, ~PGT_pinned,
                              __ATOMIC_SEQ_CST) &
               PGT_pinned;
}

bool get_page_writable_slow(struct page_info *pg)
{
    unsigned long before;
    int rc = page_type_take(pg, PGT_writable_page, &before);

    if (rc == TYPE_WON)
        page_type_publish_valid(pg, before);

    return rc >= 0;
}

void put_page_writable_slow(struct page_info *pg)
{
    unsigned long before;

    BUG_ON(page_type(pg) != PGT_writable_page);
    if (page_type_drop(pg, HOLD_FULL, &before) == TYPE_WON)
        page_type_publish_idle(pg, before);
}

bool page_lock_slow(struct page_info *pg, unsigned long type)
{
    unsigned long seen = load(pg);

    do {
        while (seen & PGT_locked) {
            smp_wait_a_turn(); /* he may wait for us to flush */
            seen = load(pg);
        }
        if ((seen & (PGT_type_mask | PGT_validated)) !=
                (type | PGT_validated) ||
            (seen & PGT_count_mask) == 0)
            return false;
    } while (!step(pg, &seen, (seen + 1) | PGT_locked));

    return true;
}
