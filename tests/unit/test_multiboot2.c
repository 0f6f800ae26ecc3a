/* SPDX-License-Identifier: MIT */
/* Boot information from a multiboot2 loader, honest or not. */
#include <xen/errno.h>

#include "multiboot2_blob.h"

TEST(multiboot2, what_grub_hands_over_on_a_bios)
{
    uint8_t rsdp[20];
    size_t tag;

    begin();
    put_text(MULTIBOOT2_TAG_COMMAND_LINE, "loglvl=debug poweroff");
    put_text(MULTIBOOT2_TAG_LOADER, "GRUB 2.06-13+deb12u1");
    put_module(0x101000, 0x102234, "guest.elf console=hvc0");
    put_module(0x103000, 0x103001, "");
    put_tag(4, "12345678", 8); /* memory sizes, of no use */
    tag = begin_map(24);
    put_entry(0, 0x9fc00, E820_RAM);
    put_entry(0x9fc00, 0x400, E820_RESERVED);
    put_entry(0x100000, 0xfee0000, E820_RAM);
    put_entry(0x1000, 0x1000, 20);
    end_tag(tag);
    memset(rsdp, 7, sizeof(rsdp));
    put_tag(MULTIBOOT2_TAG_OLD_RSDP, rsdp, sizeof(rsdp));
    end();

    EXPECT_EQ(parse(), 0);
    EXPECT_STR(hosted_console(), "");
    EXPECT_STR(info.command_line, "loglvl=debug poweroff");
    EXPECT_STR(info.loader, "GRUB 2.06-13+deb12u1");
    EXPECT_EQ(info.nr_modules, 2);
    EXPECT_EQ(info.module[0].start, 0x101000);
    EXPECT_EQ(info.module[0].end, 0x102234);
    EXPECT_STR(info.module[0].name, "guest.elf console=hvc0");
    EXPECT_STR(info.module[1].name, "module 1");
    EXPECT_EQ(info.map.nr, 4);
    EXPECT_EQ(info.map.entry[1].address, 0x9fc00);
    EXPECT_EQ(info.map.entry[1].size, 0x400);
    EXPECT_EQ(info.map.entry[1].type, E820_RESERVED);
    EXPECT_EQ(info.map.entry[3].type, 20);
    EXPECT_EQ(info.efi, false);
    EXPECT_EQ(info.other_ram_size, 0);
    EXPECT(info.has_rsdp_copy);
    EXPECT_EQ(info.rsdp, 0);
    EXPECT_EQ(memcmp(info.rsdp_copy, rsdp, sizeof(rsdp)), 0);
    for (unsigned int i = sizeof(rsdp); i < sizeof(info.rsdp_copy); i++)
        EXPECT_EQ(info.rsdp_copy[i], 0);
    EXPECT_EQ(info.framebuffer.present, false);
    EXPECT_EQ(info.nr_extents, 1);
    EXPECT_EQ(info.extent[0].start, ADDRESS);
    EXPECT_EQ(info.extent[0].end, ADDRESS + blob.size);
    EXPECT_STR(info.extent[0].what, "boot information");
}

/* Does the parser stop at the tag in the middle, but keep what came before? */
static void expect_stop(uint32_t size)
{
    size_t tag;

    begin();
    put_map();
    tag = begin_tag(MULTIBOOT2_TAG_COMMAND_LINE);
    blob_put(&blob, "behind", 7);
    blob_set32(&blob, tag + 4, size);
    put_text(MULTIBOOT2_TAG_LOADER, "further behind");
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT(says("tag of type 1: its size cannot be"));
    EXPECT_EQ(info.map.nr, 1);
    EXPECT_STR(info.command_line, "");
    EXPECT_STR(info.loader, "");
}

TEST(multiboot2, a_tag_whose_size_cannot_be_ends_the_reading)
{
    expect_stop(0);
    expect_stop(7);
    expect_stop(0x7fffffff);
    expect_stop(0xffffffff);
    expect_stop(0xfffffff8);
    expect_stop(
        (uint32_t)(sizeof(struct multiboot2_tag) + 7 + 1 + 23 + 1 + 8 + 1));
}

