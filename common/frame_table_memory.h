/* SPDX-License-Identifier: MIT */
/*
 * Where the memory under the core's tables comes from: that of the frame table
 * from near what it describes.
 */
#ifndef FRAME_TABLE_MEMORY_H
#define FRAME_TABLE_MEMORY_H

#include <xen/memory_map.h>
#include <xen/mm-frame.h>

/* It does not matter where. */
#define HOME_ANYWHERE ~0U

/* Does it matter for any group? */
bool frame_table_has_homes(void);

/* The home of the frames in @group: their domain, by the first RAM there. */
unsigned int frame_table_home(const struct memory_map *map,
                              unsigned long group);

/* The group has memory for its entries, from now on. Release. */
void frame_table_mark_group(unsigned long group);

struct table_kind {
    const char *name;
    int (*map)(void *va, mfn_t mfn, unsigned long nr);
};

/**
 * table_back - put memory under @nr superpages of a table, from @va on.
 *
 * It comes from @home while that has any. Returns 0, -ENOMEM (the log says how
 * much there is), or what the kind's map() says. Boot only.
 */
__must_check int table_back(const struct table_kind *kind, char *va,
                            unsigned long nr, unsigned int home);

#endif /* FRAME_TABLE_MEMORY_H */
