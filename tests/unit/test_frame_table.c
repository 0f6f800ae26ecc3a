/* SPDX-License-Identifier: MIT */
/* The frame table: what has a place, what it costs, and where it ends. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hosted.h>
#include <test.h>
#include <xen/bootmem.h>
#include <xen/errno.h>
#include <xen/frame_table.h>

#include "../model/apart.h"
#include "faults.h"
#include "frame_table_boot.h"

#define SUPERPAGES_PER_GROUP (GROUP_TABLE_SIZE / SUPERPAGE_SIZE)

TEST(frame_table, places_go_by_the_group)
{
    static const struct ram ram[] = { { 0, 3 * GROUP + 1 } };

    small_machine(ram, 1);
    EXPECT_EQ(nr_pdxs, 4 * GROUP);
    EXPECT_EQ(frame_table_size(), 4 * GROUP_TABLE_SIZE);
    EXPECT(mfn_has_place(_mfn(0)));
    EXPECT(mfn_has_place(_mfn(3 * GROUP)));
    EXPECT(mfn_has_place(_mfn(4 * GROUP - 1)));
    EXPECT(!mfn_has_place(_mfn(4 * GROUP)));
    EXPECT(!mfn_has_place(_mfn(BIT(32))));
    EXPECT(!mfn_has_place(_mfn(BIT(40) - 1)));
    EXPECT(!mfn_has_place(_mfn(BIT(52))));
    EXPECT(!mfn_has_place(INVALID_MFN));
    EXPECT_EQ(frame_table_check(small_machine_map(ram, 1)), 0);
}

TEST(frame_table, there_and_back_is_the_same_frame)
{
    static const struct ram ram[] = { { 0, 5 * GROUP } };

    small_machine(ram, 1);
    open_all();
    EXPECT(mfn_to_page(_mfn(0)) == frame_table);
    for (unsigned long f = 0; f < 5 * GROUP; f += 7) {
        EXPECT_EQ(mfn_x(page_to_mfn(mfn_to_page(_mfn(f)))), f);
        EXPECT(pdx_to_page(page_to_pdx(mfn_to_page(_mfn(f)))) ==
               mfn_to_page(_mfn(f)));
    }
    if (CONFIG_DEBUG)
        EXPECT_BUG(mfn_to_page(_mfn(5 * GROUP)));
}

TEST(frame_table, holes_cost_nothing_and_touching_one_faults)
{
    static const struct ram ram[] = { { 0, 2 * GROUP + 5 },
                                      { 5 * GROUP - 1, 2 } };

    small_machine(ram, 2);
    open_all();
    EXPECT_EQ(frame_table_size(), 5 * GROUP_TABLE_SIZE);
    EXPECT(mfn_has_place(_mfn(3 * GROUP - 1)));
    EXPECT(!mfn_has_place(_mfn(3 * GROUP)));
    EXPECT(!mfn_has_place(_mfn(4 * GROUP - 1)));
    EXPECT(mfn_has_place(_mfn(4 * GROUP)));
    EXPECT(!faults(pdx_to_page(3 * GROUP - 1)));
    EXPECT(faults(pdx_to_page(3 * GROUP)));
    EXPECT(faults(pdx_to_page(4 * GROUP - 1)));
    EXPECT(!faults(pdx_to_page(4 * GROUP)));
    EXPECT(!faults(pdx_to_page(6 * GROUP - 1)));
    EXPECT(faults(pdx_to_page(6 * GROUP)));
    EXPECT_EQ(frame_table_check(small_machine_map(ram, 2)), 0);
}

TEST(frame_table, ram_that_moved_to_1_tib_costs_what_it_costs_below)
{
    static const struct ram ram[] = { { 0, FRAMES(2 * GIB) },
                                      { FRAMES(TIB), FRAMES(GIB) } };

    small_machine(ram, 2);
    EXPECT_EQ(frame_table_size(), FRAMES(3 * GIB) * PAGE_INFO_SIZE);
    EXPECT_EQ(nr_pdxs, FRAMES(5 * GIB));
    EXPECT(mfn_has_place(_mfn(FRAMES(TIB))));
    EXPECT(!mfn_has_place(_mfn(FRAMES(TIB) - 1)));
    EXPECT(!mfn_has_place(_mfn(FRAMES(TIB + GIB))));
    EXPECT_EQ(frame_table_check(small_machine_map(ram, 2)), 0);
}

TEST(frame_table, without_compression_1_tib_is_a_sparse_table)
{
    static const struct ram ram[] = { { 0, FRAMES(2 * GIB) },
                                      { FRAMES(TIB), FRAMES(GIB) } };

    pdx_enable(false);
    small_machine(ram, 2);
    EXPECT_EQ(frame_table_size(), FRAMES(3 * GIB) * PAGE_INFO_SIZE);
    EXPECT_EQ(nr_pdxs, FRAMES(TIB + GIB));
    EXPECT(faults(pdx_to_page(FRAMES(TIB) - 1)));
    EXPECT_EQ(frame_table_check(small_machine_map(ram, 2)), 0);
}

TEST(frame_table, a_tiny_machine_has_room_for_it)
{
    static const struct ram ram[] = { { 0, FRAMES(640UL << 10) },
                                      { FRAMES(MIB), FRAMES(31 * MIB) } };

    EXPECT_EQ(bootmem_reserve(2 * MIB, 4 * MIB - 4096, "image"), 0);
    EXPECT_EQ(bootmem_reserve(31 * MIB + 4096, 32 * MIB - 1, "module"), 0);
    EXPECT_EQ(boot(map_of(ram, 2)), 0);
    EXPECT_EQ(frame_table_size(), GROUP_TABLE_SIZE);
    EXPECT_STR(bootmem_owner(_mfn(FRAMES(28 * MIB))), "frame table");
    EXPECT(bootmem_owner(_mfn(FRAMES(30 * MIB))) == NULL);
    EXPECT_EQ(bootmem_nr_allocated(), FRAMES(GROUP_TABLE_SIZE));
    EXPECT_EQ(frame_table_check(&map_copy), 0);
}

TEST(frame_table, memory_in_one_piece_is_mapped_in_one)
{
    static const struct ram ram[] = { { 0, 16 * GROUP } };

    hosted_fail_map_after(1);
    EXPECT_EQ(boot(map_of(ram, 1)), 0);
    EXPECT_EQ(frame_table_check(&map_copy), 0);
}

/* Every other superpage is taken: each group's share comes by itself. */
TEST(frame_table, single_superpages_will_do)
{
    static const struct ram ram[] = { { 0, 4 * GROUP } };

    for (paddr_t a = 0; a < 4 * GROUP * PAGE_SIZE; a += 2 * SUPERPAGE_SIZE)
        EXPECT_EQ(bootmem_reserve(a, a + 1, "in the way"), 0);
    EXPECT_EQ(boot(map_of(ram, 1)), 0);
    EXPECT_EQ(bootmem_nr_allocated(),
              4 * SUPERPAGES_PER_GROUP * SUPERPAGE_FRAMES);
    EXPECT_EQ(frame_table_check(&map_copy), 0);
}

