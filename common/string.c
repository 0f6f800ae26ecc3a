/* SPDX-License-Identifier: MIT */
/*
 * Memory and strings. The names are the C library's, so a test on the host can
 * compare each with the library's own; see tests/unit/test_string.c.
 *
 * Copying, filling and comparing go a word at a time: the compiler may not turn
 * the loops back into calls of themselves, which the Makefile forbids it for
 * this file.
 */
#include <xen/string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    return memmove(to, from, size);
}

/* A word that may stand anywhere, and may be any object's bytes. */
typedef uint64_t __attribute__((aligned(1), may_alias)) any_word_t;

static void copy_up(uint8_t *to, const uint8_t *from, size_t size)
{
    for (; size >= sizeof(any_word_t); size -= sizeof(any_word_t)) {
        *(any_word_t *)to = *(const any_word_t *)from;
        to += sizeof(any_word_t);
        from += sizeof(any_word_t);
    }
    while (size-- > 0)
        *to++ = *from++;
}

static void copy_down(uint8_t *to, const uint8_t *from, size_t size)
{
    while (size % sizeof(any_word_t)) {
        size--;
        to[size] = from[size];
    }
    while (size > 0) {
        size -= sizeof(any_word_t);
        *(any_word_t *)(to + size) = *(const any_word_t *)(from + size);
    }
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to <= (uintptr_t)from ||
        (uintptr_t)to >= (uintptr_t)from + size)
        copy_up(to, from, size);
    else
        copy_down(to, from, size);

    return to;
}

void *memset(void *to, int byte, size_t size)
{
    uint64_t word = 0x0101010101010101UL * (uint8_t)byte;
    uint8_t *at = to;

    for (; size >= sizeof(word); size -= sizeof(word)) {
        *(any_word_t *)at = word;
        at += sizeof(word);
    }
    while (size-- > 0)
        *at++ = (uint8_t)byte;

    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *left = a, *right = b;

    for (; size >= sizeof(any_word_t) &&
           *(const any_word_t *)left == *(const any_word_t *)right;
         size -= sizeof(any_word_t)) {
        left += sizeof(any_word_t);
        right += sizeof(any_word_t);
    }
    for (; size > 0; size--, left++, right++) {
        if (*left != *right)
            return *left - *right;
    }

    return 0;
}

size_t strlen(const char *text)
{
    return strnlen(text, SIZE_MAX);
}

size_t strnlen(const char *text, size_t max)
{
    size_t length = 0;

    while (length < max && text[length])
        length++;

    return length;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t max)
{
    for (size_t i = 0; i < max; i++) {
        if (a[i] != b[i])
            return (uint8_t)a[i] - (uint8_t)b[i];
        if (!a[i])
            break;
    }

    return 0;
}

char *strchr(const char *text, int character)
{
    for (; *text != (char)character; text++) {
        if (!*text)
            return NULL;
    }

    return (char *)(uintptr_t)text;
}
