/* SPDX-License-Identifier: MIT */
/* Boot information from a multiboot2 loader, honest or not. */
#include <hosted.h>
#include <test.h>
#include <x86/efi.h>
#include <x86/multiboot2.h>
#include <xen/errno.h>
#include <xen/multiboot2.h>

#include "blob.h"

#define ADDRESS 0x1002d8U

static struct blob blob;
static struct boot_info info;

static void begin(void)
{
    memset(&blob, 0, sizeof(blob));
    blob.size = sizeof(struct multiboot2_info);
}

/* Each tag starts with where its size is to be written. */
static size_t begin_tag(uint32_t type)
{
    size_t tag;

    blob_align(&blob, MULTIBOOT2_TAG_ALIGN);
    tag = blob.size;
    blob_put32(&blob, type);
    blob_put32(&blob, 0);

    return tag;
}

static void end_tag(size_t tag)
{
    blob_set32(&blob, tag + 4, (uint32_t)(blob.size - tag));
}

static void put_tag(uint32_t type, const void *bytes, size_t size)
{
    size_t tag = begin_tag(type);

    blob_put(&blob, bytes, size);
    end_tag(tag);
}

static void put_text(uint32_t type, const char *text)
{
    put_tag(type, text, strlen(text) + 1);
}

static void put_module(uint32_t start, uint32_t end, const char *text)
{
    size_t tag = begin_tag(MULTIBOOT2_TAG_MODULE);

    blob_put32(&blob, start);
    blob_put32(&blob, end);
    blob_put(&blob, text, strlen(text) + 1);
    end_tag(tag);
}

static size_t begin_map(uint32_t entry_size)
{
    size_t tag = begin_tag(MULTIBOOT2_TAG_MEMORY_MAP);

    blob_put32(&blob, entry_size);
    blob_put32(&blob, 0);

    return tag;
}

static void put_entry(uint64_t address, uint64_t size, uint32_t type)
{
    blob_put64(&blob, address);
    blob_put64(&blob, size);
    blob_put32(&blob, type);
    blob_put32(&blob, 0);
}

/* A map of 255 MiB, enough for the parser to be content. */
static void put_map(void)
{
    size_t tag = begin_map(24);

    put_entry(0x100000, 0xff00000, E820_RAM);
    end_tag(tag);
}

static void put_descriptor(uint32_t type, uint64_t address, uint64_t nr_pages)
{
    struct efi_memory_descriptor descriptor = {
        .type = type,
        .address = address,
        .nr_pages = nr_pages,
        .attributes = EFI_ATTRIBUTE_WRITE_BACK,
    };

    blob_put(&blob, &descriptor, sizeof(descriptor));
    blob_put64(&blob, 0x5555555555555555); /* OVMF's have 48 bytes */
}

static size_t begin_efi_map(uint32_t stride, uint32_t version)
{
    size_t tag = begin_tag(MULTIBOOT2_TAG_EFI_MAP);

    blob_put32(&blob, stride);
    blob_put32(&blob, version);

    return tag;
}

static void end(void)
{
    put_tag(MULTIBOOT2_TAG_END, "", 0);
    blob_set32(&blob, 0, (uint32_t)blob.size);
}

/* What is said in the blob ends where the window does. */
static int parse(void)
{
    struct memory_window window = blob_window(&blob, ADDRESS);
    int rc;

    hosted_console_clear();
    memset(&info, 0xa5, sizeof(info));
    rc = multiboot2_parse(&window, ADDRESS, &info);
    blob_window_free(&window);

    return rc;
}

static bool says(const char *text)
{
    return strstr(hosted_console(), text) != NULL;
}

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

/* Whichever comes first in memory. */
static void put_both_maps(bool efi_first)
{
    size_t tag;

    begin();
    for (unsigned int i = 0; i < 2; i++) {
        if (efi_first == (i == 0)) {
            tag = begin_efi_map(48, 1);
            put_descriptor(EFI_BOOT_SERVICES_DATA, 0x100000, 0xff00);
            put_descriptor(EFI_RUNTIME_SERVICES_CODE, 0x10000000, 1);
            end_tag(tag);
        } else {
            tag = begin_map(24);
            put_entry(0x100000, 0xff00000, E820_RAM);
            put_entry(0x10000000, 0x1000, 20);
            end_tag(tag);
        }
    }
    end();
}

