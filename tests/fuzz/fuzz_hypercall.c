/* SPDX-License-Identifier: MIT */
/*
 * Any sequence of hypercalls, of one hostile domain or of two or three that
 * work together: after each the auditor looks, and the model. The bytes of an
 * input are what is drawn; it ends with all domains destroyed, and all memory
 * back.
 */
#include "../model/differential.h"
#include "fuzz.h"

static const uint8_t *next;
static size_t nr_left;

/* Behind its end there are zeros, which come to nothing much. */
static unsigned int draw(unsigned int below)
{
    uint16_t number = 0;

    fuzz_take(&next, &nr_left, &number, below > 256 ? 2 : 1);

    return number % below;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_started;

    next = data;
    nr_left = size;
    if (!is_started)
        differential_start(draw);
    is_started = true;

    differential_reset(1 + draw(3), draw(2) > 0, draw(4) == 3);
    while (nr_left > 0)
        differential_step();
    differential_finish();

    return 0;
}
