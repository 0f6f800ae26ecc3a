/* SPDX-License-Identifier: MIT */
/* The machine-to-physical table: where it has memory, and what it keeps. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hosted.h>
#include <test.h>
#include <xen/bootmem.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/m2p.h>
#include <xen/page_alloc.h>

#include "../model/small_machine.h"

#define GROUP ((unsigned long)FRAMES_PER_GROUP)
#define GIB   (1UL << 18) /* of frames: what 2 MiB of the table describe */

/* Three groups in two GiB far from one another, and more of the first. */
static const struct ram ram[] = {
    { SUPERPAGE_FRAMES, 4 * SUPERPAGE_FRAMES },
    { 64 * GIB, 16 },
    { 64 * GIB + GROUP, 16 },
};

static void machine(void)
{
    small_machine(ram, ARRAY_SIZE(ram));
    heap_add(_mfn(ram[0].start), ram[0].nr);
}

/* The table costs the heap nothing. */
TEST(m2p, every_frame_that_is_valid_has_an_entry_and_begins_without_a_name)
{
    unsigned long free, allocated;

    machine();
    free = heap_nr_free();
    allocated = bootmem_nr_allocated();
    EXPECT_EQ(m2p_init(), 0);
    EXPECT_EQ(heap_nr_free(), free);
    EXPECT_EQ(bootmem_nr_allocated() - allocated, 2 * SUPERPAGE_FRAMES);
    frame_table_open(_mfn(ram[0].start));
    frame_table_open(_mfn(64 * GIB));
    frame_table_open(_mfn(64 * GIB + GROUP));
    for (unsigned long pdx = 0; pdx < nr_pdxs; pdx += 7) {
        mfn_t mfn = pdx_to_mfn(pdx);

        if (!mfn_valid(mfn))
            continue;
        EXPECT_EQ(m2p_get(mfn), M2P_INVALID);
        m2p_set(mfn, pdx ^ 0x5555);
    }
    for (unsigned long pdx = 0; pdx < nr_pdxs; pdx += 7)
        if (mfn_valid(pdx_to_mfn(pdx)))
            EXPECT_EQ(m2p_get(pdx_to_mfn(pdx)), pdx ^ 0x5555);
}

/* XSA-251: any number is a name like another. */
TEST(m2p, any_number_is_a_name)
{
    static const unsigned long names[] = { 0,    1,         ~0UL - 1,
                                           ~0UL, 1UL << 63, 1UL << 52 };

    machine();
    EXPECT_EQ(m2p_init(), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
        frame_table_open(_mfn(64 * GIB));
        m2p_set(_mfn(64 * GIB + 3), names[i]);
        EXPECT_EQ(m2p_get(_mfn(64 * GIB + 3)), names[i]);
        EXPECT_EQ(m2p_get(_mfn(64 * GIB + 2)), M2P_INVALID);
        EXPECT_EQ(m2p_get(_mfn(64 * GIB + 4)), M2P_INVALID);
    }
}

TEST(m2p, before_there_is_a_table_nobody_has_a_name)
{
    machine();
    frame_table_open(_mfn(64 * GIB));
    m2p_set(_mfn(64 * GIB), 5);
    EXPECT_EQ(m2p_get(_mfn(64 * GIB)), M2P_INVALID);
}

/* Each failure that there can be, one after the other. */
TEST(m2p, without_memory_there_is_no_table)
{
    mfn_t start;

    machine();
    frame_table_open(_mfn(64 * GIB));
    hosted_fail_map_after(0);
    EXPECT_EQ(m2p_init(), -ENOMEM);
    EXPECT_EQ(m2p_get(_mfn(64 * GIB)), M2P_INVALID);

    hosted_fail_map_after(~0U);
    EXPECT(bootmem_take_all(&start) > 0);
    EXPECT_EQ(m2p_init(), -ENOMEM);
    EXPECT_EQ(m2p_get(_mfn(64 * GIB)), M2P_INVALID);
}

/* Does asking for its name end the process? */
static bool faults(mfn_t mfn)
{
    int status = 0;

    if (test_fork() == 0) {
        signal(SIGSEGV, SIG_DFL);
        bitmap_set(valid_groups, mfn_to_pdx(mfn) / GROUP);
        (void)m2p_get(mfn);
        _exit(0);
    }
    wait(&status);

    return WIFSIGNALED(status);
}

/* Of a GiB with one group that is open all is there, whichever comes first. */
TEST(m2p, what_nobody_has_opened_is_not_touched)
{
    machine();
    frame_table_open(_mfn(ram[0].start));
    EXPECT_EQ(m2p_init(), 0);
    EXPECT(!faults(_mfn(ram[0].start)));
    EXPECT(!faults(_mfn(GIB - 1)));
    EXPECT(faults(_mfn(64 * GIB)));
    EXPECT(faults(_mfn(64 * GIB + GROUP)));
    frame_table_open(_mfn(64 * GIB + GROUP));
    EXPECT(!faults(_mfn(64 * GIB)));
    EXPECT(!faults(_mfn(65 * GIB - 1)));
}

TEST(m2p, a_second_group_of_a_gib_finds_the_names_of_the_first)
{
    machine();
    EXPECT_EQ(m2p_init(), 0);
    frame_table_open(_mfn(64 * GIB));
    m2p_set(_mfn(64 * GIB + 3), 77);
    frame_table_open(_mfn(64 * GIB + GROUP));
    EXPECT_EQ(m2p_get(_mfn(64 * GIB + 3)), 77);
}

/* A frame that a guest's part of the address space cannot have an entry for. */
TEST(m2p, a_frame_out_of_the_tables_reach_has_no_name)
{
    static const struct ram high[] = {
        { SUPERPAGE_FRAMES, 4 * SUPERPAGE_FRAMES },
        { (1UL << 35) - 16, 32 },
    };

    small_machine(high, 2);
    heap_add(_mfn(high[0].start), high[0].nr);
    EXPECT_EQ(m2p_init(), 0);
    frame_table_open(_mfn((1UL << 35) - 1));
    frame_table_open(_mfn(1UL << 35));
    m2p_set(_mfn((1UL << 35) - 1), 7);
    m2p_set(_mfn(1UL << 35), 8);
    EXPECT_EQ(m2p_get(_mfn((1UL << 35) - 1)), 7);
    EXPECT_EQ(m2p_get(_mfn(1UL << 35)), M2P_INVALID);
}
