/* SPDX-License-Identifier: MIT */
/*
 * Linear entries: those of a page table that name a table of the same level, so
 * that the guest finds its tables at fixed addresses (CONFIG_LINEAR_TABLES).
 *
 * They are read-only. One that names its own table holds nothing, or the table
 * could never go. One that names another holds it fully. A table that has such
 * entries is named by none, and the other way round: so no chain is longer than
 * one, and taking a table apart does not go deeper than it would for one level
 * more (XSA-240). Each table keeps count: above 0 of its entries, below 0 of
 * those that name it.
 */
#ifndef LINEAR_TABLE_H
#define LINEAR_TABLE_H

#include <xen/page_holder.h>

/* May and shall @entry of @table, of @level, hold nothing as it names itself?
 */
bool linear_is_self(const struct page_info *table, unsigned int level,
                    uint64_t entry);

/**
 * linear_link - make *@child, HOLD_READ_ONLY, a full holder for an entry of
 * @table, of the same level.
 *
 * Waits for nobody: the other table is valid already, or it is refused.
 * Returns 0 or -EINVAL; then nothing has changed.
 */
__must_check int linear_link(struct page_info *table, unsigned int level,
                             uint64_t entry, struct page_holder *child);

/* Is what an entry of @level holds fully a table of the same level? */
bool linear_is_link(unsigned int level, const struct page_holder *child);

/* @table no longer names @child by one of its entries: no more than that. */
void linear_unlink(struct page_info *table, struct page_info *child);

#endif /* LINEAR_TABLE_H */
