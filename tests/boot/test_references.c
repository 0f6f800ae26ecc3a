/* SPDX-License-Identifier: MIT */
/*
 * What a guest can reach, tried on the machine: its tables are loaded, and what
 * must not be there faults.
 */
#include <test.h>

#include <cpu/image.h>
#include <cpu/paging.h>
#include <cpu/registers.h>
#include <xen/audit.h>
#include <xen/errno.h>
#include <xen/hypercall.h>
#include <xen/m2p.h>
#include <xen/machine.h>
#include <xen/page_alloc.h>
#include <xen/page_type.h>
#include <xen/smp.h>

#include "frame_pool.h"
#include "small_guest.h"

#define FLUSH_HERE (UVMF_INVLPG | UVMF_LOCAL)

static struct small_guest guest;
static unsigned int slot; /* of the window: for the test */

static bool open_guest(void)
{
    if (!guest_build(&guest, 1, 1))
        return false;
    slot = guest_first_slot(&guest);
    if (guest_enter(&guest, 0))
        return true;
    guest_destroy(&guest);

    return false;
}

/* No count remains; that all memory is back, all self-tests are asked. */
static void close_guest(void)
{
    EXPECT_EQ(audit(), 0);
    guest_leave();
    guest_destroy(&guest);
    EXPECT_EQ(audit(), 0);
}

static bool can_read(const void *va)
{
    uint8_t byte;

    return machine_probe_read(va, &byte);
}

static bool can_write(void *va)
{
    return machine_probe_write(va, 0x5a);
}

TEST(references, a_guest_uses_its_frames_at_the_addresses_that_it_gives_them)
{
    struct page_info *pg;

    REQUIRE(open_guest());
    pg = guest_page(&guest);
    EXPECT(!can_read(guest_at(slot)));

    EXPECT_EQ(guest_map(slot, guest_entry(pg, GUEST_WRITE), FLUSH_HERE), 0);
    EXPECT(machine_probe_write(guest_at(slot) + 7, 'x'));
    EXPECT_EQ(frame_bytes(pg)[7], 'x');

    EXPECT_EQ(guest_map(slot, guest_entry(pg, GUEST_READ), FLUSH_HERE), 0);
    EXPECT(can_read(guest_at(slot)));
    EXPECT(!can_write(guest_at(slot)));

    EXPECT_EQ(guest_map(slot, 0, FLUSH_HERE), 0);
    EXPECT(!can_read(guest_at(slot)));
    close_guest();
    EXPECT(!can_read(guest_at(0)));
}

TEST(references, no_table_is_written_but_by_hypercalls)
{
    REQUIRE(open_guest());
    for (unsigned int level = 1; level <= PAGETABLE_LEVELS; level++) {
        struct page_info *table = guest.table[level];

        EXPECT(guest_map(slot, guest_entry(table, GUEST_WRITE), FLUSH_HERE) <
               0);
        EXPECT(!can_read(guest_at(slot)));
        EXPECT_EQ(guest_map(slot, guest_entry(table, GUEST_READ), FLUSH_HERE),
                  0);
        EXPECT(can_read(guest_at(slot)));
        EXPECT(!can_write(guest_at(slot)));
        EXPECT_EQ(guest_map(slot, 0, FLUSH_HERE), 0);
    }
    close_guest();
}

