/* SPDX-License-Identifier: MIT */
/* No heap: what bench_heap itself costs, to be subtracted. */
#include "heaps.h"

static struct page_info nothing;

static void start(const struct ram *ram)
{
    (void)ram;
}

static void prepare(unsigned long end)
{
    (void)end;
}

static void take_over(void)
{
}

static struct page_info *get(unsigned int order, paddr_t limit,
                             unsigned int flags)
{
    (void)order;
    (void)limit;
    (void)flags;
    return &nothing;
}

static void put(struct page_info *pg, unsigned int order)
{
    (void)pg;
    (void)order;
}

static unsigned int get_stream(unsigned int stream, struct page_info **pg,
                               unsigned int nr)
{
    (void)stream;
    (void)pg;
    return nr;
}

static void end_stream(unsigned int stream)
{
    (void)stream;
}

static unsigned int get_guest(struct page_info **pg, unsigned int nr)
{
    (void)pg;
    return nr;
}

static void put_guest(struct page_info **pg, unsigned int nr)
{
    (void)pg;
    (void)nr;
}

static unsigned long frame_of(const struct page_info *pg)
{
    (void)pg;
    return 1;
}

const struct bench_heap bench_nop = {
    .name = "nop",
    .start = start,
    .prepare = prepare,
    .take_over = take_over,
    .get = get,
    .put = put,
    .get_stream = get_stream,
    .end_stream = end_stream,
    .begin_guest = take_over,
    .get_guest = get_guest,
    .put_guest = put_guest,
    .drain = take_over,
    .frame_of = frame_of,
};
