/* SPDX-License-Identifier: MIT */
/*
 * The core's state as a value of <naive_guests.h>, read from the frame table,
 * from domains and from memory; and whether two such values are the same.
 */
#ifndef NAIVE_LOOK_H
#define NAIVE_LOOK_H

#include "naive_guests.h"

/* Domain number d + 1 is the model's d; NULL: there is none. */
void naive_watch(unsigned int d, struct domain *domain);

/* What the core has now. The rest is that of @like. */
void naive_look(struct naive_guests *g, const struct naive_guests *like);

/* Are the counts of the core those that follow from @seen, which was read from
 * it? And its totals. Reports what differs. */
void naive_expect_counts(const struct naive_guests *seen);

/* Is @seen what was expected? Contents count if @words. Reports differences. */
void naive_expect_same(const struct naive_guests *seen,
                       const struct naive_guests *expected, bool words);

/* Is each word of @seen as it was before, or as it is to be? */
void naive_expect_words(const struct naive_guests *seen,
                        const struct naive_guests *before,
                        const struct naive_guests *after);

/* For a diagnosis: each frame that somebody owns. */
void naive_print(const struct naive_guests *g);

#endif /* NAIVE_LOOK_H */
