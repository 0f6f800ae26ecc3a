/* SPDX-License-Identifier: MIT */
/* One entry of a table in use is changed: what is taken, written and put. */
#include <hosted.h>
#include <test.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include "../model/pv_machine.h"

static struct domain *d, *other;
static struct vcpu *v;

/* Tables of each level, one below the other, and a frame that is mapped. */
static struct page_holder table[5];
static struct page_info *leaf;

static void tables_in_use(void)
{
    struct page_info *pg;

    pv_machine(1);
    d = pv_domain(1, 1);
    other = pv_domain(2, 1);
    v = &d->vcpu[0];
    pg = pv_tree(d, 4, 1);
    for (unsigned int level = 4; level >= 1; level--) {
        EXPECT(get_page(pg, d));
        table[level] = (struct page_holder){ pg, HOLD_READ_ONLY };
        EXPECT_EQ(get_page_table(&table[level], level), 0);
        pg = pv_walk(pg, (unsigned int[]){ 0 }, 1);
    }
    leaf = pg;
}

static int update(unsigned int level, unsigned int slot, uint64_t entry)
{
    return update_entry(v, d, d, table[level].page, level, slot, entry, 0);
}

TEST(entry_update, the_new_frame_is_taken_and_the_old_one_put)
{
    struct page_info *fresh;

    tables_in_use();
    fresh = pv_page(d);
    EXPECT_EQ(update(1, 0, pv_entry(fresh, PV_WRITE)), 0);
    EXPECT_EQ(pv_read(table[1].page, 0), pv_entry(fresh, PV_WRITE));
    EXPECT_EQ(pv_count(fresh), 2);
    EXPECT_EQ(pv_type_count(fresh), 1);
    EXPECT_EQ(pv_count(leaf), 1);
    EXPECT_EQ(pv_type_count(leaf), 0);

    EXPECT_EQ(update(1, 0, 0), 0);
    EXPECT_EQ(pv_count(fresh), 1);
    EXPECT_EQ(update(1, 0, pv_entry(fresh, PV_READ)), 0);
    EXPECT_EQ(pv_count(fresh), 2);
    EXPECT_EQ(pv_type_count(fresh), 0);
}

TEST(entry_update, tables_come_and_go_like_frames)
{
    tables_in_use();
    for (unsigned int level = 2; level <= 4; level++) {
        struct page_info *fresh = pv_tree(d, level - 1, 1);
        unsigned int slot = pv_slot(level, PTES_PER_TABLE == 4 ? 1 : 77);

        EXPECT_EQ(update(level, slot, pv_entry(fresh, PV_TABLE)), 0);
        EXPECT_EQ(fresh->inuse_overlay.type_info,
                  type_of_level(level - 1) | PGT_validated | 1);
        EXPECT_EQ(update(level, slot, 0), 0);
        EXPECT_EQ(fresh->inuse_overlay.type_info, type_of_level(level - 1));
        EXPECT_EQ(pv_count(fresh), 1);
    }
    EXPECT_EQ(v->deferred.hold, HOLD_NONE);
}

/* XSA-154: a change of anything but the flags that nobody counts is examined.
 */
TEST(entry_update, what_amounts_to_flags_and_what_does_not)
{
    static const uint64_t flags[] = { PTE_ACCESSED, PTE_DIRTY, PTE_NX,
                                      PTE_AVAILABLE & ~PTE_UNCOUNTED };
    static const uint64_t others[] = { PTE_PRESENT, PTE_THROUGH, PTE_UNCACHED,
                                       PTE_LARGE,   PTE_GLOBAL,  PTE_UNCOUNTED,
                                       1UL << 12,   1UL << 51 };

    for (unsigned int level = 1; level <= 4; level++) {
        uint64_t entry = 0x5000 | PV_READ;

        for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++)
            EXPECT_EQ(entry_change(level, entry, entry ^ flags[i]),
                      ENTRY_FLAGS);
        for (unsigned int i = 0; i < ARRAY_SIZE(others); i++) {
            EXPECT_EQ(entry_change(level, entry, entry ^ others[i]),
                      ENTRY_EXCHANGE);
            EXPECT_EQ(entry_change(level, entry ^ others[i], entry),
                      ENTRY_EXCHANGE);
        }
        EXPECT_EQ(entry_change(level, entry & ~1UL, 0x123456789abcdef0),
                  ENTRY_FLAGS);
    }
    EXPECT_EQ(entry_change(1, PV_READ, PV_WRITE), ENTRY_EXCHANGE);
}

TEST(entry_update, flags_change_without_a_reference)
{
    tables_in_use();
    EXPECT_EQ(update(1, 0, pv_entry(leaf, PV_WRITE | PTE_NX | PTE_DIRTY)), 0);
    EXPECT_EQ(pv_read(table[1].page, 0),
              pv_entry(leaf, PV_WRITE | PTE_NX | PTE_DIRTY));
    EXPECT_EQ(pv_count(leaf), 2);
    EXPECT_EQ(pv_type_count(leaf), 1);
}

/* XSA-182 and 148: what is refused when a table is made is refused here too. */
TEST(entry_update, what_no_table_may_contain_is_refused_here_too)
{
    static const uint64_t forbidden[] = { PTE_THROUGH, PTE_UNCACHED,
                                          PTE_LARGE };

    tables_in_use();
    for (unsigned int level = 1; level <= 4; level++) {
        uint64_t old = pv_read(table[level].page, 0);

        for (unsigned int i = 0; i < ARRAY_SIZE(forbidden); i++)
            EXPECT_EQ(update(level, 0, old | forbidden[i]), -EINVAL);
        EXPECT_EQ(update(level, 0, pv_entry(table[level].page, PV_WRITE)),
                  level > 1 ? -EINVAL : -EBUSY);
        EXPECT_EQ(update(level, 0, pv_entry(pv_page(other), PV_READ)),
                  level > 1 ? -EINVAL : -EBUSY);
        EXPECT_EQ(pv_read(table[level].page, 0), old);
    }
    EXPECT_EQ(pv_count(leaf), 2);
    EXPECT_EQ(v->deferred.hold, HOLD_NONE);
}

