/* SPDX-License-Identifier: MIT */
/* The heap under test, as bench_heap uses it. */
#include <hosted.h>
#include <xen/domheap.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>

#include "heaps.h"

static uint64_t *m2p;
static struct heap_stream streams[NR_STREAMS];

/* Without compression, as on a machine whose RAM starts at 0. */
static void start(const struct ram *ram)
{
    pdx_enable(false);
    small_machine_heap(ram, 1);
    m2p = bench_m2p(ram->start + ram->nr);
}

static void prepare(unsigned long end)
{
    (void)end;
}

static struct page_info *get(unsigned int order, paddr_t limit,
                             unsigned int flags)
{
    return alloc_heap_pages(order, limit, flags, NULL);
}

static void put(struct page_info *pg, unsigned int order)
{
    m2p[page_to_pdx(pg)] = ~0UL;
    free_heap_pages(pg, order, TLB_NO_DEBT);
}

static unsigned int get_stream(unsigned int stream, struct page_info **pg,
                               unsigned int nr)
{
    struct tlb_debt debt = TLB_NO_DEBT;

    return alloc_heap_stream(&streams[stream], HEAP_NO_LIMIT, HEAP_NO_SCRUB, pg,
                             nr, &debt);
}

static void end_stream(unsigned int stream)
{
    heap_stream_end(&streams[stream]);
}

/* As many as a domain's frames are. */
static struct domain *d;
static uint64_t gfn[DOMHEAP_BATCH];

static void begin_guest(void)
{
    hosted_arena_init();
    BUG_ON(m2p_init() || domains_init() ||
           domain_create(1, 1, HEAP_NO_LIMIT, &d));
    for (unsigned int i = 0; i < DOMHEAP_BATCH; i++)
        gfn[i] = i;
}

static unsigned int get_guest(struct page_info **pg, unsigned int nr)
{
    return alloc_domheap_stream(d, HEAP_NO_LIMIT, ASSIGN_NO_SCRUB, gfn, pg, nr);
}

static void put_guest(struct page_info **pg, unsigned int nr)
{
    BUG_ON(release_pages(d, pg, nr) != nr);
}

static unsigned long frame_of(const struct page_info *pg)
{
    return mfn_x(page_to_mfn(pg));
}

const struct bench_heap bench_ours = {
    .name = "ours",
    .start = start,
    .prepare = prepare,
    .take_over = heap_init,
    .get = get,
    .put = put,
    .get_stream = get_stream,
    .end_stream = end_stream,
    .begin_guest = begin_guest,
    .get_guest = get_guest,
    .put_guest = put_guest,
    .drain = heap_drain,
    .frame_of = frame_of,
};