TEST(multiboot2, tags_too_short_for_what_they_are_are_left_out)
{
    static const uint32_t types[] = {
        MULTIBOOT2_TAG_MODULE,      MULTIBOOT2_TAG_MEMORY_MAP,
        MULTIBOOT2_TAG_FRAMEBUFFER, MULTIBOOT2_TAG_OLD_RSDP,
        MULTIBOOT2_TAG_NEW_RSDP,    MULTIBOOT2_TAG_EFI_MAP,
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
        begin();
        put_tag(types[i], "1234567", 7);
        put_map();
        end();
        EXPECT_EQ(parse(), 0);
        EXPECT(says("it is too short"));
        EXPECT_EQ(info.map.nr, 1);
        EXPECT_EQ(info.nr_modules, 0);
        EXPECT_EQ(info.framebuffer.present, false);
        EXPECT_EQ(info.has_rsdp_copy, false);
    }
}

TEST(multiboot2, of_a_tag_that_comes_twice_the_first_counts)
{
    size_t tag;

    begin();
    put_text(MULTIBOOT2_TAG_COMMAND_LINE, "first");
    put_text(MULTIBOOT2_TAG_COMMAND_LINE, "second");
    put_map();
    tag = begin_map(24);
    put_entry(0, 1, 1);
    put_entry(0, 1, 1);
    end_tag(tag);
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT_STR(info.command_line, "first");
    EXPECT_EQ(info.map.nr, 1);
    EXPECT(says("command line: ignored: there was one before"));
    EXPECT(says("memory map: ignored: there was one before"));
}

TEST(multiboot2, a_missing_end_is_reported_and_harmless)
{
    begin();
    put_map();
    blob_set32(&blob, 0, (uint32_t)blob.size);
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(info.map.nr, 1);
    EXPECT(says("no tag that ends the others"));

    /* Less than a header is left. */
    blob.size += 7;
    blob_set32(&blob, 0, (uint32_t)blob.size);
    EXPECT_EQ(parse(), 0);
    EXPECT(says("no tag that ends the others"));
}

TEST(multiboot2, a_total_size_that_lies_is_an_error)
{
    static const uint32_t bad[] = { 0, 7, 0x7fffffff, 0xffffffff };

    begin();
    put_map();
    end();
    EXPECT_EQ(parse(), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        blob_set32(&blob, 0, bad[i]);
        EXPECT_EQ(parse(), -EINVAL);
        EXPECT(says("the whole cannot have"));
    }
    blob_set32(&blob, 0, (uint32_t)blob.size + 1);
    EXPECT_EQ(parse(), -EINVAL);
    blob_set32(&blob, 0, 8);
    EXPECT_EQ(parse(), -EINVAL);
}

TEST(multiboot2, an_address_out_of_the_window_is_an_error)
{
    static const uint64_t bytes[2] = { 16, 0 };
    struct memory_window window = { (const uint8_t *)bytes, 0x1000, 16 };

    EXPECT_EQ(multiboot2_parse(&window, 0, &info), -EINVAL);
    EXPECT_EQ(multiboot2_parse(&window, 0xff8, &info), -EINVAL);
    EXPECT_EQ(multiboot2_parse(&window, 0x1009, &info), -EINVAL);
    EXPECT_EQ(multiboot2_parse(&window, UINT64_MAX, &info), -EINVAL);
    EXPECT(says("out of reach"));
}

TEST(multiboot2, texts_without_an_end_are_cut_at_the_end_of_their_tag)
{
    size_t tag;

    begin();
    put_tag(MULTIBOOT2_TAG_COMMAND_LINE, "nowherexxx", 7);
    put_tag(MULTIBOOT2_TAG_LOADER, "", 0);
    tag = begin_tag(MULTIBOOT2_TAG_MODULE);
    blob_put32(&blob, 1);
    blob_put32(&blob, 2);
    end_tag(tag);
    tag = begin_tag(MULTIBOOT2_TAG_MODULE);
    blob_put32(&blob, 1);
    blob_put32(&blob, 2);
    blob_put(&blob, "abc", 3);
    end_tag(tag);
    put_map();
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT_STR(info.command_line, "nowhere");
    EXPECT_STR(info.loader, "");
    EXPECT_STR(info.module[0].name, "module 0");
    EXPECT_STR(info.module[1].name, "abc");
    EXPECT(says("command line: has no end"));
}

