/* SPDX-License-Identifier: MIT */
/* Does the auditor see what is wrong with what page tables lead to? */
#include <test.h>
#include <xen/page_table.h>

#include "../model/sound_machine.h"

static struct sound_machine m;

TEST(audit_tables, i7_a_table_leads_to_valid_tables_of_its_owner)
{
    uint64_t entry;

    m = sound_machine();
    entry = pv_read(m.l2, 1);
    EXPECT_BROKEN(7, "flags", pv_write(m.l2, 1, entry | PTE_LARGE),
                  pv_write(m.l2, 1, entry));
    EXPECT_BROKEN(7, "flags", pv_write(m.l2, 1, entry & ~(uint64_t)PTE_USER),
                  pv_write(m.l2, 1, entry));
    EXPECT_BROKEN_FIRST(7, "names a frame in use",
                        pv_write(m.l2, 1, (1UL << 40) | PV_TABLE),
                        pv_write(m.l2, 1, entry));
    EXPECT_BROKEN_FIRST(7, "type of what it names",
                        pv_write(m.l2, 1, pv_entry(m.leaf, PV_TABLE)),
                        pv_write(m.l2, 1, entry));
    EXPECT_BROKEN_FIRST(7, "owner of what it names",
                        pv_write(m.l2, 1, pv_entry(m.foreign, PV_TABLE)),
                        pv_write(m.l2, 1, entry));
    EXPECT_BROKEN_FIRST(7, "type of what it names",
                        TYPE(m.l1) = PGT_l3_page_table | PGT_validated | 1,
                        TYPE(m.l1) = PGT_l1_page_table | PGT_validated | 1);
    EXPECT_BROKEN_FIRST(7, "type of what it names",
                        TYPE(m.l1) = PGT_l1_page_table | PGT_busy | 1,
                        TYPE(m.l1) = PGT_l1_page_table | PGT_validated | 1);
}

TEST(audit_tables, i8_so_does_a_partial_one_as_far_as_it_was_examined)
{
    struct page_inuse *inuse;
    uint64_t entry;

    m = sound_machine();
    entry = pv_read(m.partial, 0);
    inuse = &m.partial->inuse_overlay;

    /* Half of the first entry is all there is. */
    EXPECT_BROKEN_FIRST(8, "half an entry names a frame",
                        pv_write(m.partial, 0, entry & ~(uint64_t)PTE_PRESENT),
                        pv_write(m.partial, 0, entry));
    EXPECT_BROKEN_FIRST(8, "half an entry names its own table",
                        pv_write(m.partial, 0, pv_entry(m.partial, PV_TABLE)),
                        pv_write(m.partial, 0, entry));
    EXPECT_BROKEN_FIRST(8, "owner of what half an entry names",
                        pv_write(m.partial, 0, pv_entry(m.foreign, PV_TABLE)),
                        pv_write(m.partial, 0, entry));
    EXPECT_BROKEN_FIRST(1, "general count",
                        pv_write(m.partial, 0, pv_read(m.partial, 1)),
                        pv_write(m.partial, 0, entry));

    /* It is none, if it is counted as examined. */
    EXPECT_BROKEN_FIRST(8, "type of what it names",
                        (inuse->nr_validated_ptes = 1, inuse->partial_pte = 0),
                        (inuse->nr_validated_ptes = 0, inuse->partial_pte = 1));
}

TEST(audit_tables, i9_what_is_mapped_may_be_mapped_so)
{
    uint64_t entry;

    m = sound_machine();
    entry = pv_read(m.l1, 0);
    EXPECT_BROKEN(9, "flags", pv_write(m.l1, 0, entry | PTE_UNCACHED),
                  pv_write(m.l1, 0, entry));
    EXPECT_BROKEN(9, "flags", pv_write(m.l1, 0, entry | PTE_GLOBAL),
                  pv_write(m.l1, 0, entry));
    EXPECT_BROKEN_FIRST(9, "names a frame in use",
                        pv_write(m.l1, 0, (1UL << 40) | PV_READ),
                        pv_write(m.l1, 0, entry));
    EXPECT_BROKEN_FIRST(9, "valid as writable", TYPE(m.leaf) &= ~PGT_validated,
                        TYPE(m.leaf) |= PGT_validated);
    EXPECT_BROKEN_FIRST(9, "a device's frame",
                        pv_write(m.l1, 0, entry | PTE_UNCOUNTED),
                        pv_write(m.l1, 0, entry));
    EXPECT_BROKEN_FIRST(
        9, "a device that it may map",
        pv_write(m.l1, 0, (1UL << 40) | PV_READ | PTE_UNCOUNTED),
        pv_write(m.l1, 0, entry));
    EXPECT_BROKEN_BY(9, "maps what it may", m.other->privileged, false);
}

