/* SPDX-License-Identifier: MIT */
/* Entries of zeroes. <xen/page_info.h> includes it. */
#ifndef XEN_PAGE_CLEAR_H
#define XEN_PAGE_CLEAR_H

/* The bits of two links that follow one another, together. */
static inline unsigned long bits_of_links(const void *links)
{
    unsigned long word[2 * sizeof(page_link_t) / sizeof(unsigned long)],
        any = 0;

    __builtin_memcpy(word, links, sizeof(word));
    for (unsigned int i = 0; i < sizeof(word) / sizeof(word[0]); i++)
        any |= word[i];

    return any;
}

/* Is it as in a fresh frame table? Any CPU may look at its count meanwhile. */
static inline bool page_info_is_zero(const struct page_info *pg)
{
    return (bits_of_links(&pg->list) |
            bits_of_links(&pg->inuse_overlay.owner_word) |
            __atomic_load_n(&pg->count_info, __ATOMIC_RELAXED) |
            pg->inuse_overlay.type_info) == 0;
}

static inline void page_info_clear(struct page_info *pg)
{
    __atomic_store_n(&pg->count_info, 0, __ATOMIC_RELAXED);
    pg->list.next = pg->list.prev = 0;
    pg->inuse_overlay.owner_word = pg->inuse_overlay.last_word = 0;
    pg->inuse_overlay.type_info = 0;
}

#endif /* XEN_PAGE_CLEAR_H */
