/* SPDX-License-Identifier: MIT */
/* Links between the entries of the frame table: what lists of frames are of. */
#ifndef XEN_PAGE_LINK_H
#define XEN_PAGE_LINK_H

#include <xen/config.h>
#include <xen/types.h>

/* A frame's index in the frame table as a link; with BIGMEM there are more. */
#if CONFIG_BIGMEM
typedef uint64_t page_link_t;
#define PAGE_INFO_SIZE 48
#else
typedef uint32_t page_link_t;
#define PAGE_INFO_SIZE 32
#endif

/* The link that leads nowhere. No frame has this index. */
#define PAGE_LINK_NONE ((page_link_t)-1)

struct page_list_entry {
    page_link_t next, prev;
};

#endif /* XEN_PAGE_LINK_H */