TEST(audit_tables, i10_what_is_a_table_is_not_mapped_writable)
{
    uint64_t entry;

    m = sound_machine();
    entry = pv_read(m.foreign, 1);
    EXPECT_BROKEN(10, "type of what it lets be written",
                  (pv_write(m.foreign, 1, entry | PTE_WRITABLE), TYPE(m.l1)++),
                  (pv_write(m.foreign, 1, entry), TYPE(m.l1)--));
    EXPECT_BROKEN(10, "marked as mapped by others",
                  m.leaf->count_info &= ~PGC_foreign,
                  m.leaf->count_info |= PGC_foreign);
}

TEST(audit_tables, i18_the_hypervisors_slots_are_its_own)
{
    unsigned int slot = HYPERVISOR_SLOT_FIRST + HYPERVISOR_SLOTS - 1;

    m = sound_machine();
    EXPECT_BROKEN(18, "the hypervisor's slot", pv_write(m.root, slot, PV_WRITE),
                  pv_write(m.root, slot, 0));
    EXPECT_BROKEN_BY(18, "the hypervisor's slot", hypervisor_slots[0], PV_READ);
}

/* With entries that lead to tables of their own level. */
TEST(audit_tables, i19_linear_entries_are_to_be_read_and_counted)
{
    struct page_info *from, *to;

    if (!CONFIG_LINEAR_TABLES)
        return;
    m = sound_machine();
    from = pv_page(m.d);
    to = pv_tree(m.d, 2, 2);
    sound_pin(to, 2);
    pv_write(from, 0, pv_entry(to, PV_READ));
    pv_write(from, 1, pv_entry(from, PV_READ));
    pv_write(from, 3, pv_entry(to, PV_READ));
    sound_pin(from, 2);
    EXPECT_EQ(audit(), 0);
    EXPECT_BROKEN_BY(19, "linear count", from->inuse_overlay.linear_pt_count,
                     1);
    EXPECT_BROKEN_BY(19, "linear count", to->inuse_overlay.linear_pt_count, -1);
    for (unsigned int slot = 0; slot < 2; slot++)
        EXPECT_BROKEN(10, "writable, of a table as a table of its level",
                      pv_write(from, slot, pv_read(from, slot) | PTE_WRITABLE),
                      pv_write(from, slot,
                               pv_read(from, slot) & ~(uint64_t)PTE_WRITABLE));

    /* That for itself is marked, and no other. */
    EXPECT_BROKEN(
        7, "flags",
        pv_write(from, 1, pv_read(from, 1) & ~(uint64_t)PTE_UNCOUNTED),
        pv_write(from, 1, pv_read(from, 1) | PTE_UNCOUNTED));
    EXPECT_BROKEN(
        7, "flags", pv_write(from, 0, pv_read(from, 0) | PTE_UNCOUNTED),
        pv_write(from, 0, pv_read(from, 0) & ~(uint64_t)PTE_UNCOUNTED));
}

TEST(audit_tables, i19_a_linear_count_is_that_of_linear_entries)
{
    m = sound_machine();
    EXPECT_BROKEN_BY(19, "linear count", m.l2->inuse_overlay.linear_pt_count,
                     1);
    EXPECT_BROKEN_BY(19, "linear count", m.l2->inuse_overlay.linear_pt_count,
                     -1);
    EXPECT_BROKEN_BY(19, "linear count", m.leaf->inuse_overlay.linear_pt_count,
                     1);
}
