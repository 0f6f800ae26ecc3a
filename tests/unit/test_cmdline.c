/* SPDX-License-Identifier: MIT */
/* The command line: what is understood, and what is named and ignored. */
#include <limits.h>
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/cmdline.h>

static struct boot_options options;

static void parse(const char *text)
{
    hosted_console_clear();
    memset(&options, 0xa5, sizeof(options));
    cmdline_parse(&options, text);
}

static void parse_quietly(const char *text)
{
    parse(text);
    EXPECT_STR(hosted_console(), "");
}

static bool says(const char *text)
{
    return strstr(hosted_console(), text) != NULL;
}

static void expect_defaults(int line)
{
    if (options.console != CONSOLE_COM1 || options.log_level != LOG_INFO ||
        options.max_cpus != UINT_MAX || options.mem != PADDR_MAX ||
        options.exact_map || options.nr_memmap || !options.pdx ||
        !options.numa || options.fake_nodes || options.heap_fail_at ||
        options.heap_fail_every || strcmp(options.selftest, "*") != 0 ||
        options.poweroff || options.scrub != SCRUB_IDLE)
        test_fail(__FILE__, line, "an option is not at its default");
}

/* Each word by itself: it is said why, and changes nothing. */
static void expect_refused(int line, const char *const *bad, unsigned int nr,
                           const char *why)
{
    for (unsigned int i = 0; i < nr; i++) {
        parse(bad[i]);
        expect_defaults(line);
        if (!says(why))
            test_fail(__FILE__, line, "%s: not said why", bad[i]);
    }
}

TEST(cmdline, nothing_means_the_defaults)
{
    parse_quietly("");
    expect_defaults(__LINE__);
    parse_quietly(" \t\n\r ");
    expect_defaults(__LINE__);
}

TEST(cmdline, each_option_is_understood)
{
    parse_quietly("console=com2 loglvl=debug maxcpus=12 mem=512M "
                  "memmap=exactmap,1M@2M pdx=off selftest=string:* poweroff");
    EXPECT_EQ(options.console, CONSOLE_COM2);
    EXPECT_EQ(options.log_level, LOG_DEBUG);
    EXPECT_EQ(options.max_cpus, 12);
    EXPECT_EQ(options.mem, 512ULL << 20);
    EXPECT(options.exact_map);
    EXPECT_EQ(options.nr_memmap, 1);
    EXPECT_EQ(options.pdx, false);
    EXPECT_STR(options.selftest, "string:*");
    EXPECT(options.poweroff);
}

TEST(cmdline, memory_is_scrubbed_by_whom_it_says)
{
    parse_quietly("scrub=eager");
    EXPECT_EQ(options.scrub, SCRUB_EAGER);
    parse_quietly("scrub=off");
    EXPECT_EQ(options.scrub, SCRUB_OFF);
    parse_quietly("scrub=off scrub=idle");
    EXPECT_EQ(options.scrub, SCRUB_IDLE);
    parse("scrub=eager scrub scrub= scrub=on scrub=idl scrub=idle,off");
    EXPECT(says("\"scrub\" is idle, eager or off"));
    EXPECT_EQ(options.scrub, SCRUB_EAGER);
}

TEST(cmdline, of_nodes_there_are_firmwares_one_or_fakes)
{
    static const char *const bad[] = {
        "numa",         "numa=",         "numa=fake",      "numa=fake=",
        "numa=fake=0",  "numa=fake=two", "numa=fake=2x",   "numa=fakes=2",
        "numa=fake=-1", "numa=yes",      "numa=fake=4096M"
    };

    parse_quietly("numa=off");
    EXPECT(!options.numa && options.fake_nodes == 0);
    parse_quietly("numa=off numa=fake=7");
    EXPECT(options.numa && options.fake_nodes == 7);
    parse_quietly("numa=fake=7 numa=on");
    EXPECT(options.numa && options.fake_nodes == 0);
    parse_quietly("numa=fake=0xffffffff");
    EXPECT_EQ(options.fake_nodes, UINT_MAX);

    expect_refused(__LINE__, bad, ARRAY_SIZE(bad),
                   "\"numa\" is on, off or fake=N");
}

