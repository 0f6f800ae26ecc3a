/* SPDX-License-Identifier: MIT */
/* Boot information by the PVH protocol, honest or not. */
#include <hosted.h>
#include <test.h>
#include <x86/pvh.h>
#include <xen/errno.h>
#include <xen/pvh.h>

#include "blob.h"

/* Where the pieces stand in the blob, which stands at address BASE. */
#define BASE        0x1000U
#define START       0x100U
#define MODULES     0x200U
#define TEXT        0x800U
#define MODULE_TEXT 0xc00U
#define MAP         0x1000U
#define END         0x1800U

static struct blob blob;
static struct boot_info info;

static void put_module(unsigned int i, uint64_t address, uint64_t size,
                       uint64_t command_line)
{
    size_t at = MODULES + i * sizeof(struct pvh_module);

    blob_set64(&blob, at, address);
    blob_set64(&blob, at + 8, size);
    blob_set64(&blob, at + 16, command_line);
}

static void put_entry(unsigned int i, uint64_t address, uint64_t size,
                      uint32_t type)
{
    size_t at = MAP + i * sizeof(struct pvh_memory_map_entry);

    blob_set64(&blob, at, address);
    blob_set64(&blob, at + 8, size);
    blob_set32(&blob, at + 16, type);
}

#define FIELD(name) (START + offsetof(struct pvh_start_info, name))

/* As QEMU would tell of 256 MiB, a command line and one module. */
static void begin(void)
{
    memset(&blob, 0, sizeof(blob));
    blob.size = END;
    blob_set32(&blob, FIELD(magic), PVH_START_MAGIC);
    blob_set32(&blob, FIELD(version), 1);
    blob_set32(&blob, FIELD(nr_modules), 1);
    blob_set64(&blob, FIELD(module_list), BASE + MODULES);
    blob_set64(&blob, FIELD(command_line), BASE + TEXT);
    blob_set64(&blob, FIELD(rsdp), 0xf5ad0);
    blob_set64(&blob, FIELD(memory_map), BASE + MAP);
    blob_set32(&blob, FIELD(nr_memory_map), 3);
    strcpy((char *)blob.bytes + TEXT, "mem=1G poweroff");
    strcpy((char *)blob.bytes + MODULE_TEXT, "guest.elf");
    put_module(0, 0xffbe000, 0x41000, BASE + MODULE_TEXT);
    put_entry(0, 0, 0x9fc00, E820_RAM);
    put_entry(1, 0x100000, 0xfee0000, E820_RAM);
    put_entry(2, 0, 0, 0); /* microvm's end */
}

static int parse(void)
{
    struct memory_window window = blob_window(&blob, BASE);
    int rc;

    hosted_console_clear();
    memset(&info, 0xa5, sizeof(info));
    rc = pvh_parse(&window, BASE + START, &info);
    blob_window_free(&window);

    return rc;
}

static bool says(const char *text)
{
    return strstr(hosted_console(), text) != NULL;
}

static void expect_extent(unsigned int i, const char *what, paddr_t start,
                          uint64_t size)
{
    EXPECT_STR(info.extent[i].what, what);
    EXPECT_EQ(info.extent[i].start, start);
    EXPECT_EQ(info.extent[i].end, start + size);
}

TEST(pvh, what_qemu_hands_over)
{
    begin();
    EXPECT_EQ(parse(), 0);
    EXPECT_STR(hosted_console(), "");
    EXPECT_STR(info.loader, "PVH");
    EXPECT_STR(info.command_line, "mem=1G poweroff");
    EXPECT_EQ(info.rsdp, 0xf5ad0);
    EXPECT_EQ(info.has_rsdp_copy, false);
    EXPECT_EQ(info.efi, false);
    EXPECT_EQ(info.other_ram_size, 0);
    EXPECT_EQ(info.framebuffer.present, false);
    EXPECT_EQ(info.nr_modules, 1);
    EXPECT_EQ(info.module[0].start, 0xffbe000);
    EXPECT_EQ(info.module[0].end, 0xffff000);
    EXPECT_STR(info.module[0].name, "guest.elf");
    EXPECT_EQ(info.map.nr, 3);
    EXPECT_EQ(info.map.entry[1].address, 0x100000);
    EXPECT_EQ(info.map.entry[1].size, 0xfee0000);
    EXPECT_EQ(info.map.entry[1].type, E820_RAM);
    EXPECT_EQ(info.map.entry[2].type, 0);

    EXPECT_EQ(info.nr_extents, 4);
    expect_extent(0, "PVH start info", BASE + START, 56);
    expect_extent(1, "command line", BASE + TEXT, 16);
    expect_extent(2, "module list", BASE + MODULES, 32);
    expect_extent(3, "memory map", BASE + MAP, 72);
}

TEST(pvh, what_is_not_there_is_left_out_without_a_word)
{
    begin();
    blob_set32(&blob, FIELD(nr_modules), 0);
    blob_set64(&blob, FIELD(module_list), 0);
    blob_set64(&blob, FIELD(command_line), 0);
    blob_set64(&blob, FIELD(rsdp), 0);
    EXPECT_EQ(parse(), 0);
    EXPECT_STR(hosted_console(), "");
    EXPECT_STR(info.command_line, "");
    EXPECT_EQ(info.nr_modules, 0);
    EXPECT_EQ(info.nr_extents, 2);
}

TEST(pvh, version_0_has_no_map_and_so_is_no_use)
{
    begin();
    blob_set32(&blob, FIELD(version), 0);
    EXPECT_EQ(parse(), -EINVAL);
    EXPECT(says("there is no memory map"));
    EXPECT_EQ(info.extent[0].end - info.extent[0].start, 40);
}

