/* SPDX-License-Identifier: MIT */
/* What may stand in a page table, and what its entries hold. */
#include <hosted.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/page_ref.h>
#include <xen/page_type.h>

#include "../model/pv_machine.h"

#define FULL_TREE 2U /* entries a table */

static struct domain *d, *other;

static void two_domains(void)
{
    pv_machine(1);
    d = pv_domain(1, 1);
    other = pv_domain(2, 1);
}

static struct page_holder read_only(struct page_info *pg)
{
    EXPECT(get_page(pg, domain_of_page(pg)));
    return (struct page_holder){ pg, HOLD_READ_ONLY };
}

static void expect_idle(struct page_info *pg)
{
    EXPECT_EQ(pv_count(pg), 1);
    EXPECT_EQ(pv_type_count(pg), 0);
    EXPECT(!(pg->inuse_overlay.type_info & (PGT_flags & ~PGT_validated)));
}

/* All of a tree is held once by what is above it. */
static void expect_tree_held(struct page_info *pg, unsigned int level)
{
    EXPECT_EQ(pv_count(pg), 2);
    EXPECT_EQ(pg->inuse_overlay.type_info,
              (level ? type_of_level(level) : PGT_writable_page) |
                  PGT_validated | 1);
    for (unsigned int n = 0; level > 0 && n < FULL_TREE; n++)
        expect_tree_held(pv_walk(pg, &(unsigned int){ pv_slot(level, n) }, 1),
                         level - 1);
}

static void expect_tree_idle(struct page_info *pg, unsigned int level)
{
    expect_idle(pg);
    for (unsigned int n = 0; level > 0 && n < FULL_TREE; n++)
        expect_tree_idle(pv_walk(pg, &(unsigned int){ pv_slot(level, n) }, 1),
                         level - 1);
}

TEST(page_table, a_tree_holds_all_that_it_leads_to_and_lets_it_go)
{
    two_domains();
    for (unsigned int level = 1; level <= 4; level++) {
        struct page_info *root = pv_tree(d, level, FULL_TREE);
        struct page_holder h = read_only(root);

        EXPECT_EQ(get_page_table(&h, level), 0);
        EXPECT_EQ(h.hold, HOLD_FULL);
        expect_tree_held(root, level);
        EXPECT_EQ(put_holder(&h), 0);
        EXPECT_EQ(h.hold, HOLD_NONE);
        expect_tree_idle(root, level);
    }
}

/* Try to use @pg as a table; what it returns, with all put again. */
static int try_table(struct page_info *pg, unsigned int level)
{
    struct page_holder h = read_only(pg);
    int rc = get_page_table(&h, level);

    EXPECT_EQ(put_holder(&h), 0);
    expect_idle(pg);

    return rc;
}

/* What comes of a table of @level with @entry in slot @slot alone? */
static int try_entry(unsigned int level, unsigned int slot, uint64_t entry)
{
    struct page_info *table = pv_page(d);

    pv_write(table, slot, entry);

    return try_table(table, level);
}

TEST(page_table, flags_are_allowed_by_the_level)
{
    static const struct {
        uint64_t flag;
        int leaf, table;
    } rules[] = {
        { PTE_WRITABLE, 0, 0 },
        { PTE_USER, 0, 0 },
        { PTE_ACCESSED, 0, 0 },
        { PTE_DIRTY, 0, 0 },
        { PTE_NX, 0, 0 },
        { PTE_AVAILABLE, 0, 0 },
        { PTE_GLOBAL, 0, -EINVAL },
        { PTE_THROUGH, -EINVAL, -EINVAL },
        { PTE_UNCACHED, -EINVAL, -EINVAL },
        { PTE_LARGE, -EINVAL, -EINVAL },
    };

    two_domains();
    for (unsigned int level = 1; level <= 4; level++) {
        struct page_info *child = pv_page(d);

        for (unsigned int i = 0; i < ARRAY_SIZE(rules); i++) {
            uint64_t flags = PTE_PRESENT | rules[i].flag;

            EXPECT_EQ(try_entry(level, 0, pv_entry(child, flags)),
                      level == 1 ? rules[i].leaf : rules[i].table);
            expect_idle(child);
            /* What is not present is nobody's business. */
            EXPECT_EQ(try_entry(level, 0, pv_entry(child, rules[i].flag)), 0);
        }
    }
}

TEST(page_table, an_entry_is_made_what_a_guest_of_ring_3_needs)
{
    struct page_info *table, *leaf;
    struct page_holder h;

    two_domains();
    table = pv_page(d);
    leaf = pv_page(d);
    pv_write(table, 1,
             pv_entry(leaf, PTE_PRESENT | PTE_GLOBAL | PTE_UNCOUNTED));
    h = read_only(table);
    EXPECT_EQ(get_page_table(&h, 1), 0);
    EXPECT_EQ(pv_read(table, 1), pv_entry(leaf, PTE_PRESENT | PTE_USER));
    EXPECT_EQ(pv_count(leaf), 2); /* its own bit did not hide it */
    EXPECT_EQ(put_holder(&h), 0);
}

