/* SPDX-License-Identifier: MIT */
/*
 * Lists of frames, linked through their entries in the frame table.
 *
 * A link is an index, half the size of a pointer. A page is added before all
 * others or behind them. A frame is on one list at most, and who uses a list
 * holds its lock.
 */
#ifndef XEN_PAGE_LIST_H
#define XEN_PAGE_LIST_H

#include <xen/frame_table.h>
#include <xen/page_info.h>

struct page_list {
    page_link_t first, last;
};

/* An empty list. One of zeroes is not: frame 0 has an index too. */
#define PAGE_LIST_EMPTY                                                        \
    {                                                                          \
        PAGE_LINK_NONE, PAGE_LINK_NONE                                         \
    }

static inline struct page_info *page_of_link(page_link_t link)
{
    return link == PAGE_LINK_NONE ? NULL : pdx_to_page(link);
}

static inline page_link_t link_of_page(const struct page_info *pg)
{
    return (page_link_t)page_to_pdx(pg);
}

/* The first page and the one behind @pg, NULL where there is none. */
static inline struct page_info *page_list_first(const struct page_list *list)
{
    return page_of_link(list->first);
}

static inline struct page_info *page_list_next(const struct page_info *pg)
{
    return page_of_link(pg->list.next);
}

/* Put @pg, which is on no list, before all others. */
static inline void page_list_add(struct page_list *list, struct page_info *pg)
{
    struct page_info *second = page_list_first(list);

    pg->list.next = list->first;
    pg->list.prev = PAGE_LINK_NONE;
    if (second)
        second->list.prev = link_of_page(pg);
    else
        list->last = link_of_page(pg);
    list->first = link_of_page(pg);
}

/* Put @pg, which is on no list, behind all others. */
static inline void page_list_add_tail(struct page_list *list,
                                      struct page_info *pg)
{
    struct page_info *before = page_of_link(list->last);

    pg->list.next = PAGE_LINK_NONE;
    pg->list.prev = list->last;
    if (before)
        before->list.next = link_of_page(pg);
    else
        list->first = link_of_page(pg);
    list->last = link_of_page(pg);
}

/* Take @pg off @list. Its links keep what they held. */
static inline void page_list_del(struct page_list *list, struct page_info *pg)
{
    struct page_info *next = page_list_next(pg);
    struct page_info *prev = page_of_link(pg->list.prev);

    if (next)
        next->list.prev = pg->list.prev;
    else
        list->last = pg->list.prev;
    if (prev)
        prev->list.next = pg->list.next;
    else
        list->first = pg->list.next;
}

#endif /* XEN_PAGE_LIST_H */