TEST(references, a_frame_in_use_as_a_table_is_refused_as_writable_and_reversed)
{
    struct page_info *pg;

    REQUIRE(open_guest());
    pg = guest_page(&guest);
    EXPECT_EQ(guest_map(slot, guest_entry(pg, GUEST_WRITE), FLUSH_HERE), 0);
    EXPECT(guest_mmuext(MMUEXT_PIN_L1_TABLE, pg, DOMID_SELF) < 0);
    EXPECT(can_write(guest_at(slot)));

    EXPECT_EQ(guest_map(slot, 0, FLUSH_HERE), 0);
    *(uint64_t *)frame_bytes(pg) = 0;
    EXPECT_EQ(guest_mmuext(MMUEXT_PIN_L1_TABLE, pg, DOMID_SELF), 0);
    EXPECT_EQ(page_type(pg), PGT_l1_page_table);
    EXPECT(guest_map(slot, guest_entry(pg, GUEST_WRITE), FLUSH_HERE) < 0);
    EXPECT(!can_read(guest_at(slot)));

    EXPECT_EQ(guest_mmuext(MMUEXT_UNPIN_TABLE, pg, DOMID_SELF), 0);
    EXPECT_EQ(guest_map(slot, guest_entry(pg, GUEST_WRITE), FLUSH_HERE), 0);
    EXPECT(can_write(guest_at(slot)));
    close_guest();
}

/* Neither way of mapping it may succeed. */
static bool is_refused(unsigned long mfn)
{
    uint64_t address = mfn_to_maddr(_mfn(mfn));

    return guest_map(slot, address | GUEST_WRITE, UVMF_NONE) < 0 &&
           guest_map(slot, address | GUEST_READ, UVMF_NONE) < 0;
}

static bool is_own(unsigned long mfn)
{
    const struct page_info *pg;

    if (!mfn_valid(_mfn(mfn)))
        return false;
    pg = mfn_to_page(_mfn(mfn));

    return pg->count_info & PGC_count_mask &&
           pg->inuse_overlay.owner == guest.domain->tag;
}

/* Odd, so that it meets frames of all kinds. */
#define NR_FRAMES_TRIED 4096UL

TEST(references, of_all_frames_a_guest_reaches_its_own_alone)
{
    unsigned long last = mfn_x(pdx_to_mfn(nr_pdxs - 1));
    unsigned long step = (last / NR_FRAMES_TRIED) | 1, nr_wrong = 0;
    const uintptr_t image = image_maddr(image_start) >> PAGE_SHIFT;

    REQUIRE(open_guest());
    for (unsigned long mfn = 0; mfn <= last; mfn += step)
        nr_wrong += !is_own(mfn) && !is_refused(mfn);
    for (unsigned long mfn = image; mfn < image_maddr(image_end) >> PAGE_SHIFT;
         mfn++)
        nr_wrong += !is_refused(mfn);
    nr_wrong += !is_refused(paging_root() >> PAGE_SHIFT);
    nr_wrong += !is_refused(PTE_ADDRESS >> PAGE_SHIFT);
    EXPECT_EQ(nr_wrong, 0);
    EXPECT(!can_read(guest_at(slot)));
    close_guest();
}

static const unsigned long *m2p_of_guests(const struct page_info *pg)
{
    return (const unsigned long *)GUESTS_M2P + mfn_x(page_to_mfn(pg));
}

static long name_frame(const struct page_info *pg, unsigned long gfn)
{
    struct mmu_update *update = (struct mmu_update *)guest_at(0);

    update->ptr = mfn_to_maddr(page_to_mfn(pg)) | MMU_MACHPHYS_UPDATE;
    update->val = gfn;

    return guest_call(__HYPERVISOR_mmu_update, (uintptr_t)update, 1, 0,
                      DOMID_SELF);
}

TEST(references, a_guest_reads_the_m2p_where_it_expects_it_and_cannot_write_it)
{
    struct page_info *pg;

    REQUIRE(open_guest());
    pg = guest_page(&guest);
    EXPECT_EQ(*m2p_of_guests(pg), M2P_INVALID);
    EXPECT_EQ(name_frame(pg, 0x1234), 0);
    EXPECT_EQ(*m2p_of_guests(pg), 0x1234);
    EXPECT_EQ(m2p_get(page_to_mfn(pg)), 0x1234);
    EXPECT(!can_write((void *)(uintptr_t)m2p_of_guests(pg)));
    EXPECT_EQ(*m2p_of_guests(mfn_to_page(_mfn(0x200))), M2P_INVALID);
    EXPECT(name_frame(mfn_to_page(_mfn(0x200)), 1) < 0);
    close_guest();
}