/* XSA-32 and 167, 248: numbers of no frame, and of frames of nobody's. */
TEST(page_table, frames_that_are_not_the_owners_are_refused)
{
    static const uint64_t frames[] = {
        0,                                /* in use, and nobody's */
        PV_SPARE_FRAME + PV_NR_SPARE - 1, /* free */
        1UL << 30,                        /* beyond the frame table */
        (1UL << 40) - 2, /* the highest but one that there is a number for */
    };
    struct page_info *table;

    two_domains();
    table = pv_page(d);
    for (unsigned int level = 1; level <= 4; level++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++) {
            int rc = try_entry(level, 0, frames[i] << PAGE_SHIFT | PV_WRITE);

            if (level > 1)
                EXPECT_EQ(rc, -EINVAL);
            else
                EXPECT(rc == -EBUSY || rc == -EPERM);
        }
        EXPECT_EQ(try_entry(level, 0, pv_entry(pv_page(other), PV_READ)),
                  level > 1 ? -EINVAL : -EBUSY);
    }
    EXPECT_EQ(try_entry(1, 0, PTE_ADDRESS | PV_READ), -EINVAL);
    expect_idle(table);
}

TEST(page_table, a_table_names_tables_of_the_level_below_and_no_other)
{
    two_domains();
    for (unsigned int level = 2; level <= 4; level++) {
        for (unsigned int below = 1; below <= 4; below++) {
            struct page_info *child = pv_tree(d, below, 1);
            struct page_holder h = read_only(child);

            EXPECT_EQ(get_page_table(&h, below), 0);
            EXPECT_EQ(try_entry(level, 0, pv_entry(child, PV_TABLE)),
                      below == level - 1 ? 0 : -EINVAL);
            EXPECT_EQ(put_holder(&h), 0);
            expect_idle(child);
        }
    }
}

TEST(page_table, a_table_that_names_itself_is_refused)
{
    two_domains();
    for (unsigned int level = 1; level <= 4; level++) {
        struct page_info *table = pv_page(d);

        pv_write(table, 1, pv_entry(table, PV_WRITE));
        EXPECT_EQ(try_table(table, level), level > 1 ? -EINVAL : -EBUSY);
    }
}

TEST(page_table, a_table_is_mapped_read_only_or_not_at_all)
{
    struct page_info *table, *mapper;
    struct page_holder h, m;

    two_domains();
    table = pv_tree(d, 1, 1);
    mapper = pv_page(d);
    h = read_only(table);
    EXPECT_EQ(get_page_table(&h, 1), 0);
    pv_write(mapper, 0, pv_entry(table, PV_WRITE));
    EXPECT_EQ(try_table(mapper, 1), -EBUSY);
    pv_write(mapper, 0, pv_entry(table, PV_READ));
    m = read_only(mapper);
    EXPECT_EQ(get_page_table(&m, 1), 0);
    EXPECT_EQ(pv_count(table), 3);
    EXPECT_EQ(pv_type_count(table), 1);
    EXPECT_EQ(put_holder(&h), 0);
    EXPECT_EQ(put_holder(&m), 0);

    /* And what is mapped writable is no table. */
    pv_write(mapper, 0, pv_entry(table, PV_WRITE));
    m = read_only(mapper);
    EXPECT_EQ(get_page_table(&m, 1), 0);
    h = read_only(table);
    EXPECT_EQ(get_page_table(&h, 1), -EINVAL);
    EXPECT_EQ(put_holder(&h), 0);
    EXPECT_EQ(put_holder(&m), 0);
    expect_idle(table);
}

/* XSA-58: whatever is held when it fails, the holder says so. */
TEST(page_table, an_error_leaves_nothing_that_the_holder_does_not_name)
{
    two_domains();
    for (unsigned int level = 1; level <= 4; level++) {
        unsigned int last = PTES_PER_TABLE - 1;
        struct page_info *good, *table = pv_page(d);
        struct page_holder h;

        good = level > 1 ? pv_tree(d, level - 1, FULL_TREE) : pv_page(d);
        pv_write(table, 0, pv_entry(good, PV_TABLE));
        pv_write(table, last, pv_entry(pv_page(other), PV_READ));
        h = read_only(table);
        EXPECT_EQ(get_page_table(&h, level), level > 1 ? -EINVAL : -EBUSY);
        EXPECT_EQ(h.hold, HOLD_HALF);
        EXPECT_EQ(table->inuse_overlay.type_info,
                  type_of_level(level) | PGT_partial | 1);
        EXPECT_EQ(pv_count(table), 3); /* its own, partial's, the holder's */
        EXPECT_EQ(pv_count(good), 2);
        EXPECT_EQ(put_holder(&h), 0);
        expect_idle(table);
        expect_tree_idle(good, level - 1);
    }
}

