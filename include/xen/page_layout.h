/* SPDX-License-Identifier: MIT */
/*
 * The layout of struct page_info, proved: what <xen/page_info.h> draws is what
 * the compiler makes of it. Included by that header alone.
 */
#ifndef XEN_PAGE_LAYOUT_H
#define XEN_PAGE_LAYOUT_H

/* Two to a cache line and none astride of two; with BIGMEM three to two. */
_Static_assert(sizeof(struct page_info) == PAGE_INFO_SIZE, "entry grew");
_Static_assert(sizeof(struct page_inuse) == PAGE_INFO_SIZE, "padding");
_Static_assert(sizeof(struct page_shadow) == PAGE_INFO_SIZE, "padding");
_Static_assert(sizeof(struct page_free) == PAGE_INFO_SIZE, "padding");

#define PAGE_OFFSET_IS(overlay, member, links)                                 \
    _Static_assert(offsetof(struct overlay, member) ==                         \
                       (links) * sizeof(page_link_t),                          \
                   #overlay "." #member " moved")
#define PAGE_LINKS_IN_8_BYTES (8 / sizeof(page_link_t))
PAGE_OFFSET_IS(page_info, list, 0);
PAGE_OFFSET_IS(page_info, count_info, 2);
PAGE_OFFSET_IS(page_inuse, count_info, 2);
PAGE_OFFSET_IS(page_inuse, type_info, 2 + PAGE_LINKS_IN_8_BYTES);
PAGE_OFFSET_IS(page_inuse, owner, 2 + 2 * PAGE_LINKS_IN_8_BYTES);
PAGE_OFFSET_IS(page_inuse, tlbflush_timestamp, 3 + 2 * PAGE_LINKS_IN_8_BYTES);
PAGE_OFFSET_IS(page_inuse, shadow_flags, 3 + 2 * PAGE_LINKS_IN_8_BYTES);
PAGE_OFFSET_IS(page_shadow, up, 0);
PAGE_OFFSET_IS(page_shadow, count_info, 2);
PAGE_OFFSET_IS(page_shadow, back, 2 + 2 * PAGE_LINKS_IN_8_BYTES);
PAGE_OFFSET_IS(page_shadow, next_shadow, 3 + 2 * PAGE_LINKS_IN_8_BYTES);
PAGE_OFFSET_IS(page_free, count_info, 2);
PAGE_OFFSET_IS(page_free, tlb_taint, 2 + PAGE_LINKS_IN_8_BYTES);
PAGE_OFFSET_IS(page_free, order, 2 + 2 * PAGE_LINKS_IN_8_BYTES);
PAGE_OFFSET_IS(page_free, tlbflush_timestamp, 3 + 2 * PAGE_LINKS_IN_8_BYTES);
#undef PAGE_OFFSET_IS
#undef PAGE_LINKS_IN_8_BYTES

/* Both words are the target of locked instructions. */
_Static_assert(offsetof(struct page_inuse, count_info) % 8 == 0, "unaligned");
_Static_assert(offsetof(struct page_inuse, type_info) % 8 == 0, "unaligned");
_Static_assert(__atomic_always_lock_free(sizeof(unsigned long), 0), "locks");

#endif /* XEN_PAGE_LAYOUT_H */