/* Where no argument may lie. */
static const uint64_t bad_addresses[] = {
    0,
    PAGE_SIZE - 1,
    0x00007ffffffffff8, /* the second half of it is not canonical */
    0x0000800000000000, /* nor is this */
    GUESTS_M2P,         /* guests can read it, but it is ours */
    DIRECT_MAP,         /* */
    HYPERVISOR_END - 8, /* */
    0xffffffffffffffff, /* and this wraps */
};

TEST(references, arguments_that_a_guest_cannot_read_itself_are_a_fault_of_its)
{
    REQUIRE(open_guest());
    for (unsigned int i = 0; i < ARRAY_SIZE(bad_addresses); i++) {
        EXPECT_EQ(guest_call(__HYPERVISOR_mmu_update, bad_addresses[i], 1, 0,
                             DOMID_SELF),
                  (unsigned long)-EFAULT);
        EXPECT_EQ(guest_call(__HYPERVISOR_mmuext_op, bad_addresses[i], 1, 0,
                             DOMID_SELF),
                  (unsigned long)-EFAULT);
    }
    /* The page behind the arguments' is empty. */
    EXPECT_EQ(guest_call(__HYPERVISOR_mmu_update, (uintptr_t)guest_at(slot) - 8,
                         1, 0, DOMID_SELF),
              (unsigned long)-EFAULT);
    close_guest();
}

/* How many were done is told where the guest says: but not if it is only read
 * there. */
TEST(references, a_result_is_not_written_where_a_guest_cannot_write)
{
    struct page_info *pg;
    struct mmuext_op *op = (struct mmuext_op *)guest_at(0);

    REQUIRE(open_guest());
    pg = guest_page(&guest);
    EXPECT_EQ(guest_map(slot, guest_entry(pg, GUEST_READ), FLUSH_HERE), 0);
    op->cmd = MMUEXT_TLB_FLUSH_LOCAL;
    EXPECT_EQ(guest_call(__HYPERVISOR_mmuext_op, (uintptr_t)op, 1,
                         (uintptr_t)guest_at(slot), DOMID_SELF),
              (unsigned long)-EFAULT);
    EXPECT_EQ(*(uint32_t *)frame_bytes(pg), 0);

    EXPECT_EQ(guest_map(slot, guest_entry(pg, GUEST_WRITE), FLUSH_HERE), 0);
    EXPECT_EQ(guest_call(__HYPERVISOR_mmuext_op, (uintptr_t)op, 1,
                         (uintptr_t)guest_at(slot), DOMID_SELF),
              0);
    EXPECT_EQ(*(uint32_t *)frame_bytes(pg), 1);
    close_guest();
}

/* The same tables, but for the one of level 4. */
TEST(references, a_new_base_pointer_is_what_the_cpu_translates_by)
{
    unsigned int index = PTE_INDEX(GUEST_WINDOW, 4);
    struct page_info *other;

    REQUIRE(open_guest());
    other = guest_page(&guest);
    ((uint64_t *)frame_bytes(other))[index] =
        guest_entry(guest.table[3], GUEST_TABLE);
    ((uint64_t *)frame_bytes(other))[index + 1] =
        guest_entry(guest.table[3], GUEST_TABLE);
    EXPECT(!can_read(guest_at(0) + BIT(PTE_SHIFT(4))));

    EXPECT_EQ(guest_mmuext(MMUEXT_NEW_BASEPTR, other, DOMID_SELF), 0);
    EXPECT_EQ(read_cr3(), mfn_to_maddr(page_to_mfn(other)));
    EXPECT(can_read(guest_at(0) + BIT(PTE_SHIFT(4))));

    EXPECT_EQ(guest_mmu_update(other, index + 1, 0), 0);
    EXPECT_EQ(guest_mmuext(MMUEXT_NEW_BASEPTR, guest.table[4], DOMID_SELF), 0);
    EXPECT(!can_read(guest_at(0) + BIT(PTE_SHIFT(4))));
    close_guest();
}
