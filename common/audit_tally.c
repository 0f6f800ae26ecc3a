/* SPDX-License-Identifier: MIT */
/*
 * The auditor's counts, and its findings.
 *
 * There is a tally for each frame from the first to the last one of a group
 * that a domain has: nobody may hold another.
 */
#include <xen/audit.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>
#include <xen/string.h>

#include <asm/contents.h>

#include "audit_tally.h"

/* The frames of a group from index @first up to @end; none: both 0. */
struct span {
    unsigned long first, end;
    struct tally *tally;
};

static struct span *spans;
static int first_broken;
static unsigned int nr_found;

/* Memory to use instead of the heap's, and how much of it is in use. */
static struct {
    char *start;
    size_t size, used;
} lent;

void audit_lend(void *memory, size_t size)
{
    lent.start = memory;
    lent.size = size;
}

static unsigned long nr_groups(void)
{
    return nr_pdxs / FRAMES_PER_GROUP;
}

static unsigned int order_of_size(size_t size)
{
    return size <= PAGE_SIZE ? 0 : highest_bit((size - 1) >> PAGE_SHIFT) + 1;
}

/* Memory of zeroes, or NULL. */
static void *take(size_t size)
{
    struct page_info *pg;
    void *memory;

    if (lent.start) {
        memory = lent.start + lent.used;
        if (size > lent.size - lent.used)
            return NULL;
        lent.used += ALIGN_UP(size, 16);
    } else {
        pg = alloc_heap_pages(order_of_size(size), CONTENTS_LIMIT, 0, NULL);
        if (!pg)
            return NULL;
        memory = frame_contents(page_to_mfn(pg));
    }

    return memset(memory, 0, size);
}

static void give_back(void *memory, size_t size)
{
    if (memory && !lent.start)
        free_heap_pages(mfn_to_page(frame_of_contents(memory)),
                        order_of_size(size), TLB_NO_DEBT);
}

static size_t tally_size(const struct span *span)
{
    return (span->end - span->first) * sizeof(struct tally);
}

int tally_begin(void)
{
    first_broken = 0;
    nr_found = 0;
    lent.used = 0;
    spans = take(nr_groups() * sizeof(*spans));

    return spans ? 0 : -ENOMEM;
}

void tally_cover(const struct page_info *pg)
{
    unsigned long pdx = page_to_pdx(pg);
    struct span *span = &spans[pdx / FRAMES_PER_GROUP];

    if (pdx < span->first || span->end == 0)
        span->first = pdx;
    if (pdx >= span->end)
        span->end = pdx + 1;
}

int tally_make(void)
{
    for (unsigned long i = 0; i < nr_groups(); i++) {
        struct span *span = &spans[i];

        if (span->end > 0) {
            span->tally = take(tally_size(span));
            if (!span->tally)
                return -ENOMEM;
        }
    }

    return 0;
}

struct tally *tally_range(unsigned long group, unsigned long *first,
                          unsigned long *end)
{
    *first = spans[group].first;
    *end = spans[group].end;

    return spans[group].tally;
}

struct tally *tally_of(const struct page_info *pg)
{
    unsigned long pdx = page_to_pdx(pg);
    const struct span *span = &spans[pdx / FRAMES_PER_GROUP];

    if (pdx < span->first || pdx >= span->end)
        return NULL;

    return &span->tally[pdx - span->first];
}

int tally_end(void)
{
    for (unsigned long i = 0; spans && i < nr_groups(); i++)
        give_back(spans[i].tally, tally_size(&spans[i]));
    give_back(spans, nr_groups() * sizeof(*spans));
    spans = NULL;
    if (nr_found > AUDIT_REPORTS)
        printk(LOG_ERROR, "audit: and %u more\n", nr_found - AUDIT_REPORTS);

    return first_broken;
}

bool audit_report(int invariant, const struct place *at, const char *what,
                  unsigned long expected, unsigned long found)
{
    char entry[48] = "";

    if (!first_broken)
        first_broken = invariant;
    if (nr_found++ < AUDIT_REPORTS) {
        if (at->in_entry)
            snprintf(entry, sizeof(entry), ", entry %u, %#lx", at->slot,
                     at->entry);
        printk(LOG_ERROR,
               "audit: I%d is broken at frame %#lx%s: %s: expected %#lx, found "
               "%#lx\n",
               invariant, mfn_x(at->mfn), entry, what, expected, found);
    }

    return false;
}

/* NULL: nobody may hold it, and that has been said. */
static struct tally *tally_of_held(const struct place *at, struct page_info *pg)
{
    struct tally *tally = tally_of(pg);

    if (!tally)
        audit_expect(11, at, "holds a frame that no domain has", 0,
                     mfn_x(page_to_mfn(pg)));

    return tally;
}

void count_general(const struct place *at, struct page_info *pg)
{
    struct tally *tally = tally_of_held(at, pg);

    if (tally)
        tally->general++;
}

void count_full(const struct place *at, struct page_info *pg)
{
    struct tally *tally = tally_of_held(at, pg);

    if (tally) {
        tally->general++;
        tally->type++;
    }
}

void count_half(const struct place *at, struct page_info *pg)
{
    struct tally *tally = tally_of_held(at, pg);

    if (tally) {
        tally->general++;
        tally->half = 1;
    }
}

bool is_frame_in_use(mfn_t mfn)
{
    const struct page_info *pg;

    if (!mfn_valid(mfn))
        return false;
    pg = mfn_to_page(mfn);

    return page_state(pg) != PGC_state_free &&
           page_state(pg) != PGC_state_offlined && !page_is_shadow(pg);
}
