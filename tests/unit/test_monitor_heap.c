/* SPDX-License-Identifier: MIT */
/* What the monitor tells of the heap, at a glance. */
#include <xen/frame_table.h>
#include <xen/numa.h>
#include <xen/offline.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>
#include <xen/scrub.h>

#include "../model/fake_nodes.h"
#include "../model/small_machine.h"
#include "../model/some_cpus.h"
#include "monitor_answer.h"

#define NR BIT(17)

/* Two nodes of half a GiB, a CPU each, and @nr CPUs in all. */
static void machine(unsigned int nr)
{
    const struct ram ram[] = { { NR, 2 * NR } };
    const struct fake_node node[] = { { NR, NR, 0 }, { 2 * NR, NR, 1 } };

    small_machine(ram, 1);
    fake_nodes(small_machine_map(ram, 1), node, 2);
    srat_add_cpu(fake_srat(), 1, 1);
    numa_set_cpu(1, 1);
    heap_add(_mfn(NR), 2 * NR);
    some_cpus(nr);
}

static unsigned int nr_lines(const char *text)
{
    unsigned int nr = 0;

    for (; *text; text++)
        nr += *text == '\n';

    return nr;
}

static bool is_short_enough(const char *text)
{
    size_t longest = 0;

    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
        if ((size_t)(end - text) > longest)
            longest = (size_t)(end - text);

    return longest <= 100;
}

TEST(monitor_heap, a_fresh_heap_is_large_blocks)
{
    machine(2);
    answer("heap");
    expect_part("\n   17     512 MiB            0            2            0"
                "       1 GiB       0.0%\n");
    expect_part("\n   0    512 MiB        0 B        0 B        0 B        0 B"
                "    512 MiB     0.0%\n");
    expect_part("\n  all                      0 B        1 GiB          0 B"
                "       1 GiB\n");
    expect_part("\n   0        256          0       0      0      0      0  ");
    expect_part("\nfree    262144 of 262144 frames (1 GiB of 1 GiB)\n");
    expect_part("\nclaimed 0 frames (0 B); available to all: 1 GiB\n");
    expect_part("; idle CPUs scrubbed 0\n");
    expect_part("\ncheck   every invariant holds\n");
    scrub_set_mode(SCRUB_OFF);
    answer("heap");
    expect_part("; idle CPUs scrubbed 0; scrub=off\n");
}

/* Each second frame is out: nothing is of use to who wants more than one. */
TEST(monitor_heap, a_node_that_is_broken_up_is_called_so)
{
    static struct page_info *pg[NR];

    machine(2);
    for (unsigned long i = 0; i < NR; i++)
        pg[i] = alloc_heap_pages(0, HEAP_NO_LIMIT,
                                 HEAP_NO_SCRUB | HEAP_EXACT_NODE | HEAP_NODE(1),
                                 NULL);
    heap_drain();
    answer("heap");
    expect_part("  full\n");
    for (unsigned long i = 0; i < NR; i++)
        if (mfn_x(page_to_mfn(pg[i])) & 1)
            free_heap_pages(pg[i], 0, TLB_NO_DEBT);
    heap_drain();
    answer("heap");
    expect_part("\n   1    256 MiB        0 B        0 B        0 B        0 B"
                "      4 KiB   100.0%  broken up\n");
    expect_part("\n   1          0          0     256      0      0  ");
}

TEST(monitor_heap, what_cpus_have_is_shown_by_cpu)
{
    struct page_info *pg;

    machine(2);
    AS_CPU(1, pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL));
    REQUIRE(pg != NULL);
    answer("heap");
    expect_part("\n   1     1      0     63        0        0        0        0"
                "  0x");
    AS_CPU(1, heap_leave());
    answer("heap");
    EXPECT(strstr(hosted_console(), "\n   1     1  ") == NULL);
}

/* As much as there can be to say: all orders, and more CPUs than are shown. */
TEST(monitor_heap, all_fits_on_a_screen)
{
    machine(12);
    for (unsigned int order = 0; order < 17; order++)
        EXPECT(alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL));
    for (unsigned int cpu = 0; cpu < 12; cpu++)
        AS_CPU(cpu,
               EXPECT(alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL)));
    answer("heap");
    expect_part("\n   4     0  ");
    EXPECT(strstr(hosted_console(), "\n   5     0  ") == NULL);
    expect_part("\nand 7 more\n");
    EXPECT(nr_lines(hosted_console()) <= 40 - 3); /* orders above 17 */
    EXPECT(is_short_enough(hosted_console()));
}

TEST(monitor_heap, a_broken_heap_is_called_so)
{
    struct page_info *pg;

    machine(1);
    pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    free_heap_pages(pg, 0, TLB_NO_DEBT);
    pg->count_info = 5;
    answer("heap");
    expect_part("\ncheck   breaks H6\n");
}

TEST(monitor_heap, nodes_are_shown_whatever_is_logged)
{
    machine(2);
    console_set_level(LOG_ERROR);
    answer("nodes");
    expect_part("node 0 (domain 0): 512 MiB");
    expect_part("node 1 (domain 1): 512 MiB");
    expect_part("CPUs 1");
    EXPECT_EQ(console_level(), LOG_ERROR);
}

TEST(monitor_heap, one_node_is_one_line)
{
    const struct ram ram[] = { { NR, NR } };

    small_machine_heap(ram, 1);
    EXPECT_STR(answer("nodes"), "nodes   one, with all memory and all CPUs\n");
}

TEST(monitor_heap, leaks_are_told_if_they_are_known)
{
    machine(1);
    answer("leaks x");
    expect_part("usage: leaks");
    answer("leaks mark");
    expect_part("leaks   are from now on");
    EXPECT(alloc_heap_pages(3, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL) != NULL);
    answer("leaks");
    expect_part(CONFIG_PAGE_OWNER ? "         8      3  "
                                  : "built without PAGE_OWNER");
}

/* One in the heap, one in use, and one of the other node. */
TEST(monitor_heap, frames_that_are_out_are_listed)
{
    struct page_info *pg;
    char line[64];

    machine(2);
    answer("offline");
    EXPECT_STR(hosted_console(), "offline 0 frames; 0 in use are to follow\n");
    pg = alloc_heap_pages(0, HEAP_NO_LIMIT,
                          HEAP_NO_SCRUB | HEAP_EXACT_NODE | HEAP_NODE(0), NULL);
    EXPECT_EQ(offline_page(page_to_mfn(pg), false), OFFLINE_PENDING);
    EXPECT_EQ(offline_page(_mfn(NR + 5), false), OFFLINE_DONE);
    EXPECT_EQ(offline_page(_mfn(2 * NR + 7), true), OFFLINE_DONE);
    answer("offline");
    expect_part("    0x40007000  node 1, offline, broken\n");
    snprintf(line, sizeof(line), "\n%#14lx  node 0, in use, offline when given",
             mfn_to_maddr(page_to_mfn(pg)));
    expect_part(line);
    expect_part("\n    0x20005000  node 0, offline\n");
    expect_part("\noffline 2 frames; 1 in use are to follow\n");
    for (unsigned int i = 0; i < 20; i++)
        EXPECT_EQ(offline_page(_mfn(NR + 100 + i), false), OFFLINE_DONE);
    answer("offline");
    expect_part("\nand 7 more\n");
    EXPECT_EQ(nr_lines(hosted_console()), 18);
}
