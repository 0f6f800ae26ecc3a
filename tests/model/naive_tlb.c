/* SPDX-License-Identifier: MIT */
/* Remembers what was mapped until the next flush. */
#include <string.h>

#include <test.h>
#include <xen/tlb.h>

#include "naive_tlb.h"

/* Frames that may be reached, and that may be written. */
static bool reached[NAIVE_FRAMES], written[NAIVE_FRAMES];
static uint32_t flushed;

void naive_tlb_forget(void)
{
    memset(reached, 0, sizeof(reached));
    memset(written, 0, sizeof(written));
}

static void remember(const struct naive_guests *g,
                     const struct naive_frame *table)
{
    for (unsigned int i = 0; i < PTES_PER_TABLE; i++) {
        struct naive_hold h = naive_entry_hold(g, 1, i, table->word[i]);

        if (h.frame == NAIVE_NONE)
            continue;
        reached[h.frame] = true;
        written[h.frame] |= h.hold == HOLD_FULL;
    }
}

/* Nobody writes a table or a descriptor, and nobody reaches what is given to
 * another. */
static void check(const struct naive_frame *before,
                  const struct naive_frame *now, unsigned int frame)
{
    bool is_checked =
        (now->phase == NAIVE_VALID || now->phase == NAIVE_PARTIAL) &&
        now->type != NAIVE_WRITABLE;

    if (written[frame] && is_checked)
        test_fail(__FILE__, __LINE__,
                  "frame %u is of type %u, and can be written", frame,
                  now->type);
    if (reached[frame] && now->owner != 0 && now->owner != before->owner)
        test_fail(__FILE__, __LINE__,
                  "frame %u is given to %u, and can be reached", frame,
                  now->owner - 1);
}

void naive_tlb_step(const struct naive_guests *before,
                    const struct naive_guests *now, unsigned int domain)
{
    if (tlb_cpu_flushed(0) != flushed)
        naive_tlb_forget();
    flushed = tlb_cpu_flushed(0);
    for (unsigned int f = 0; f < NAIVE_FRAMES; f++)
        check(&before->frame[f], &now->frame[f], f);
    for (unsigned int f = 0; f < NAIVE_FRAMES && domain != NAIVE_NONE; f++)
        if (now->frame[f].owner == domain + 1 && now->frame[f].type == 1 &&
            now->frame[f].phase == NAIVE_VALID)
            remember(now, &now->frame[f]);
}
