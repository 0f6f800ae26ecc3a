/* SPDX-License-Identifier: MIT */
/* The textbook heap, as bench_heap uses it. It knows no streams. */
#include <xen/bootmem.h>

#include <xen/domheap.h>

#include "../model/textbook_heap.h"
#include "heaps.h"

static uint64_t *m2p;

static void prepare(unsigned long end)
{
    textbook_init(end);
    m2p = bench_m2p(end);
}

static void start(const struct ram *ram)
{
    prepare(ram->start + ram->nr);
    textbook_add(ram->start, ram->nr);
}

static void take_over(void)
{
    unsigned long nr;
    mfn_t first;

    while ((nr = bootmem_take_all(&first)) > 0)
        textbook_add(mfn_x(first), nr);
}

static struct page_info *get(unsigned int order, paddr_t limit,
                             unsigned int flags)
{
    (void)flags;
    return textbook_alloc(order, limit);
}

static void put(struct page_info *pg, unsigned int order)
{
    m2p[textbook_frame(pg)] = ~0UL;
    textbook_free(pg, order);
}

static unsigned int get_stream(unsigned int stream, struct page_info **pg,
                               unsigned int nr)
{
    unsigned int i = 0;

    (void)stream;
    while (i < nr && (pg[i] = textbook_alloc(0, HEAP_NO_LIMIT)) != NULL)
        i++;

    return i;
}

static void end_stream(unsigned int stream)
{
    (void)stream;
}

/* One domain, and what alloc_domheap_pages() did for each frame. */
static struct guest {
    spinlock_t lock;
    struct page_info *last; /* linked by its frame's number, and 1 */
    unsigned long nr_pages;
} guest = { .lock = SPINLOCK_INIT(LOCK_RANK_PAGES) };

static void begin_guest(void)
{
}

static unsigned int get_guest(struct page_info **pg, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        pg[i] = textbook_alloc(0, HEAP_NO_LIMIT);
        if (!pg[i])
            return i;
        spin_lock(&guest.lock);
        guest.nr_pages++;
        pg[i]->inuse_overlay.owner = 2;
        pg[i]->list.prev = guest.last ? (page_link_t)(guest.last - pg[i]) : 0;
        if (guest.last)
            guest.last->list.next = (page_link_t)(pg[i] - guest.last);
        guest.last = pg[i];
        __atomic_fetch_or(&pg[i]->count_info, PGC_allocated | 1,
                          __ATOMIC_RELEASE);
        spin_unlock(&guest.lock);
        m2p[textbook_frame(pg[i])] = i;
    }

    return nr;
}

static void put_guest(struct page_info **pg, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        spin_lock(&guest.lock);
        guest.nr_pages--;
        if (guest.last == pg[i])
            guest.last = NULL;
        page_info_clear(pg[i]);
        spin_unlock(&guest.lock);
        put(pg[i], 0);
    }
}

static void drain(void)
{
}

const struct bench_heap bench_textbook = {
    .name = "textbook",
    .start = start,
    .prepare = prepare,
    .take_over = take_over,
    .get = get,
    .put = put,
    .get_stream = get_stream,
    .end_stream = end_stream,
    .begin_guest = begin_guest,
    .get_guest = get_guest,
    .put_guest = put_guest,
    .drain = drain,
    .frame_of = textbook_frame,
};