TEST(multiboot2, a_long_command_line_is_cut_and_that_is_said)
{
    static char text[3000];

    memset(text, 'x', sizeof(text) - 1);
    begin();
    put_text(MULTIBOOT2_TAG_COMMAND_LINE, text);
    put_module(1, 2, text);
    put_map();
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(strlen(info.command_line), BOOT_COMMAND_LINE - 1);
    EXPECT_EQ(strlen(info.module[0].name), 63);
    EXPECT(says("command line: cut to 2047 characters"));
}

TEST(multiboot2, a_module_that_ends_before_it_starts_is_left_out)
{
    begin();
    put_module(0x2000, 0x1fff, "bad");
    put_module(0x2000, 0x2000, "empty");
    put_map();
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(info.nr_modules, 1);
    EXPECT_STR(info.module[0].name, "empty");
    EXPECT(says("module 0x2000-0x1fff: ignored: it ends before it starts"));
}

TEST(multiboot2, modules_beyond_the_table_are_left_out_with_few_words)
{
    begin();
    for (unsigned int i = 0; i < BOOT_MAX_MODULES + 100; i++)
        put_module(0x1000 * i, 0x1000 * i + 1, "");
    put_map();
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(info.nr_modules, BOOT_MAX_MODULES);
    EXPECT_EQ(info.module[31].start, 0x1f000);
    EXPECT_STR(info.module[31].name, "module 31");
    EXPECT_EQ(info.map.nr, 1);
    EXPECT(says("there are too many"));
    EXPECT_EQ(nr_lines(hosted_console()), 9);
}

TEST(multiboot2, the_new_root_pointer_goes_before_the_old_one)
{
    uint8_t old_rsdp[20], new_rsdp[36];

    memset(old_rsdp, 1, sizeof(old_rsdp));
    memset(new_rsdp, 2, sizeof(new_rsdp));
    for (unsigned int new_first = 0; new_first < 2; new_first++) {
        begin();
        if (new_first)
            put_tag(MULTIBOOT2_TAG_NEW_RSDP, new_rsdp, sizeof(new_rsdp));
        put_tag(MULTIBOOT2_TAG_OLD_RSDP, old_rsdp, sizeof(old_rsdp));
        if (!new_first)
            put_tag(MULTIBOOT2_TAG_NEW_RSDP, new_rsdp, sizeof(new_rsdp));
        put_map();
        end();
        EXPECT_EQ(parse(), 0);
        EXPECT_EQ(memcmp(info.rsdp_copy, new_rsdp, sizeof(new_rsdp)), 0);
    }
}

static void parse_framebuffer(uint8_t type)
{
    struct multiboot2_framebuffer framebuffer = {
        .address = 0xfd000000,
        .pitch = 4096,
        .width = 1024,
        .height = 768,
        .bits_per_pixel = 32,
        .type = type,
    };

    begin();
    put_map();
    put_tag(MULTIBOOT2_TAG_FRAMEBUFFER, &framebuffer.address,
            sizeof(framebuffer) - sizeof(struct multiboot2_tag));
    end();
    EXPECT_EQ(parse(), 0);
}

TEST(multiboot2, a_framebuffer_is_described_with_its_type)
{
    parse_framebuffer(MULTIBOOT2_FRAMEBUFFER_RGB);
    EXPECT(info.framebuffer.present);
    EXPECT_EQ(info.framebuffer.address, 0xfd000000);
    EXPECT_EQ(info.framebuffer.pitch, 4096);
    EXPECT_EQ(info.framebuffer.width, 1024);
    EXPECT_EQ(info.framebuffer.height, 768);
    EXPECT_EQ(info.framebuffer.bits_per_pixel, 32);
    EXPECT_EQ(info.framebuffer.type, 1);

    parse_framebuffer(MULTIBOOT2_FRAMEBUFFER_TEXT);
    EXPECT(info.framebuffer.present);
    EXPECT_EQ(info.framebuffer.type, 2);

    parse_framebuffer(3);
    EXPECT_EQ(info.framebuffer.present, false);
    EXPECT(says("framebuffer: ignored: type 3 is unknown"));
}