TEST(cmdline, heap_fail_takes_one_number_or_two)
{
    static const char *const bad[] = {
        "heap-fail",     "heap-fail=",      "heap-fail=0",
        "heap-fail=x",   "heap-fail=3,",    "heap-fail=3,0",
        "heap-fail=3,x", "heap-fail=3,2,1", "heap-fail=,3"
    };

    parse_quietly("heap-fail=3");
    EXPECT_EQ(options.heap_fail_at, 3);
    EXPECT_EQ(options.heap_fail_every, 0);
    parse_quietly("heap-fail=3 heap-fail=5,7");
    EXPECT_EQ(options.heap_fail_at, 5);
    EXPECT_EQ(options.heap_fail_every, 7);

    expect_refused(__LINE__, bad, ARRAY_SIZE(bad),
                   "\"heap-fail\" is N or N,EVERY");
}

TEST(cmdline, each_name_has_its_value)
{
    parse_quietly("console=com1");
    EXPECT_EQ(options.console, CONSOLE_COM1);
    parse_quietly("console=none");
    EXPECT_EQ(options.console, CONSOLE_NONE);
    parse_quietly("loglvl=error");
    EXPECT_EQ(options.log_level, LOG_ERROR);
    parse_quietly("loglvl=warning");
    EXPECT_EQ(options.log_level, LOG_WARNING);
    parse_quietly("loglvl=info");
    EXPECT_EQ(options.log_level, LOG_INFO);
    parse_quietly("pdx=off pdx=on");
    EXPECT(options.pdx);
}

TEST(cmdline, what_is_unknown_is_named_and_ignored)
{
    parse("poweroff quiet console=com9 nosuch=1 memory=2G mem mem= =x "
          "loglvl=infos consol=com2 poweroff=1");
    EXPECT(options.poweroff);
    options.poweroff = false;
    expect_defaults(__LINE__);
    EXPECT(says("\"quiet\": not known"));
    EXPECT(says("\"nosuch=1\": not known"));
    EXPECT(says("\"memory=2G\": not known"));
    EXPECT(says("\"=x\": not known"));
    EXPECT(says("\"mem\": ignored: \"mem\" is a size"));
    EXPECT(says("\"mem=\": ignored"));
    EXPECT(says("\"console=com9\": ignored: \"console\" is com1, com2 or "
                "none"));
    EXPECT(says("further warnings are left out"));
}

TEST(cmdline, a_malformed_word_leaves_what_an_earlier_one_said)
{
    parse("console=com2 console=com7 mem=1G mem=0 loglvl=debug loglvl= "
          "pdx=off pdx=maybe selftest=a* selftest=");
    EXPECT_EQ(options.console, CONSOLE_COM2);
    EXPECT_EQ(options.mem, 1ULL << 30);
    EXPECT_EQ(options.log_level, LOG_DEBUG);
    EXPECT_EQ(options.pdx, false);
    EXPECT_STR(options.selftest, "a*");
}

TEST(cmdline, the_last_of_two_counts)
{
    parse_quietly("console=com2 mem=1G console=none mem=2G");
    EXPECT_EQ(options.console, CONSOLE_NONE);
    EXPECT_EQ(options.mem, 2ULL << 30);
}

TEST(cmdline, sizes_have_units_and_bounds)
{
    parse_quietly("mem=0x1000");
    EXPECT_EQ(options.mem, 0x1000);
    parse_quietly("mem=3t");
    EXPECT_EQ(options.mem, 3ULL << 40);
    parse_quietly("mem=0xffffffffffffffff");
    EXPECT_EQ(options.mem, PADDR_MAX);

    parse("mem=0");
    EXPECT(says("\"mem=0\": ignored"));
    parse("mem=99999999999999999999");
    EXPECT(says("ignored"));
    parse("mem=16777216T");
    EXPECT(says("ignored"));
    parse("mem=1GB");
    EXPECT(says("ignored"));
    parse("mem=-1");
    EXPECT(says("ignored"));
    expect_defaults(__LINE__);
}

static void expect_memmap(unsigned int i, uint64_t address, uint64_t size,
                          uint32_t type)
{
    EXPECT_EQ(options.memmap[i].address, address);
    EXPECT_EQ(options.memmap[i].size, size);
    EXPECT_EQ(options.memmap[i].type, type);
}

TEST(cmdline, there_is_at_least_one_cpu_and_no_end)
{
    static const char *const bad[] = { "maxcpus=0",   "maxcpus=",
                                       "maxcpus",     "maxcpus=-1",
                                       "maxcpus=two", "maxcpus=0x100000000" };

    parse_quietly("maxcpus=1");
    EXPECT_EQ(options.max_cpus, 1);
    parse_quietly("maxcpus=0xffffffff");
    EXPECT_EQ(options.max_cpus, UINT_MAX);
    expect_refused(__LINE__, bad, ARRAY_SIZE(bad),
                   "is a number of CPUs, and not 0");
}

