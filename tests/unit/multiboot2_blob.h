/* SPDX-License-Identifier: MIT */
/* What the tests of multiboot2 are written with: a loader, tag by tag. */
#ifndef MULTIBOOT2_BLOB_H
#define MULTIBOOT2_BLOB_H

#include <hosted.h>
#include <test.h>
#include <x86/efi.h>
#include <x86/multiboot2.h>
#include <xen/multiboot2.h>

#include "blob.h"

#define ADDRESS 0x1002d8U

static struct blob blob;
static struct boot_info info;

static inline void begin(void)
{
    memset(&blob, 0, sizeof(blob));
    blob.size = sizeof(struct multiboot2_info);
}

/* Each tag starts with where its size is to be written. */
static inline size_t begin_tag(uint32_t type)
{
    size_t tag;

    blob_align(&blob, MULTIBOOT2_TAG_ALIGN);
    tag = blob.size;
    blob_put32(&blob, type);
    blob_put32(&blob, 0);

    return tag;
}

static inline void end_tag(size_t tag)
{
    blob_set32(&blob, tag + 4, (uint32_t)(blob.size - tag));
}

static inline void put_tag(uint32_t type, const void *bytes, size_t size)
{
    size_t tag = begin_tag(type);

    blob_put(&blob, bytes, size);
    end_tag(tag);
}

static inline void put_text(uint32_t type, const char *text)
{
    put_tag(type, text, strlen(text) + 1);
}

static inline void put_module(uint32_t start, uint32_t end, const char *text)
{
    size_t tag = begin_tag(MULTIBOOT2_TAG_MODULE);

    blob_put32(&blob, start);
    blob_put32(&blob, end);
    blob_put(&blob, text, strlen(text) + 1);
    end_tag(tag);
}

static inline size_t begin_map(uint32_t entry_size)
{
    size_t tag = begin_tag(MULTIBOOT2_TAG_MEMORY_MAP);

    blob_put32(&blob, entry_size);
    blob_put32(&blob, 0);

    return tag;
}

static inline void put_entry(uint64_t address, uint64_t size, uint32_t type)
{
    blob_put64(&blob, address);
    blob_put64(&blob, size);
    blob_put32(&blob, type);
    blob_put32(&blob, 0);
}

/* A map of 255 MiB, enough for the parser to be content. */
static inline void put_map(void)
{
    size_t tag = begin_map(24);

    put_entry(0x100000, 0xff00000, E820_RAM);
    end_tag(tag);
}

static inline void put_descriptor(uint32_t type, uint64_t address,
                                  uint64_t nr_pages)
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

static inline size_t begin_efi_map(uint32_t stride, uint32_t version)
{
    size_t tag = begin_tag(MULTIBOOT2_TAG_EFI_MAP);

    blob_put32(&blob, stride);
    blob_put32(&blob, version);

    return tag;
}

static inline void end(void)
{
    put_tag(MULTIBOOT2_TAG_END, "", 0);
    blob_set32(&blob, 0, (uint32_t)blob.size);
}

/* What is said in the blob ends where the window does. */
static inline int parse(void)
{
    struct memory_window window = blob_window(&blob, ADDRESS);
    int rc;

    hosted_console_clear();
    memset(&info, 0xa5, sizeof(info));
    rc = multiboot2_parse(&window, ADDRESS, &info);
    blob_window_free(&window);

    return rc;
}

static inline bool says(const char *text)
{
    return strstr(hosted_console(), text) != NULL;
}

#endif /* MULTIBOOT2_BLOB_H */