TEST(pvh, a_later_version_is_read_as_far_as_we_know_it)
{
    begin();
    blob_set32(&blob, FIELD(version), 7);
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(info.map.nr, 3);
}

TEST(pvh, without_the_magic_number_there_is_no_start_info)
{
    begin();
    blob_set32(&blob, FIELD(magic), 0x2badb002);
    EXPECT_EQ(parse(), -EINVAL);
    EXPECT(says("there is no start info"));
}

TEST(pvh, start_info_cut_off_by_the_window_is_an_error)
{
    for (blob.size = 0; blob.size < START + sizeof(struct pvh_start_info);) {
        size_t size = blob.size;

        begin();
        blob.size = size;
        EXPECT_EQ(parse(), -EINVAL);
        blob.size = size + 1;
    }
}

TEST(pvh, a_map_out_of_reach_is_refused)
{
    static const uint32_t too_many[] = { 0x80, 0x10000000, 0x20000000,
                                         0xffffffff };

    for (unsigned int i = 0; i < ARRAY_SIZE(too_many); i++) {
        begin();
        blob_set32(&blob, FIELD(nr_memory_map), too_many[i]);
        EXPECT_EQ(parse(), -EINVAL);
        EXPECT(says("memory map: ignored"));
    }

    begin();
    blob_set32(&blob, FIELD(nr_memory_map), (END - MAP) / 24);
    EXPECT_EQ(parse(), 0);

    begin();
    blob_set64(&blob, FIELD(memory_map), UINT64_MAX - 71);
    EXPECT_EQ(parse(), -EINVAL);

    begin();
    blob_set64(&blob, FIELD(memory_map), 0);
    EXPECT_EQ(parse(), -EINVAL);
}

TEST(pvh, texts_out_of_reach_are_left_out)
{
    begin();
    blob_set64(&blob, FIELD(command_line), BASE + END);
    put_module(0, 0x100000, 1, UINT64_MAX);
    EXPECT_EQ(parse(), 0);
    EXPECT(says("command line at 0x2800 is out of reach"));
    EXPECT(says("module's command line at 0xffffffffffffffff"));
    EXPECT_STR(info.command_line, "");
    EXPECT_STR(info.module[0].name, "module 0");
}

TEST(pvh, texts_without_an_end_stop_where_the_window_does)
{
    begin();
    memcpy(blob.bytes + END - 3, "abc", 3);
    blob_set64(&blob, FIELD(command_line), BASE + END - 3);
    put_module(0, 0x100000, 1, BASE + END - 1);
    EXPECT_EQ(parse(), 0);
    EXPECT_STR(info.command_line, "abc");
    EXPECT_STR(info.module[0].name, "c");
}

/* No extent may speak of bytes that the window does not have. */
TEST(pvh, a_text_without_an_end_has_no_byte_behind_the_window)
{
    begin();
    memcpy(blob.bytes + END - 3, "abc", 3);
    blob_set64(&blob, FIELD(command_line), BASE + END - 3);
    EXPECT_EQ(parse(), 0);
    expect_extent(1, "command line", BASE + END - 3, 3);
}

TEST(pvh, a_long_command_line_is_cut_and_that_is_said)
{
    begin();
    blob.size = 0x4000;
    memset(blob.bytes + END, 'x', blob.size - END);
    blob_set64(&blob, FIELD(command_line), BASE + END);
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(strlen(info.command_line), BOOT_COMMAND_LINE - 1);
    EXPECT(says("command line: cut to 2047 characters"));
}

TEST(pvh, a_module_list_out_of_reach_is_left_out)
{
    begin();
    blob_set32(&blob, FIELD(nr_modules), 0xffffffff);
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(info.nr_modules, 0);
    EXPECT(says("module list: ignored: 4294967295 entries"));
}

TEST(pvh, modules_beyond_the_table_are_left_out)
{
    begin();
    for (unsigned int i = 0; i < 40; i++)
        put_module(i, 0x1000 * i, 1, 0);
    blob_set32(&blob, FIELD(nr_modules), 40);
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(info.nr_modules, BOOT_MAX_MODULES);
    EXPECT_EQ(info.module[31].start, 0x1f000);
    EXPECT_STR(info.module[31].name, "module 31");
    EXPECT(says("of 40 modules the first 32 are taken"));
}

TEST(pvh, modules_that_wrap_or_end_too_high_are_left_out)
{
    begin();
    put_module(0, UINT64_MAX, 2, 0);
    put_module(1, PADDR_MAX, 1, 0);
    put_module(2, PADDR_MAX - 1, 1, 0);
    blob_set32(&blob, FIELD(nr_modules), 3);
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(info.nr_modules, 1);
    EXPECT_EQ(info.module[0].end, PADDR_MAX);
    EXPECT_STR(info.module[0].name, "module 0");
    EXPECT(says("its size exceeds 64 bits of address"));
    EXPECT(says("it ends past the last address"));
}

TEST(pvh, a_map_longer_than_the_table_keeps_what_is_reserved)
{
    unsigned int nr = E820_MAX_ENTRIES + 1;

    begin();
    blob.size = MAP + nr * sizeof(struct pvh_memory_map_entry);
    for (unsigned int i = 0; i < nr; i++)
        put_entry(i, 0x2000 * i, 0x1000, i + 1 < nr ? E820_RAM : E820_RESERVED);
    blob_set32(&blob, FIELD(nr_memory_map), nr);
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(info.map.nr, E820_MAX_ENTRIES);
    EXPECT_EQ(info.map.nr_dropped, 1);
    EXPECT_EQ(info.map.entry[0].type, E820_RESERVED);
}
