/* SPDX-License-Identifier: MIT */
/*
 * Bytes for a parser of what loaders and firmware leave in memory.
 *
 * They are built in one place, and shown to the parser in another, that is as
 * large as they are and at an odd address: AddressSanitizer sees who reads on.
 */
#ifndef BLOB_H
#define BLOB_H

#include <stdlib.h>
#include <string.h>

#include <xen/boot_info.h>

struct blob {
    size_t size;
    uint8_t bytes[1 << 17];
};

static inline void blob_put(struct blob *blob, const void *bytes, size_t size)
{
    memcpy(blob->bytes + blob->size, bytes, size);
    blob->size += size;
}

static inline void blob_put32(struct blob *blob, uint32_t number)
{
    blob_put(blob, &number, sizeof(number));
}

static inline void blob_put64(struct blob *blob, uint64_t number)
{
    blob_put(blob, &number, sizeof(number));
}

/* Grow to the next multiple of @align. */
static inline void blob_align(struct blob *blob, size_t align)
{
    blob->size = (blob->size + align - 1) / align * align;
}

static inline void blob_set32(struct blob *blob, size_t offset, uint32_t number)
{
    memcpy(blob->bytes + offset, &number, sizeof(number));
}

static inline void blob_set64(struct blob *blob, size_t offset, uint64_t number)
{
    memcpy(blob->bytes + offset, &number, sizeof(number));
}

/* Set the byte at @checksum so that all @size bytes at @at add up to 0. */
static inline void blob_fix_sum(struct blob *blob, size_t at, size_t size,
                                size_t checksum)
{
    uint8_t sum = 0;

    blob->bytes[at + checksum] = 0;
    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + blob->bytes[at + i]);
    blob->bytes[at + checksum] = (uint8_t)-sum;
}

/* Make a window of a copy of @blob, as it stands at address @start. */
static inline struct memory_window blob_window(const struct blob *blob,
                                               paddr_t start)
{
    uint8_t *odd = malloc(blob->size + 1);

    memcpy(odd + 1, blob->bytes, blob->size);
    return (struct memory_window){ odd + 1, start, blob->size };
}

static inline void blob_window_free(const struct memory_window *window)
{
    free((uint8_t *)(uintptr_t)window->base - 1);
}

static inline unsigned int nr_lines(const char *text)
{
    unsigned int nr = 0;

    for (; *text; text++)
        nr += *text == '\n';

    return nr;
}

#endif /* BLOB_H */
