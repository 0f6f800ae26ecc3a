/* SPDX-License-Identifier: MIT */
/*
 * Any sequence of requests, on a machine with ragged RAM in each tier: does the
 * heap have the blocks that it must have? An input ends with all frames back,
 * and the heap in the shape that the next one begins with.
 */
#include <xen/frame_table.h>
#include <xen/page_alloc.h>

#include "../model/naive_heap.h"
#include "../model/small_machine.h"
#include "fuzz.h"

#define MAX_OUT 64U

static const struct ram machine[] = {
    { 0, 70 },
    { 4096 - 37, 1200 },
    { BIT(20) - 65, 193 },
};

/* A step is three bytes. */
struct step {
    uint8_t what, order, limit;
};

static struct {
    struct page_info *pg;
    unsigned int order;
} out[MAX_OUT];

static void start_machine(void)
{
    small_machine_heap(machine, ARRAY_SIZE(machine));
    for (unsigned int i = 0; i < ARRAY_SIZE(machine); i++) {
        unsigned long first = machine[i].start ? machine[i].start : 1;
        unsigned long end = machine[i].start + machine[i].nr;

        naive_heap_window(first, end - first);
        naive_heap_free(first, end - first);
    }
}

static void expect_agreement(void)
{
    unsigned long expected[NR_ORDERS];
    struct heap_statistics s;

    EXPECT(heap_check() == 0);
    heap_drain();
    EXPECT(heap_check() == 0);
    naive_heap_blocks(expected);
    heap_statistics(&s);
    for (unsigned int order = 0; order < NR_ORDERS; order++)
        EXPECT(s.nr_blocks[order] == expected[order]);
    EXPECT(s.nr_free == naive_heap_nr_free());
}

/* Limits are at, below and above frames of the windows. */
static paddr_t limit_of(const struct step *step)
{
    const struct ram *ram = &machine[step->limit % ARRAY_SIZE(machine)];

    if (step->limit >= 240)
        return HEAP_NO_LIMIT;

    return ((ram->start + step->limit * ram->nr / 230) << PAGE_SHIFT) +
           step->order / 32 - 3;
}

static void take(unsigned int i, const struct step *step)
{
    unsigned int order = step->order % (NR_ORDERS + 2), tier;
    mfn_t mfn;

    out[i].order = order;
    out[i].pg = alloc_heap_pages(order, limit_of(step), HEAP_NO_SCRUB, NULL);
    if (!naive_heap_find(order, limit_of(step), &tier)) {
        EXPECT(!out[i].pg);
        return;
    }
    EXPECT(out[i].pg);
    mfn = page_to_mfn(out[i].pg);
    EXPECT(IS_ALIGNED(mfn_x(mfn), BIT(order)));
    EXPECT(mfn_to_maddr(mfn) + (PAGE_SIZE << order) <= limit_of(step));
    EXPECT(naive_heap_take(mfn_x(mfn), BIT(order)));
}

static void give_back(unsigned int i)
{
    EXPECT(naive_heap_free(mfn_x(page_to_mfn(out[i].pg)), BIT(out[i].order)));
    free_heap_pages(out[i].pg, out[i].order, TLB_NO_DEBT);
    out[i].pg = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_started;

    if (!is_started)
        start_machine();
    is_started = true;

    for (; size >= 3; size -= 3, data += 3) {
        struct step step = { data[0], data[1], data[2] };
        unsigned int i = step.what % MAX_OUT;

        if (out[i].pg)
            give_back(i);
        else
            take(i, &step);
    }
    expect_agreement();
    for (unsigned int i = 0; i < MAX_OUT; i++)
        if (out[i].pg)
            give_back(i);
    expect_agreement();

    return 0;
}