TEST(frame_table, without_a_free_superpage_there_is_none)
{
    static const struct ram ram[] = { { 1, FRAMES(64 * MIB) } };

    for (paddr_t a = 0; a < 66 * MIB; a += SUPERPAGE_SIZE)
        EXPECT_EQ(bootmem_reserve(a + MIB, a + MIB + 1, "in the way"), 0);
    EXPECT_EQ(boot(map_of(ram, 1)), -ENOMEM);
    EXPECT(strstr(hosted_console(), "no memory; wanted") != NULL);
}

TEST(frame_table, without_page_tables_there_is_none)
{
    static const struct ram ram[] = { { 0, FRAMES(64 * MIB) } };

    hosted_fail_map_after(0);
    EXPECT_EQ(boot(map_of(ram, 1)), -ENOMEM);
    EXPECT(strstr(hosted_console(), "no page tables") != NULL);
}

TEST(frame_table, without_ram_there_is_none)
{
    EXPECT_EQ(boot(map_of(NULL, 0)), -EINVAL);
}

/* RAM at the end of the table's reach, without compression. */
static const unsigned long reach = FRAME_TABLE_REACH;

static void boot_at_reach(unsigned long start, unsigned long nr, int expected)
{
    const struct ram ram[] = { { 0, GROUP }, { start, nr } };

    pdx_enable(false);
    EXPECT_EQ(boot(map_of(ram, 2)), expected);
    EXPECT(nr_pdxs <= reach);
    EXPECT_EQ(frame_table_check(&map_copy), 0);
}

TEST(frame_table, ram_that_ends_within_reach_is_used)
{
    boot_at_reach(reach - 2 * GROUP, 2 * GROUP, 0);
    EXPECT(mfn_has_place(_mfn(reach - 1)));
    EXPECT(!mfn_has_place(_mfn(reach)));
    EXPECT_EQ(memory_map_size(&map_copy, MEMORY_UNUSABLE), 0);
    EXPECT(strstr(hosted_console(), "out of reach") == NULL);
}

TEST(frame_table, ram_across_the_reach_is_cut)
{
    boot_at_reach(reach - GROUP, GROUP + LITTLE + 1, 0);
    EXPECT(mfn_has_place(_mfn(reach - 1)));
    EXPECT(!mfn_has_place(_mfn(reach)));
    EXPECT_EQ(given_up(), LITTLE + 1);
    EXPECT(bootmem_owner(_mfn(reach)) != NULL);
    EXPECT(bootmem_owner(_mfn(reach + LITTLE)) != NULL);
    EXPECT_EQ(bootmem_nr_free() + bootmem_nr_allocated(), 2 * GROUP - 1);
    EXPECT(strstr(hosted_console(), "out of reach") != NULL);
}

