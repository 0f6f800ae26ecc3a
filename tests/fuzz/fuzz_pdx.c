/* SPDX-License-Identifier: MIT */
/* Any ranges of RAM, in any order: is the form right, and one to one? */
#include <string.h>

#include <xen/frame_table.h>
#include <xen/pdx.h>

#include "../model/naive_pdx.h"
#include "fuzz.h"

#define MAX_RANGES 32U

/* A range is ten bytes: the start, and a size of few significant bits. */
struct input {
    uint8_t start[6], size[2], shift, kind;
};

static uint64_t random_state;

static uint64_t draw(void)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;

    return random_state >> 20;
}

static struct memory_range read_range(const struct input *in)
{
    struct memory_range range = { .kind = MEMORY_RAM };
    uint64_t length = (in->size[0] | (uint64_t)in->size[1] << 8)
                      << in->shift % 36;

    memcpy(&range.start, in->start, sizeof(in->start));
    range.start = (range.start << 4) % PADDR_MAX;
    range.end = range.start + length;
    if (range.end > PADDR_MAX)
        range.end = PADDR_MAX;
    if (in->kind & 0x80)
        range.kind = MEMORY_RESERVED;

    return range;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pdx_compression c;
    struct memory_range range[MAX_RANGES];
    unsigned int nr = 0;
    const char *rule;

    while (nr < MAX_RANGES && size > 0) {
        struct input in;

        fuzz_take(&data, &size, &in, sizeof(in));
        range[nr++] = read_range(&in);
    }

    random_state = nr;
    pdx_choose(&c, range, nr, FRAME_TABLE_REACH);
    rule = naive_pdx_broken_rule(&c, range, nr, FRAME_TABLE_REACH, draw);
    if (rule)
        arch_bug(__FILE__, __LINE__, rule);

    return 0;
}
