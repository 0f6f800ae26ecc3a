/* SPDX-License-Identifier: MIT */
/* mmu_update: whose tables, whose frames, and flags by every route. */
#include <hosted.h>
#include <test.h>
#include <xen/domheap.h>
#include <xen/errno.h>
#include <xen/page_type.h>

#include "../model/pv_guest.h"

/* A frame of a device, of which the frame table knows nothing. */
#define DEVICE 0x100000UL

static struct domain *d, *other, *master;
static struct page_info *table[5], *leaf;

static void machine(void)
{
    struct page_info *pg;

    pv_machine(2);
    d = pv_domain(1, 1);
    other = pv_domain(2, 1);
    master = pv_domain(3, 1);
    master->privileged = true;
    guest_run(&d->vcpu[0]);
    pg = pv_tree(d, 4, 1);
    EXPECT_EQ(guest_op(MMUEXT_NEW_BASEPTR, guest_mfn(pg), 0), 0);
    for (unsigned int level = 4; level >= 1; level--) {
        table[level] = pg;
        pg = pv_walk(pg, (unsigned int[]){ 0 }, 1);
    }
    leaf = pg;
}

static long update_as(struct vcpu *v, unsigned long fd,
                      const struct page_info *pg, unsigned int slot,
                      uint64_t entry)
{
    if (current_vcpu() != v)
        guest_run(v);

    return guest_mmu_update(&(struct mmu_update){ guest_slot(pg, slot), entry },
                            1, fd);
}

TEST(mmu_update_rules, who_may_name_whom)
{
    struct vcpu *own, *strong;
    struct page_info *theirs;

    machine();
    own = &d->vcpu[0];
    strong = &master->vcpu[0];
    theirs = pv_page(other);
    EXPECT_EQ(update_as(own, 9, table[1], 3, 0), -ESRCH);
    EXPECT_EQ(update_as(own, DOMID_INVALID, table[1], 3, 0), -ESRCH);
    EXPECT_EQ(update_as(own, FD_TABLES(9, DOMID_SELF), table[1], 3, 0), -ESRCH);
    EXPECT_EQ(update_as(own, 2, table[1], 3, 0), -EPERM);
    EXPECT_EQ(update_as(own, DOMID_XEN, table[1], 3, 0), -EPERM);
    EXPECT_EQ(update_as(own, FD_TABLES(2, DOMID_SELF), table[1], 3, 0), -EPERM);
    EXPECT_EQ(update_as(own, 1, table[1], 3, 0), 0);
    EXPECT_EQ(update_as(own, DOMID_IO, table[1], 3, 0), 0);

    EXPECT_EQ(update_as(strong, FD_SELF, table[1], 3, 0), -EINVAL);
    EXPECT_EQ(update_as(strong, FD_TABLES(1, 1), table[1], 3,
                        pv_entry(leaf, PV_READ)),
              0);
    EXPECT_EQ(pv_count(leaf), 3);
    /* A privileged one does not make others so. */
    EXPECT(update_as(strong, FD_TABLES(1, 2), table[1], 4,
                     pv_entry(theirs, PV_READ)) == -EPERM);
    EXPECT_EQ(pv_count(theirs), 1);
    EXPECT_EQ(update_as(strong, FD_TABLES(1, DOMID_SELF), table[1], 4, 0), 0);
}

/* XSA-109: no tables of who has none. XSA-232: frames that are the system's. */
TEST(mmu_update_rules, row_109_232_those_who_never_run_have_no_tables)
{
    struct page_info *pg;

    machine();
    pg = pv_page(d);
    EXPECT_EQ(
        update_as(&master->vcpu[0], FD_TABLES(DOMID_IO, DOMID_SELF), pg, 0, 0),
        -ESRCH);
    EXPECT_EQ(
        update_as(&master->vcpu[0], FD_TABLES(DOMID_XEN, DOMID_SELF), pg, 0, 0),
        -ESRCH);
    EXPECT_EQ(guest_mmuext(&(struct mmuext_op){ .cmd = MMUEXT_CLEAR_PAGE,
                                                .arg1.mfn = guest_mfn(pg) },
                           1, DOMID_IO),
              -EINVAL);
}

/* XSA-148, XSA-154: each flag that a table above level 1 may not have, new with
 * the entry or added to it, with and without a frame that changes. */
TEST(mmu_update_rules, row_148_154_flags_that_are_refused_by_every_route)
{
    static const uint64_t bad[] = { PTE_LARGE, PTE_THROUGH, PTE_UNCACHED,
                                    PTE_GLOBAL };

    machine();
    for (unsigned int level = 2; level <= 4; level++) {
        uint64_t old = pv_read(table[level], 0);

        for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
            for (unsigned int command = 0; command <= 3; command++) {
                if (command == MMU_MACHPHYS_UPDATE)
                    continue;
                EXPECT_EQ(guest_update(guest_slot(table[level], 0) | command,
                                       old | bad[i]),
                          -EINVAL);
                EXPECT_EQ(guest_update(guest_slot(table[level], 1) | command,
                                       old | bad[i]),
                          -EINVAL);
            }
        }
        EXPECT_EQ(pv_read(table[level], 0), old);
        EXPECT_EQ(pv_read(table[level], 1), 0);
    }
    /* RAM is cached in one way alone. */
    for (unsigned int i = 0; i < 3; i++)
        EXPECT_EQ(guest_update(guest_slot(table[1], 0),
                               pv_entry(leaf, PV_READ | bad[i])),
                  -EINVAL);
}