TEST(frame_table, ram_beyond_the_reach_is_left_out)
{
    boot_at_reach(reach + 5, 2000, 0);
    EXPECT_EQ(nr_pdxs, GROUP);
    EXPECT_EQ(memory_map_ram_end(&map_copy), GROUP * PAGE_SIZE);
    EXPECT_EQ(bootmem_nr_free() + bootmem_nr_allocated(), GROUP - 1);
}

TEST(frame_table, with_all_ram_beyond_the_reach_there_is_none)
{
    const struct ram ram[] = { { reach, 4 * GROUP } };

    pdx_enable(false);
    EXPECT_EQ(boot(map_of(ram, 1)), -EINVAL);
}

TEST(frame_table, compression_brings_such_ram_into_reach)
{
    const struct ram ram[] = { { 0, GROUP }, { 4 * reach, 4 * GROUP } };

    EXPECT_EQ(boot(map_of(ram, 2)), 0);
    EXPECT(mfn_has_place(_mfn(4 * reach)));
    EXPECT_EQ(frame_table_size(), 5 * GROUP_TABLE_SIZE);
    EXPECT_EQ(frame_table_check(&map_copy), 0);
}

TEST(frame_table, no_frame_has_the_index_that_means_none)
{
    boot_at_reach(reach - GROUP, 3 * GROUP, 0);
    EXPECT(nr_pdxs <= PAGE_LINK_NONE);
    EXPECT(!mfn_has_place(_mfn(PAGE_LINK_NONE)));
    EXPECT(!mfn_has_place(_mfn(UINT32_MAX - (CONFIG_BIGMEM ? reach : 0))));
}

/* The check itself: does it see what is wrong? */
static const struct ram checked[] = { { 16, 2 * GROUP - 32 },
                                      { 4 * GROUP + 3, GROUP } };

static int check(void)
{
    return frame_table_check(small_machine_map(checked, 2));
}

TEST(frame_table, the_check_sees_ram_without_an_entry)
{
    static const struct ram more[] = { { 16, 5 * GROUP } };

    small_machine(checked, 2);
    EXPECT_EQ(check(), 0);
    EXPECT_EQ(frame_table_check(small_machine_map(more, 1)), 2);
    ram_groups[0] &= ~BIT(1);
    EXPECT_EQ(check(), 2);
}

TEST(frame_table, the_check_sees_a_group_too_many)
{
    static const struct ram less[] = { { 16, 2 * GROUP - 32 } };

    small_machine(checked, 2);
    nr_pdxs -= GROUP;
    EXPECT_EQ(frame_table_check(small_machine_map(less, 1)), 3);
}

TEST(frame_table, the_check_sees_that_somebody_got_what_is_not_ram)
{
    static const unsigned long not_ram[] = {
        0, 15, 2 * GROUP - 16, 2 * GROUP - 1, 4 * GROUP, 5 * GROUP + 3,
    };

    small_machine(checked, 2);
    open_all();
    for (unsigned int i = 0; i < ARRAY_SIZE(not_ram); i++) {
        pdx_to_page(not_ram[i])->count_info = 1;
        EXPECT_EQ(check(), 4);
        pdx_to_page(not_ram[i])->count_info = 0;
    }
    pdx_to_page(16)->count_info = 1;
    pdx_to_page(5 * GROUP)->count_info = 1;
    EXPECT_EQ(check(), 0);
}

TEST(frame_table, the_check_sees_a_translation_that_is_none)
{
    small_machine(checked, 2);
    open_all();
    pdx_compression.form = PDX_MASK; /* it loses bits that are in use */
    pdx_compression.shift = 4;
    pdx_compression.hole_bits = 1;
    EXPECT(check() != 0);
}

/* Ragged RAM anywhere: what shares a group with RAM has a place. */
static void random_table(void)
{
    struct ram ram[6];
    unsigned int nr = 1 + (unsigned int)(test_random() % 6);
    unsigned long start = 0;

    for (unsigned int i = 0; i < nr; i++) {
        start += test_random() % (3 * GROUP) +
                 test_random() % 5 / 4 * (test_random() % BIT(30));
        ram[i] = (struct ram){ start, 1 + test_random() % (2 * GROUP) };
        start += ram[i].nr + 1;
    }
    small_machine(ram, nr);
    EXPECT_EQ(frame_table_check(small_machine_map(ram, nr)), 0);
    open_all();
    EXPECT_EQ(frame_table_check(small_machine_map(ram, nr)), 0);

    for (unsigned int round = 0; round < 1000; round++) {
        unsigned long f = ram[test_random() % nr].start +
                          test_random() % (8 * GROUP) - 4 * GROUP;
        bool expected = false;

        for (unsigned int i = 0; i < nr; i++)
            expected |= ram[i].start / GROUP <= f / GROUP &&
                        f / GROUP <= (ram[i].start + ram[i].nr - 1) / GROUP;
        EXPECT_EQ(mfn_has_place(_mfn(f)), expected);
    }
}

TEST(frame_table, random_maps_agree_with_the_definition)
{
    run_apart(random_table, 200);
}
