/* SPDX-License-Identifier: MIT */
/* Many single frames that will go together. <xen/page_alloc.h> includes it. */
#ifndef XEN_HEAP_STREAM_H
#define XEN_HEAP_STREAM_H

#include <xen/page_info.h>
#include <xen/tlb.h>

/**
 * struct heap_stream - frames that will be freed together.
 *
 * What is taken by one stream lies together, in chunks that nobody else takes
 * from: so it leaves whole chunks when it goes. All zero to begin with; two
 * CPUs may not use one at the same time.
 */
struct heap_stream {
    unsigned long current; /* a chunk and 1, or 0: none */
};

/**
 * alloc_heap_stream - take up to @nr single frames for @stream.
 *
 * As alloc_heap_pages() of order 0, with *@debt joined to what is owed by all
 * of them. Without a stream (NULL) they lie anywhere. @page[] is set. Returns
 * how many there were, fewer only if there are no more.
 */
__must_check unsigned int alloc_heap_stream(struct heap_stream *stream,
                                            paddr_t limit, unsigned int flags,
                                            struct page_info **page,
                                            unsigned int nr,
                                            struct tlb_debt *debt);

/* What @stream has begun is anybody's again. */
void heap_stream_end(struct heap_stream *stream);

#endif /* XEN_HEAP_STREAM_H */