TEST(mmu_update_rules, a_device_is_mapped_uncached_by_who_may)
{
    struct page_info *pg;

    pv_machine(1);
    d = pv_domain(1, 1);
    other = pv_domain(2, 1);
    EXPECT_EQ(domain_permit_device(d, _mfn(DEVICE), 2), 0);
    guest_run(&d->vcpu[0]);
    pg = pv_tree(d, 1, 1);
    EXPECT_EQ(guest_op(MMUEXT_PIN_L1_TABLE, guest_mfn(pg), 0), 0);
    EXPECT_EQ(update_as(&d->vcpu[0], DOMID_IO, pg, 5,
                        DEVICE << PAGE_SHIFT | PV_WRITE),
              0);
    EXPECT((pv_read(pg, 5) & PTE_UNCACHED) != 0);
    EXPECT((pv_read(pg, 5) & PTE_UNCOUNTED) != 0);
    EXPECT_EQ(update_as(&d->vcpu[0], DOMID_IO, pg, 6,
                        (DEVICE + 2) << PAGE_SHIFT | PV_WRITE),
              -EPERM);
    EXPECT_EQ(guest_op(MMUEXT_FLUSH_CACHE, 0, 0), 0);
    EXPECT_EQ(guest_op(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), 0);
}

/* XSA-182: what looks like a change of flags must not make a table writable. */
/* It owns a reference that one could take; but that is not a permission. */
TEST(mmu_update_rules, a_device_that_has_a_page_is_mapped_as_one_too)
{
    static const unsigned long whose[] = { DOMID_SELF, DOMID_IO };
    mfn_t mfn = _mfn(PV_SPARE_FRAME + PV_NR_SPARE + 1);
    uint64_t entry = mfn_to_maddr(mfn) | PV_WRITE;

    machine();
    EXPECT_EQ(domain_permit_device(master, mfn, 1), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(whose); i++)
        EXPECT_EQ(update_as(&d->vcpu[0], whose[i], table[1], 3, entry), -EPERM);
    EXPECT_EQ(domain_permit_device(d, mfn, 1), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(whose); i++) {
        EXPECT_EQ(update_as(&d->vcpu[0], whose[i], table[1], 3, entry), 0);
        EXPECT(pv_read(table[1], 3) & PTE_UNCACHED);
        EXPECT_EQ(pv_count(mfn_to_page(mfn)), 1);
        EXPECT_EQ(update_as(&d->vcpu[0], DOMID_SELF, table[1], 3, 0), 0);
    }
    EXPECT_EQ(
        update_as(&d->vcpu[0], DOMID_IO, table[1], 3, pv_entry(leaf, PV_READ)),
        -EBUSY);
}

TEST(mmu_update_rules, row_182_no_table_becomes_writable)
{
    machine();
    for (unsigned int level = 1; level <= 4; level++) {
        /* A leaf that leads to a table: to be read, if at all. */
        EXPECT_EQ(guest_update(guest_slot(table[1], 8),
                               pv_entry(table[level], PV_READ)),
                  0);
        EXPECT_EQ(guest_update(guest_slot(table[1], 8),
                               pv_entry(table[level], PV_WRITE)),
                  -EBUSY);
        EXPECT_EQ(
            guest_update(guest_slot(table[1], 8) | MMU_PT_UPDATE_PRESERVE_AD,
                         pv_entry(table[level], PV_WRITE)),
            -EBUSY);
        EXPECT_EQ(guest_update(guest_slot(table[1], 8), 0), 0);
    }
    /* A table within itself, with the right to write it. */
    for (unsigned int level = 2; level <= 4; level++) {
        if (CONFIG_LINEAR_TABLES)
            EXPECT_EQ(guest_update(guest_slot(table[level], 9),
                                   pv_entry(table[level], PV_READ)),
                      0);
        EXPECT(guest_update(guest_slot(table[level], 9),
                            pv_entry(table[level], PV_TABLE)) < 0);
    }
}

TEST(mmu_update_rules, the_hypervisors_slots_are_not_a_guests)
{
    machine();
    for (unsigned int i = 0; i < HYPERVISOR_SLOTS; i++) {
        unsigned int slot = HYPERVISOR_SLOT_FIRST + i;

        EXPECT_EQ(guest_update(guest_slot(table[4], slot), 0), -EINVAL);
        EXPECT_EQ(guest_update(guest_slot(table[4], slot),
                               pv_entry(table[3], PV_TABLE)),
                  -EINVAL);
    }
}

/* XSA-37: whatever the reason, it comes back as it is, and nothing is left. */
TEST(mmu_update_rules, row_37_every_error_of_an_entry_reaches_the_guest)
{
    static const struct {
        uint64_t entry;
        int error;
    } row[] = {
        { ~0UL << 12 | PTE_PRESENT, -EINVAL },      /* no such device */
        { DEVICE << PAGE_SHIFT | PV_READ, -EPERM }, /* not the guest's */
    };
    unsigned long free;

    machine();
    free = d->nr_pages;
    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
        EXPECT_EQ(guest_update(guest_slot(table[1], 3), row[i].entry & ~PTE_NX),
                  row[i].error);
        EXPECT_EQ(guest_done, 0);
    }
    EXPECT_EQ(guest_update(guest_slot(table[1], 3),
                           pv_entry(pv_page(other), PV_READ)),
              -EBUSY);
    EXPECT_EQ(guest_update(guest_slot(table[2], 3), pv_entry(leaf, PV_TABLE)),
              -EINVAL);
    EXPECT_EQ(d->nr_pages, free);
}
