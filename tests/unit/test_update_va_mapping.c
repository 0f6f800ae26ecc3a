/* SPDX-License-Identifier: MIT */
/* update_va_mapping: where an address leads, and what is forgotten of it. */
#include <hosted.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/page_type.h>
#include <xen/tlb.h>

#include "../model/pv_guest.h"

static struct domain *d, *other, *master;
static struct page_info *table[5], *leaf;

/* The slots that lead to each table, the way to the highest first. */
static const unsigned int way[4] = { PTES_PER_TABLE - 1, 0, 1, 3 };

static uintptr_t va_of(const unsigned int *slots)
{
    uintptr_t va = 0;

    for (unsigned int level = 4; level >= 1; level--)
        va |= (uintptr_t)slots[4 - level] << PTE_SHIFT(level);

    /* Canonical: the last bit that is translated, repeated. */
    return (uintptr_t)((intptr_t)(va << (64 - PTE_SHIFT(5))) >>
                       (64 - PTE_SHIFT(5)));
}

static void machine(void)
{
    pv_machine(3);
    d = pv_domain(1, 2);
    other = pv_domain(2, 1);
    master = pv_domain(3, 1);
    master->privileged = true;
    guest_run(&d->vcpu[0]);
    for (unsigned int level = 1; level <= 4; level++)
        table[level] = pv_page(d);
    leaf = pv_page(d);
    hypervisor_slots[0] = pv_entry(table[3], PV_TABLE);
    for (unsigned int level = 4; level > 1; level--)
        pv_write(table[level], way[4 - level],
                 pv_entry(table[level - 1], PV_TABLE));
    pv_write(table[1], way[3], pv_entry(leaf, PV_WRITE));
    EXPECT_EQ(guest_op(MMUEXT_NEW_BASEPTR, guest_mfn(table[4]), 0), 0);
}

static long update(uintptr_t va, uint64_t entry, unsigned long flags)
{
    return guest_call(__HYPERVISOR_update_va_mapping, va, entry, flags, 0);
}

TEST(update_va_mapping, the_entry_is_where_the_tables_say)
{
    struct page_info *a, *b;

    machine();
    a = pv_page(d);
    b = pv_page(d);
    EXPECT_EQ(update(va_of(way), pv_entry(a, PV_WRITE), UVMF_NONE), 0);
    EXPECT_EQ(pv_read(table[1], way[3]), pv_entry(a, PV_WRITE));
    EXPECT_EQ(pv_type_count(a), 1);
    EXPECT_EQ(pv_count(leaf), 1);
    EXPECT_EQ(
        update(va_of(way) + PAGE_SIZE - 1, pv_entry(b, PV_READ), UVMF_NONE), 0);
    EXPECT_EQ(pv_count(a), 1);
    EXPECT_EQ(pv_count(b), 2);
    EXPECT_EQ(update(va_of(way), 0, UVMF_NONE), 0);
    EXPECT_EQ(pv_count(b), 1);
    for (unsigned int level = 1; level <= 4; level++)
        EXPECT_EQ(pv_count(table[level]), level == 4 ? 2 : 2);
}

TEST(update_va_mapping, an_address_that_leads_nowhere)
{
    machine();
    for (unsigned int level = 4; level > 1; level--) {
        unsigned int slots[4] = { way[0], way[1], way[2], way[3] };

        slots[4 - level] = 2 + level; /* empty */
        EXPECT_EQ(update(va_of(slots), 0, UVMF_NONE), -EINVAL);
    }
    guest_run(&d->vcpu[1]); /* has no base pointer */
    EXPECT_EQ(update(va_of(way), 0, UVMF_NONE), -EINVAL);
}

/* XSA-279: an address that is none is found before it is used for anything. */
TEST(update_va_mapping, row_279_an_address_that_is_none)
{
    machine();
    EXPECT_EQ(update(1UL << (PTE_SHIFT(5) - 1), 0, UVMF_INVLPG), -EINVAL);
    EXPECT_EQ(update(1UL << 62, 0, UVMF_INVLPG), -EINVAL);
    EXPECT_EQ(update(va_of(way) ^ 1UL << 63, 0, UVMF_INVLPG), -EINVAL);
    for (unsigned int i = 0; i < HYPERVISOR_SLOTS; i++) {
        unsigned int slots[4] = { HYPERVISOR_SLOT_FIRST + i, way[1], way[2],
                                  way[3] };

        EXPECT_EQ(update(va_of(slots), 0, UVMF_INVLPG), -EINVAL);
    }
    EXPECT_EQ(pv_read(table[1], way[3]), pv_entry(leaf, PV_WRITE));
}

/* XSA-32, XSA-167: a table may change while it is read: what stands there may
 * be any number, and is looked at before it is an index. */
