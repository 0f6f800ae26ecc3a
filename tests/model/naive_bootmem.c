/* SPDX-License-Identifier: MIT */
/* A boot allocator that looks at one frame after the other. */
#include "naive_bootmem.h"

#define FRAME_SIZE 4096UL

static bool is_ram[NAIVE_BOOTMEM_FRAMES], is_kept[NAIVE_BOOTMEM_FRAMES];

/* Whole frames only; and never the first. */
void naive_bootmem_add(paddr_t start, paddr_t end)
{
    for (unsigned long f = 1; f < NAIVE_BOOTMEM_FRAMES; f++)
        if (start <= f * FRAME_SIZE && (f + 1) * FRAME_SIZE <= end)
            is_ram[f] = true;
}

void naive_bootmem_reserve(paddr_t start, paddr_t end)
{
    for (unsigned long f = 0; f < NAIVE_BOOTMEM_FRAMES; f++)
        if (start < end && start < (f + 1) * FRAME_SIZE && f * FRAME_SIZE < end)
            is_kept[f] = true;
}

bool naive_bootmem_is_free(unsigned long frame)
{
    return is_ram[frame] && !is_kept[frame];
}

bool naive_bootmem_is_reserved(unsigned long frame)
{
    return is_kept[frame];
}

static bool all_free(unsigned long start, unsigned long nr)
{
    for (unsigned long f = start; f < start + nr; f++)
        if (f >= NAIVE_BOOTMEM_FRAMES || !naive_bootmem_is_free(f))
            return false;

    return true;
}

unsigned long naive_bootmem_alloc(unsigned long nr, unsigned long align,
                                  paddr_t limit)
{
    for (unsigned long start = NAIVE_BOOTMEM_FRAMES; start-- > 0 && nr > 0;)
        if (start % align == 0 && (start + nr) * FRAME_SIZE <= limit &&
            all_free(start, nr)) {
            naive_bootmem_reserve(start * FRAME_SIZE,
                                  (start + nr) * FRAME_SIZE);
            return start;
        }

    return 0;
}

unsigned long naive_bootmem_take(unsigned long *start)
{
    unsigned long end = NAIVE_BOOTMEM_FRAMES;

    while (end > 0 && !naive_bootmem_is_free(end - 1))
        end--;
    *start = end;
    while (*start > 0 && naive_bootmem_is_free(*start - 1))
        is_kept[--*start] = true;

    return end - *start;
}

unsigned long naive_bootmem_nr_free(void)
{
    unsigned long nr = 0;

    for (unsigned long f = 0; f < NAIVE_BOOTMEM_FRAMES; f++)
        nr += naive_bootmem_is_free(f);

    return nr;
}
