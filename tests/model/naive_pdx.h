/* SPDX-License-Identifier: MIT */
/* The oracle of PDX compression: brute force over frames, runs and slots. */
#ifndef NAIVE_PDX_H
#define NAIVE_PDX_H

#include <xen/pdx.h>

/**
 * naive_pdx_broken_rule - what is wrong with @c, as chosen for these ranges?
 *
 * Tries the ends of each range, what lies beside them, and frames drawn by
 * @random. Returns what is broken in words, or NULL.
 */
const char *naive_pdx_broken_rule(const struct pdx_compression *c,
                                  const struct memory_range *range,
                                  unsigned int nr, unsigned long reach,
                                  uint64_t (*random)(void));

#endif /* NAIVE_PDX_H */