TEST(update_va_mapping, row_32_167_a_table_that_names_what_is_no_frame)
{
    static const uint64_t bad[] = { PTE_ADDRESS, 1UL << 51, 0,
                                    (PV_FIRST_FRAME - 1) << PAGE_SHIFT };

    machine();
    for (unsigned int level = 2; level <= 4; level++) {
        uint64_t good = pv_read(table[level], way[4 - level]);

        struct page_info *theirs = pv_page(other);

        /* It would lead on as the guest's own did. */
        for (unsigned int slot = 0; slot < PTES_PER_TABLE; slot++)
            pv_write(theirs, slot, pv_read(table[level - 1], slot));
        for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
            struct hypercall call = {
                __HYPERVISOR_update_va_mapping, { va_of(way), 0, 0 }, 0, false
            };

            pv_write(table[level], way[4 - level], bad[i] | PV_TABLE);
            hypercall(&call);
            EXPECT_EQ(call.result, -EINVAL);
            pv_write(table[level], way[4 - level], pv_entry(theirs, PV_TABLE));
            hypercall(&call);
            EXPECT_EQ(call.result, -EINVAL);
            pv_write(table[level], way[4 - level], good);
        }
    }
    EXPECT_EQ(update(va_of(way), 0, UVMF_NONE), 0);
}

TEST(update_va_mapping, an_entry_that_will_not_do_is_refused_as_elsewhere)
{
    machine();
    EXPECT_EQ(update(va_of(way), pv_entry(pv_page(other), PV_READ), 0), -EBUSY);
    EXPECT_EQ(update(va_of(way), pv_entry(table[3], PV_WRITE), 0), -EBUSY);
    EXPECT_EQ(update(va_of(way), pv_entry(leaf, PV_READ | PTE_UNCACHED), 0),
              -EINVAL);
    EXPECT_EQ(pv_read(table[1], way[3]), pv_entry(leaf, PV_WRITE));
}

static bool has_flushed(unsigned int cpu, uint32_t since)
{
    return tlb_cpu_flushed(cpu) > since;
}

TEST(update_va_mapping, flags_say_what_is_forgotten_and_by_whom)
{
    static const struct {
        unsigned long flags;
        uint64_t mask; /* if not 0 its address is among the flags */
        bool here, there;
    } row[] = {
        { UVMF_NONE, 0, false, false },
        { UVMF_NONE | UVMF_ALL, 0, false, false },
        { 3, 0, false, false },
        { UVMF_TLB_FLUSH | UVMF_LOCAL, 0, true, false },
        { UVMF_TLB_FLUSH | UVMF_ALL, 0, true, true },
        { UVMF_TLB_FLUSH | UVMF_MULTI, 1, true, false },
        { UVMF_TLB_FLUSH | UVMF_MULTI, 2, true, true },
        { UVMF_INVLPG | UVMF_LOCAL, 0, false, false },
        { UVMF_INVLPG | UVMF_ALL, 0, false, true },
        { UVMF_INVLPG | UVMF_MULTI, 2, false, true },
    };
    uint64_t *mask = guest_new(sizeof(*mask));

    machine();
    pv_run(1, &d->vcpu[1]);
    for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
        uint32_t before = tlb_clock_now();
        unsigned long flags = row[i].flags;

        *mask = row[i].mask;
        if (*mask)
            flags |= pv_address(mask);
        EXPECT_EQ(update(va_of(way), pv_entry(leaf, PV_WRITE), flags), 0);
        if (has_flushed(0, before) != row[i].here ||
            has_flushed(1, before) != row[i].there || has_flushed(2, before))
            test_fail(__FILE__, __LINE__, "row %u", i);
    }
}

/* XSA-279: no flush for an update that was not made. And if only the flush
 * cannot be made, that is told. */
TEST(update_va_mapping, a_flush_follows_an_update_and_nothing_else)
{
    uint32_t before;

    machine();
    before = tlb_clock_now();
    EXPECT_EQ(update(va_of(way), pv_entry(table[3], PV_WRITE),
                     UVMF_TLB_FLUSH | UVMF_ALL),
              -EBUSY);
    EXPECT(!has_flushed(0, before));
    EXPECT_EQ(update(va_of(way), 0, UVMF_TLB_FLUSH | 0x1000), -EFAULT);
    EXPECT_EQ(pv_read(table[1], way[3]), 0);
}

TEST(update_va_mapping, frames_of_others_by_who_may)
{
    struct page_info *theirs;
    uint64_t entry;

    machine();
    theirs = pv_page(other);
    entry = pv_entry(theirs, PV_WRITE);
    EXPECT_EQ(guest_call(__HYPERVISOR_update_va_mapping_otherdomain, va_of(way),
                         entry, 0, 2),
              -EPERM);
    EXPECT_EQ(guest_call(__HYPERVISOR_update_va_mapping_otherdomain, va_of(way),
                         entry, 0, DOMID_XEN),
              -EPERM);
    EXPECT_EQ(guest_call(__HYPERVISOR_update_va_mapping_otherdomain, va_of(way),
                         entry, 0, 9),
              -ESRCH);
    EXPECT_EQ(guest_call(__HYPERVISOR_update_va_mapping_otherdomain, va_of(way),
                         pv_entry(leaf, PV_READ), 0, FD_SELF),
              0);
    EXPECT_EQ(guest_call(__HYPERVISOR_update_va_mapping_otherdomain, va_of(way),
                         entry, 0, DOMID_IO),
              -EBUSY);
    d->privileged = true;
    EXPECT_EQ(guest_call(__HYPERVISOR_update_va_mapping_otherdomain, va_of(way),
                         entry, 0, 2),
              0);
    EXPECT_EQ(pv_count(theirs), 2);
    EXPECT_EQ(update(va_of(way), 0, 0), 0);
    EXPECT_EQ(pv_count(theirs), 1);
}