TEST(multiboot2, the_efi_map_decides_wherever_it_stands)
{
    for (unsigned int efi_first = 0; efi_first < 2; efi_first++) {
        put_both_maps(efi_first);
        EXPECT_EQ(parse(), 0);
        EXPECT_STR(hosted_console(), "");
        EXPECT(info.efi);
        EXPECT_EQ(info.map.nr, 2);
        EXPECT_EQ(info.map.entry[0].size, 0xff00000);
        EXPECT_EQ(info.map.entry[1].type, E820_RESERVED);
        EXPECT_EQ(info.other_ram_size, 0xff00000);
    }
}

TEST(multiboot2, the_efi_map_alone_will_do)
{
    size_t tag;

    begin();
    tag = begin_efi_map(48, 1);
    put_descriptor(EFI_CONVENTIONAL, 0x100000, 0x100);
    end_tag(tag);
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT(info.efi);
    EXPECT_EQ(info.map.nr, 1);
    EXPECT_EQ(info.other_ram_size, 0);
}

TEST(multiboot2, maps_that_differ_in_their_totals_are_reported)
{
    size_t tag;

    begin();
    put_map();
    tag = begin_efi_map(48, 1);
    put_descriptor(EFI_CONVENTIONAL, 0x100000, 0x8000);
    end_tag(tag);
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT(says("the EFI map has 128 MiB of RAM, the other map 255 MiB"));
}

/* An EFI map that cannot be read gives way to the other, whole. */
static void expect_fallback(uint32_t stride, uint32_t version, uint32_t type,
                            const char *why)
{
    size_t tag;

    begin();
    tag = begin_efi_map(stride, version);
    put_descriptor(type, 0x100000, 0xff00);
    end_tag(tag);
    put_map();
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT(says(why));
    EXPECT_EQ(info.efi, false);
    EXPECT_EQ(info.map.nr, 1);
    EXPECT_EQ(info.map.entry[0].type, E820_RAM);
    EXPECT_EQ(info.other_ram_size, 0);
}

TEST(multiboot2, a_bad_efi_map_gives_way_to_the_other)
{
    expect_fallback(39, 1, EFI_CONVENTIONAL, "a descriptor has 39 bytes");
    expect_fallback(0, 1, EFI_CONVENTIONAL, "a descriptor has 0 bytes");
    expect_fallback(48, 2, EFI_CONVENTIONAL, "version 2 is unknown");
    expect_fallback(48, 1, EFI_RESERVED, "EFI map: ignored: it has no RAM");
}

TEST(multiboot2, without_a_map_there_is_no_boot)
{
    begin();
    put_text(MULTIBOOT2_TAG_COMMAND_LINE, "x");
    end();
    EXPECT_EQ(parse(), -EINVAL);
    EXPECT(says("there is no memory map"));
}

static int parse_entry_size(uint32_t entry_size, size_t nr_bytes)
{
    size_t tag;

    begin();
    tag = begin_map(entry_size);
    for (size_t i = 0; i < nr_bytes; i++)
        blob_put(&blob, "\1", 1);
    end_tag(tag);
    end();

    return parse();
}

TEST(multiboot2, entries_may_be_larger_than_we_know)
{
    size_t tag;

    begin();
    tag = begin_map(32);
    for (unsigned int i = 0; i < 3; i++) {
        put_entry(i, 0x1000, E820_RAM);
        blob_put64(&blob, UINT64_MAX);
    }
    end_tag(tag);
    end();
    EXPECT_EQ(parse(), 0);
    EXPECT_EQ(info.map.nr, 3);
    EXPECT_EQ(info.map.entry[2].address, 2);
}

TEST(multiboot2, entry_sizes_that_cannot_be_are_refused)
{
    static const uint32_t bad[] = { 0, 1, 8, 16, 23, 25, 28, 0xffffffff };

    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        EXPECT_EQ(parse_entry_size(bad[i], 240), -EINVAL);
        EXPECT(says("an entry cannot have"));
    }
    EXPECT_EQ(parse_entry_size(0xfffffff8, 240), -EINVAL);
    EXPECT_EQ(parse_entry_size(24, 0), -EINVAL);
}

TEST(multiboot2, half_an_entry_at_the_end_is_left_out)
{
    EXPECT_EQ(parse_entry_size(24, 24 + 23), 0);
    EXPECT_EQ(info.map.nr, 1);
    EXPECT(says("memory map: ends inside an entry"));
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
    expect_stop((uint32_t)(sizeof(struct multiboot2_tag) + 7 + 1 + 23 + 1 +
                           8 + 1));
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
    unsigned int nr_lines = 0;

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
    for (const char *c = hosted_console(); *c; c++)
        nr_lines += *c == '\n';
    EXPECT_EQ(nr_lines, 9);
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
        .address = 0xfd000000, .pitch = 4096,        .width = 1024,
        .height = 768,         .bits_per_pixel = 32, .type = type,
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