TEST(entry_update, only_a_valid_table_is_updated_and_nothing_stays_taken)
{
    struct page_info *fresh;

    tables_in_use();
    fresh = pv_page(d);
    for (unsigned int level = 1; level <= 3; level++) /* as the wrong level */
        EXPECT_EQ(update_entry(v, d, d, table[level].page, level + 1, 1, 0, 0),
                  -EINVAL);
    EXPECT_EQ(update_entry(v, d, d, fresh, 1, 1, pv_entry(leaf, PV_WRITE), 0),
              -EINVAL);
    EXPECT_EQ(
        update_entry(v, d, d, table[2].page, 1, 1, pv_entry(leaf, PV_WRITE), 0),
        -EINVAL);
    EXPECT_EQ(update_entry(v, d, d, table[3].page, 2, 1,
                           pv_entry(table[1].page, PV_TABLE), 0),
              -EINVAL);
    EXPECT_EQ(pv_count(leaf), 2);
    EXPECT_EQ(pv_type_count(leaf), 1);
    EXPECT_EQ(pv_read(fresh, 1), 0);
    EXPECT_EQ(update(4, HYPERVISOR_SLOT_FIRST, 0), -EINVAL);
    EXPECT_EQ(update(4, HYPERVISOR_SLOT_FIRST + HYPERVISOR_SLOTS - 1, 0),
              -EINVAL);
    EXPECT_EQ(update(1, PTES_PER_TABLE, 0), -EINVAL);
}

TEST(entry_update, accessed_and_dirty_bits_survive_if_asked)
{
    struct page_info *t;

    tables_in_use();
    t = table[1].page;
    pv_write(t, 0, pv_read(t, 0) | PTE_ACCESSED | PTE_DIRTY);
    EXPECT_EQ(update_entry(v, d, d, t, 1, 0, pv_entry(leaf, PV_READ),
                           UPDATE_PRESERVE_AD),
              0);
    EXPECT_EQ(pv_read(t, 0),
              pv_entry(leaf, PV_READ | PTE_ACCESSED | PTE_DIRTY));
    EXPECT_EQ(pv_type_count(leaf), 0);
    EXPECT_EQ(update_entry(v, d, d, t, 1, 0, pv_entry(leaf, PV_READ | PTE_NX),
                           UPDATE_PRESERVE_AD),
              0);
    EXPECT_EQ(pv_read(t, 0),
              pv_entry(leaf, PV_READ | PTE_NX | PTE_ACCESSED | PTE_DIRTY));
    EXPECT_EQ(update(1, 0, pv_entry(leaf, PV_READ)), 0);
    EXPECT_EQ(pv_read(t, 0), pv_entry(leaf, PV_READ));
}

static unsigned int nr_checks, yield_at;

static bool yield_once(void)
{
    return nr_checks++ == yield_at;
}

/* Interrupted at each place where it can be; the guest calls again. */
TEST(entry_update, an_interrupted_update_has_done_nothing_or_all)
{
    struct page_info *fresh[2];
    unsigned int current = 0;

    tables_in_use();
    fresh[0] = pv_tree(d, 2, 2);
    fresh[1] = pv_tree(d, 2, 2);
    EXPECT_EQ(update(3, 1, pv_entry(fresh[0], PV_TABLE)), 0);
    for (yield_at = 0; yield_at < 40; yield_at++, current = !current) {
        int rc;

        nr_checks = 0;
        hosted_yield(yield_once);
        rc = update(3, 1, pv_entry(fresh[!current], PV_TABLE));
        hosted_yield(NULL);
        if (rc == -ERESTART) {
            EXPECT_EQ(pv_read(table[3].page, 1),
                      pv_entry(fresh[current], PV_TABLE));
            EXPECT_EQ(v->deferred.hold, HOLD_NONE);
            rc = update(3, 1, pv_entry(fresh[!current], PV_TABLE));
        }
        EXPECT_EQ(rc, 0);
        EXPECT_EQ(vcpu_finish_deferred(v), 0);
        EXPECT_EQ(v->deferred.hold, HOLD_NONE);
        EXPECT_EQ(pv_count(fresh[current]), 1);
        EXPECT_EQ(pv_type_count(fresh[current]), 0);
        EXPECT_EQ(pv_count(fresh[!current]), 2);
    }
}

TEST(entry_update, a_foreign_frame_is_marked_as_such)
{
    struct page_info *theirs;

    tables_in_use();
    theirs = pv_page(other);
    EXPECT_EQ(update_entry(v, d, other, table[1].page, 1, 1,
                           pv_entry(theirs, PV_WRITE), 0),
              0);
    EXPECT(theirs->count_info & PGC_foreign);
    EXPECT_EQ(pv_count(theirs), 2);
    EXPECT_EQ(update(1, 1, 0), 0);
    EXPECT_EQ(pv_count(theirs), 1);
    EXPECT_EQ(update_entry(v, d, other, table[2].page, 2, 1,
                           pv_entry(pv_tree(other, 1, 1), PV_TABLE), 0),
              -EINVAL);
}