/* The same far below: each table on the way is half a holder of the next. */
TEST(page_table, an_error_far_below_is_undone_from_above)
{
    static const unsigned int path[] = { PTES_PER_TABLE - 1, 1, 1 };
    struct page_info *root, *l1;
    struct page_holder h;

    two_domains();
    root = pv_tree(d, 4, FULL_TREE);
    l1 = pv_walk(root, (unsigned int[]){ pv_slot(4, 1), 1, 1 }, 3);
    pv_write(l1, path[0], pv_entry(pv_page(other), PV_READ));
    h = read_only(root);
    EXPECT_EQ(get_page_table(&h, 4), -EBUSY);
    EXPECT_EQ(h.hold, HOLD_HALF);
    EXPECT_EQ(root->inuse_overlay.partial_pte, 1);
    EXPECT_EQ(root->inuse_overlay.nr_validated_ptes, pv_slot(4, 1));
    EXPECT_EQ(put_holder(&h), 0);
    expect_tree_idle(root, 4);
}

/* XSA-64, and I18: a guest's idea of the hypervisor's slots does not count. */
TEST(page_table, the_hypervisors_slots_are_its_own)
{
    struct page_info *root;
    struct page_holder h;

    two_domains();
    hypervisor_slots[0] = 0x1234000 | PTE_PRESENT;
    root = pv_tree(d, 4, 1);
    pv_write(root, HYPERVISOR_SLOT_FIRST, pv_entry(root, PV_WRITE | PTE_LARGE));
    h = read_only(root);
    EXPECT_EQ(get_page_table(&h, 4), 0);
    EXPECT_EQ(pv_read(root, HYPERVISOR_SLOT_FIRST), hypervisor_slots[0]);
    EXPECT_EQ(put_holder(&h), 0);
    expect_idle(root);
}

/* Devices begin where no frame table is. */
#define DEVICE_FRAME (1UL << 30)

TEST(page_table, a_devices_frame_is_mapped_uncached_and_not_counted)
{
    uint64_t at = DEVICE_FRAME << PAGE_SHIFT;
    struct page_info *table;
    struct page_holder h;

    two_domains();
    EXPECT_EQ(domain_permit_device(d, _mfn(DEVICE_FRAME), 2), 0);
    table = pv_page(d);
    pv_write(table, 0, at | PV_WRITE);
    pv_write(table, 1, at | PAGE_SIZE | PV_WRITE | PTE_UNCACHED);
    h = read_only(table);
    EXPECT_EQ(get_page_table(&h, 1), 0);
    EXPECT_EQ(pv_read(table, 0),
              at | PV_WRITE | PTE_UNCOUNTED | PTE_UNCACHED | PTE_THROUGH);
    EXPECT_EQ(pv_read(table, 1),
              at | PAGE_SIZE | PV_WRITE | PTE_UNCOUNTED | PTE_UNCACHED);
    EXPECT_EQ(put_holder(&h), 0);
    expect_idle(table);

    EXPECT_EQ(try_entry(1, 0, (at + 2 * PAGE_SIZE) | PV_READ), -EPERM);
    /* RAM is cached, whoever asks. */
    EXPECT_EQ(try_entry(1, 0, pv_entry(pv_page(d), PV_READ | PTE_UNCACHED)),
              -EINVAL);
}

static unsigned int nr_checks;

static bool now_and_then(void)
{
    return nr_checks++ % 3 == 2;
}

/* XSA-45: each call does something, so that asking again comes to an end. */
TEST(page_table, what_is_interrupted_all_the_time_comes_to_an_end)
{
    struct page_info *root;
    struct page_holder h;
    unsigned int calls = 0;
    int rc;

    two_domains();
    root = pv_tree(d, 4, FULL_TREE);
    h = read_only(root);
    hosted_yield(now_and_then);
    while ((rc = get_page_table(&h, 4)) == -ERESTART || rc == -EINTR)
        EXPECT_EQ(h.hold, HOLD_READ_ONLY);
    EXPECT_EQ(rc, 0);
    hosted_yield(NULL);
    expect_tree_held(root, 4);
    hosted_yield(now_and_then);
    for (; put_holder(&h) != 0; calls++)
        EXPECT(h.hold == HOLD_FULL || h.hold == HOLD_HALF);
    EXPECT(calls > 0);
    hosted_yield(NULL);
    expect_tree_idle(root, 4);
}
