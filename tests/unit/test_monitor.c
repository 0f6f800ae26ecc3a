/* SPDX-License-Identifier: MIT */
/* What the monitor answers, command by command. */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/bootmem.h>
#include <xen/frame_table.h>
#include <xen/machine.h>
#include <xen/monitor.h>
#include <xen/page_alloc.h>
#include <xen/printk.h>
#include <xen/smp.h>

static struct e820_map raw;
static struct monitor_view view;

/* 64 MiB, of which the first MiB has a hole and 2 MiB are the image's. */
static void boot(void)
{
    e820_add(&raw, 0, 0xa0000, E820_RAM);
    e820_add(&raw, 0xf0000, 0x10000, E820_RESERVED);
    e820_add(&raw, 0x100000, 0x3f00000, E820_RAM);
    EXPECT_EQ(bootmem_reserve(0x200000, 0x400000, "the image"), 0);
    view.raw = &raw;
    view.map = hosted_boot(&raw);
    hosted_arena_init();
    hosted_console_clear();
}

/* What @line makes the monitor say. */
static const char *answer(const char *line)
{
    char copy[128];

    hosted_console_clear();
    snprintf(copy, sizeof(copy), "%s", line);
    monitor_command(&view, copy);

    return hosted_console();
}

static void expect_part(const char *line, const char *got, const char *part)
{
    if (!strstr(got, part))
        test_fail(__FILE__, __LINE__, "'%s': no \"%s\" in: %s", line, part,
                  got);
}

static void expect_answer(const char *line, const char *part)
{
    expect_part(line, answer(line), part);
}

TEST(monitor, help_lists_every_command)
{
    static const char *const name[] = {
        "help", "map",      "heap",    "page",  "alloc",  "free",     "cpus",
        "tlb",  "selftest", "domains", "audit", "reboot", "poweroff", "hotadd"
    };

    for (unsigned int i = 0; i < sizeof(name) / sizeof(name[0]); i++)
        expect_answer("help", name[i]);
}

TEST(monitor, nothing_can_be_plugged_into_a_process)
{
    boot();
    expect_answer("hotadd", "no memory can be plugged");
    expect_answer("hotadd now", "usage: hotadd");
}

TEST(monitor, map_shows_the_map_and_who_reserved_what)
{
    boot();
    expect_answer("map", "the image");
    expect_answer("map", memory_kind_name(MEMORY_RESERVED));
}

TEST(monitor, map_answers_when_little_is_logged)
{
    boot();
    console_set_level(LOG_ERROR);
    expect_answer("map", "the image");
    expect_answer("map", "memory map as found: 3 rows");
    expect_answer("map", memory_kind_name(MEMORY_RESERVED));
}

TEST(monitor, map_shows_every_row)
{
    const char *got;

    for (uint64_t i = 0; i < E820_MAX_ENTRIES; i++)
        e820_add(&raw, i << 24, 1 << 22, E820_RAM);
    view.raw = &raw;
    view.map = hosted_boot(&raw);
    hosted_arena_init();
    got = answer("map");
    for (uint64_t i = 0; i < E820_MAX_ENTRIES; i++) {
        char range[64];

        snprintf(range, sizeof(range), " %016lx  %016lx ", i << 24,
                 (i << 24) + (1 << 22) - 1);
        expect_part("map", got, range);
    }
    EXPECT(strstr(hosted_console(), " more") == NULL);
}

TEST(monitor, heap_shows_the_sum_and_the_verdict)
{
    char expected[64];

    boot();
    snprintf(expected, sizeof(expected), "free    %lu of %lu frames",
             heap_nr_free(), heap_nr_free());
    expect_answer("heap", expected);
    expect_answer("heap", "check   every invariant holds");
}

TEST(monitor, cpus_shows_a_line_for_each)
{
    boot();
    expect_answer("cpus", "   0  runs ");
    smp_set_nr_cpus(2);
    expect_answer("cpus", "   1  ");
}

TEST(monitor, page_tells_what_kind_of_frame_it_is)
{
    boot();
    expect_answer("page 0x1000000", "free, in the block of order");
    expect_answer("page mfn 0x1000", "address 0x1000000");
    expect_answer("page mfn 0x1001", "says nothing: the block is free");
    expect_answer("page 16M", "mfn 0x1000,");
    expect_answer("page 0x200fff", "kept    for the image");
    expect_answer("page 0x200000", "heap    not free");
    expect_answer("page 0xf0000", memory_kind_name(MEMORY_RESERVED));
    expect_answer("page 64G", "entry   none in the frame table");
    expect_answer("page 64G", "nothing is known");
}