TEST(cmdline, memmap_adds_up_in_one_word_and_in_several)
{
    parse_quietly("memmap=64M@1M,0x1000#0x7001 memmap=4K$2G");
    EXPECT_EQ(options.exact_map, false);
    EXPECT_EQ(options.nr_memmap, 3);
    expect_memmap(0, 0x100000, 64ULL << 20, E820_RAM);
    expect_memmap(1, 0x7001, 0x1000, E820_ACPI);
    expect_memmap(2, 2ULL << 30, 4096, E820_RESERVED);

    parse_quietly("memmap=1M@0,exactmap memmap=2M@4M");
    EXPECT(options.exact_map);
    EXPECT_EQ(options.nr_memmap, 2);
}

TEST(cmdline, a_malformed_memmap_adds_nothing_at_all)
{
    static const char *const bad[] = {
        "memmap=",
        "memmap",
        "memmap=bad",
        "memmap=1M",
        "memmap=1M@",
        "memmap=@1M",
        "memmap=0@1M",
        "memmap=1M@2M,",
        "memmap=1M@2M,bad",
        "memmap=,1M@2M",
        "memmap=1M!2M",
        "memmap=1M@2Mx",
        "memmap=exactmapx",
        "memmap=exactmap,",
        "memmap=1M@2M,,1M@2M",
        "memmap=exactmap,1M@2M,1M$",
        "memmap=18446744073709551616@0",
        "memmap=2@0xffffffffffffffff",
        "memmap=0xffffffffffffffff@2",
        "memmap=1M@2M@3M",
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        parse(bad[i]);
        expect_defaults(__LINE__);
        if (!says(bad[i]) || !says("ignored"))
            test_fail(__FILE__, __LINE__, "no word about %s", bad[i]);
    }
}

TEST(cmdline, a_memmap_may_end_at_2_to_the_64)
{
    parse_quietly("memmap=1@0xffffffffffffffff");
    expect_memmap(0, UINT64_MAX, 1, E820_RAM);
    parse_quietly("memmap=0xffffffffffffffff@1");
    EXPECT_EQ(options.nr_memmap, 1);
}

TEST(cmdline, a_memmap_too_many_is_ignored_whole)
{
    char text[2048] = "memmap=";

    for (unsigned int i = 0; i < CMDLINE_MAX_MEMMAP - 1; i++)
        strcat(text, i ? ",1M@2M" : "1M@2M");
    strcat(text, " memmap=1K@2K,1K@2K");
    parse(text);
    EXPECT_EQ(options.nr_memmap, CMDLINE_MAX_MEMMAP - 1);
    EXPECT(says("memmap=1K@2K,1K@2K\": ignored"));

    strcat(text, " memmap=1K@2K");
    parse(text);
    EXPECT_EQ(options.nr_memmap, CMDLINE_MAX_MEMMAP);
    expect_memmap(CMDLINE_MAX_MEMMAP - 1, 2048, 1024, E820_RAM);
}

TEST(cmdline, quotes_keep_words_together)
{
    parse_quietly("selftest=\"page alloc: *\" poweroff");
    EXPECT_STR(options.selftest, "page alloc: *");
    EXPECT(options.poweroff);

    /* As GRUB passes a word with blanks. */
    parse_quietly("\"selftest=page alloc: *\" mem=1G");
    EXPECT_STR(options.selftest, "page alloc: *");
    EXPECT_EQ(options.mem, 1ULL << 30);
}

TEST(cmdline, a_quote_that_is_not_closed_takes_the_rest_with_it)
{
    parse("poweroff selftest=\"a b console=com2");
    EXPECT(options.poweroff);
    EXPECT_STR(options.selftest, "*");
    EXPECT_EQ(options.console, CONSOLE_COM1);
    EXPECT(says("a quote is not closed"));
}

TEST(cmdline, selftests_are_all_none_or_a_pattern)
{
    static char text[200] = "selftest=";

    parse_quietly("selftest=off");
    EXPECT_STR(options.selftest, "");
    parse_quietly("selftest=o*");
    EXPECT_STR(options.selftest, "o*");

    memset(text + 9, 'x', 127);
    parse_quietly(text);
    EXPECT_EQ(strlen(options.selftest), 127);
    text[9 + 127] = 'x';
    parse(text);
    EXPECT_STR(options.selftest, "*");
    EXPECT(says("at most 127 characters"));
}

TEST(cmdline, a_word_without_measure_is_ignored)
{
    static char text[5000];

    memset(text, 'x', 4000);
    strcpy(text + 4000, " poweroff");
    parse(text);
    EXPECT(options.poweroff);
    EXPECT(says("too long"));
}
