/* SPDX-License-Identifier: MIT */
/* The memory under the frame table is near to the frames it describes. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hosted.h>
#include <xen/printk.h>
#include <xen/srat.h>

#include "frame_table_boot.h"

#define SUPERPAGES_PER_GROUP (GROUP_TABLE_SIZE / SUPERPAGE_SIZE)

static struct srat srat;

/* What the table was put on: the frame under each superpage of it. */
static mfn_t under[64 * SUPERPAGES_PER_GROUP];

/* By the log: each time memory was taken, and then put under a part of it. */
static void read_log(void)
{
    static const char taken[] = "bootmem: ", put[] = "frame table: ";
    const char *at = hosted_console();

    while ((at = strstr(at, taken)) != NULL) {
        unsigned long nr = strtoul(at + sizeof(taken) - 1, NULL, 0), mfn, i;

        mfn = strtoul(strstr(at, "at ") + 3, NULL, 16) >> PAGE_SHIFT;
        at = strstr(at, put);
        i = strtoul(strstr(at, "at ") + 3, NULL, 16);
        i = (i - (uintptr_t)frame_table) / SUPERPAGE_SIZE;
        for (; nr > 0; nr -= SUPERPAGE_FRAMES, mfn += SUPERPAGE_FRAMES)
            under[i++] = _mfn(mfn);
    }
}

/* Is all that describes the groups from @first on in [@start, @end)? */
static void expect_under(unsigned long first, unsigned long nr,
                         unsigned long start, unsigned long end)
{
    for (unsigned long i = first * SUPERPAGES_PER_GROUP;
         i < (first + nr) * SUPERPAGES_PER_GROUP; i++)
        EXPECT(mfn_x(under[i]) >= start &&
               mfn_x(under[i]) + SUPERPAGE_FRAMES <= end);
}

/* The groups from @first on are of @domain. */
static void add(unsigned long first, unsigned long nr, uint32_t domain)
{
    srat_add_memory(&srat, first * GROUP * PAGE_SIZE, nr * GROUP * PAGE_SIZE,
                    domain, false);
}

static void boot_with_homes(const struct ram *ram, unsigned int nr)
{
    frame_table_set_homes(&srat);
    console_set_level(LOG_DEBUG);
    EXPECT_EQ(boot(map_of(ram, nr)), 0);
    read_log();
}

TEST(frame_table_homes, entries_are_where_their_frames_are)
{
    static const struct ram ram[] = { { 0, 3 * GROUP },
                                      { 4 * GROUP + 77, 4 * GROUP } };

    srat_begin(&srat);
    add(0, 2, 3);
    add(2, 4, 1);
    add(6, 2, 3);
    add(8, 1, 2);
    boot_with_homes(ram, 2);
    expect_under(0, 2, 6 * GROUP, 8 * GROUP);
    expect_under(2, 1, 2 * GROUP, 6 * GROUP);
    expect_under(4, 2, 2 * GROUP, 6 * GROUP);
    expect_under(6, 2, 6 * GROUP, 8 * GROUP);
    /* The last 77 frames cannot hold their own. */
    expect_under(8, 1, 0, 8 * GROUP);
}

TEST(frame_table_homes, where_nothing_is_to_be_had_they_are_elsewhere)
{
    static const struct ram ram[] = { { 0, 4 * GROUP } };

    srat_begin(&srat);
    add(0, 2, 0);
    add(2, 2, 1);
    EXPECT_EQ(bootmem_reserve(2 * GROUP * PAGE_SIZE,
                              4 * GROUP * PAGE_SIZE - GROUP_TABLE_SIZE,
                              "others"),
              0);
    boot_with_homes(ram, 1);
    expect_under(0, 2, 0, 2 * GROUP);
    expect_under(2, 1, 2 * GROUP, 4 * GROUP);
    expect_under(3, 1, 0, 2 * GROUP);
}

TEST(frame_table_homes, one_domain_or_a_refused_table_changes_nothing)
{
    static const struct ram ram[] = { { 0, 4 * GROUP } };

    srat_begin(&srat);
    add(0, 3, 0);
    add(2, 2, 1);
    EXPECT(srat.refused);
    boot_with_homes(ram, 1);
    expect_under(0, 4, 3 * GROUP, 4 * GROUP);
}

/* In a child, as what is taken cannot be given back: a number, or 99 for none.
 */
static unsigned int taken(unsigned long nr, unsigned long align,
                          unsigned long from, unsigned long to)
{
    /* From the byte behind the frame before. */
    paddr_t start = from ? from * PAGE_SIZE - PAGE_SIZE + 1 : 0;
    int status = 0;

    if (test_fork() == 0) {
        mfn_t mfn;

        bootmem_add(3 * PAGE_SIZE, 10 * PAGE_SIZE);
        mfn = bootmem_alloc_in(nr, align, start, to * PAGE_SIZE, "x");
        _exit(mfn_eq(mfn, INVALID_MFN) ? 99 : (int)mfn_x(mfn));
    }
    wait(&status);

    return (unsigned int)WEXITSTATUS(status);
}

TEST(frame_table_homes, memory_can_be_had_between_two_addresses)
{
    for (unsigned long from = 0; from < 12; from++) {
        for (unsigned long to = 0; to < 12; to++) {
            for (unsigned long nr = 1; nr < 4; nr += 2) {
                unsigned long align = nr == 1 ? 1 : 4, want = 99;

                for (unsigned long at = 3; at + nr <= 10; at++)
                    if (at % align == 0 && at >= from && at + nr <= to)
                        want = at;
                EXPECT_EQ(taken(nr, align, from, to), want);
            }
        }
    }
}