/* Of a chunk that is taken apart; the frame itself is at hand. */
TEST(monitor, page_of_a_free_frame_shows_the_free_overlay)
{
    struct page_info *pg;
    char line[64];

    boot();
    pg = alloc_heap_pages(4, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(pg != NULL);
    free_heap_pages(pg + 3, 0, TLB_NO_DEBT);
    for (unsigned int i = 3; i < 17; i += 13) {
        snprintf(line, sizeof(line), "page mfn %#lx",
                 mfn_x(page_to_mfn(pg)) + i);
        expect_answer(line, "free: taint 0, timestamp 0");
        expect_answer(line, "free, in the block of order");
    }
}

TEST(monitor, a_block_can_be_taken_and_given_back_by_hand)
{
    unsigned long nr_free;
    unsigned long address;
    char line[64];

    boot();
    nr_free = heap_nr_free();
    REQUIRE(sscanf(answer("alloc 3"), "block   of order 3 at %lx", &address) ==
            1);
    EXPECT_EQ(heap_nr_free(), nr_free - 8);
    snprintf(line, sizeof(line), "page %#lx", address);
    expect_answer(line, "in use: count 0");

    snprintf(line, sizeof(line), "free %#lx 3", address);
    expect_answer(line, "freed   order 3");
    EXPECT_EQ(heap_nr_free(), nr_free);
    expect_answer(line, "not a block of order 3 that is out");
    expect_answer("alloc 0 4K", "block   none");
    EXPECT_EQ(heap_nr_free(), nr_free);
}

TEST(monitor, no_slip_of_a_typist_stops_the_machine_or_loses_memory)
{
    static const char *const line[] = {
        "free 0 0",
        "free 0x200000 0",
        "free 0xf0000 0",
        "free 64G 3",
        "free 0x1001000 1",
        "free 0x1000000 20",
        "free 1Q 0",
        "free 0x1000000 21",
        "free 0x1000000 x",
        "alloc x",
        "alloc 21",
        "alloc 99999999999999999999",
        "alloc 0 x",
        "page x",
        "page 0x",
        "page mfn",
        "page mfn x",
        "page 1 2",
        "page 16777215T",
        "alloc",
        "free",
        "free 1",
        "help me",
        "nonsense",
        "a b c d e f g h i",
        "",
        "   ",
    };
    unsigned long nr_free;

    boot();
    nr_free = heap_nr_free();
    for (unsigned int i = 0; i < sizeof(line) / sizeof(line[0]); i++) {
        answer(line[i]);
        EXPECT_EQ(heap_nr_free(), nr_free);
        EXPECT_EQ(heap_check(), 0);
    }
    expect_answer("nonsense", "no such command: nonsense");
    expect_answer("free 1", "usage: free ADDRESS ORDER");
    expect_answer("page 1 2", "usage: page");
}

/* The way out of the machine, for the test below: back into it. */
static jmp_buf left;

_Noreturn void machine_poweroff(enum machine_exit status)
{
    longjmp(left, (int)status);
}

_Noreturn void machine_reboot(void)
{
    longjmp(left, 1);
}

/* Type @keys at the prompt; returns how the machine was left. */
static int type(const char *keys)
{
    int status;

    hosted_console_clear();
    hosted_type(keys);
    status = setjmp(left);
    if (status == 0)
        monitor_run(&view);

    return status;
}

TEST(monitor, lines_are_edited_and_echoed_as_they_are_typed)
{
    EXPECT_EQ(type("hex\x7flp\r\n\tpix\b\b\b\bpoweroff\rhelp\r"),
              MACHINE_EXIT_SUCCESS);
    EXPECT(strstr(hosted_console(), "tessera> hex\b \blp\nhelp "));
    EXPECT(strstr(hosted_console(), "tessera> poweroff\n") ||
           strstr(hosted_console(), "\b \bpoweroff\n"));
    EXPECT_EQ(type("reboot\n"), 1);
}

TEST(monitor, the_end_of_input_leaves_the_machine)
{
    EXPECT_EQ(type("heap"), MACHINE_EXIT_SUCCESS);
}

TEST(monitor, a_line_too_long_is_cut)
{
    char keys[400];

    memset(keys, 'x', sizeof(keys));
    memcpy(keys + sizeof(keys) - 11, "\rpoweroff\r", 11);
    EXPECT_EQ(type(keys), MACHINE_EXIT_SUCCESS);
}
