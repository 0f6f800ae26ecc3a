/* SPDX-License-Identifier: MIT */
/* Small readers of text: what a command line and a monitor need, no more. */
#include <xen/string.h>
#include <xen/text.h>

bool copy_text(char *to, size_t size, const char *from, size_t from_max)
{
    size_t length = strnlen(from, from_max);
    bool fits = length < size;

    if (!fits)
        length = size - 1;
    memmove(to, from, length);
    to[length] = '\0';

    return fits;
}

/*
 * On a mismatch go back to the last '*' and let it swallow one character more.
 * Earlier ones never need another try: what they could reach, it can too.
 */
bool glob_match(const char *pattern, const char *text)
{
    const char *star = NULL, *retry = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern && (*pattern == '?' || *pattern == *text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;

    return !*pattern;
}

/* The value of a digit in @base, or @base if it is none. */
static unsigned int digit_value(char digit, unsigned int base)
{
    unsigned int value = base;

    if (digit >= '0' && digit <= '9')
        value = (unsigned int)(digit - '0');
    else if (digit >= 'a' && digit <= 'f')
        value = (unsigned int)(digit - 'a') + 10;
    else if (digit >= 'A' && digit <= 'F')
        value = (unsigned int)(digit - 'A') + 10;

    return value < base ? value : base;
}

bool parse_number(const char *text, const char **end, uint64_t *value)
{
    unsigned int base = 10;
    uint64_t sum = 0;
    const char *at = text;

    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X') &&
        digit_value(at[2], 16) < 16) {
        base = 16;
        at += 2;
    }
    if (digit_value(*at, base) == base)
        return false;

    for (; digit_value(*at, base) < base; at++) {
        if (__builtin_mul_overflow(sum, base, &sum) ||
            __builtin_add_overflow(sum, digit_value(*at, base), &sum))
            return false;
    }
    *end = at;
    *value = sum;

    return true;
}

/* The power of two that a unit stands for; 0 if it is none. */
static unsigned int unit_shift(char unit)
{
    switch (unit) {
    case 'K':
    case 'k': return 10;
    case 'M':
    case 'm': return 20;
    case 'G':
    case 'g': return 30;
    case 'T':
    case 't': return 40;
    }

    return 0;
}

bool parse_size(const char *text, const char **end, uint64_t *value)
{
    const char *at;
    uint64_t number;
    unsigned int shift;

    if (!parse_number(text, &at, &number))
        return false;
    shift = unit_shift(*at);
    if (number > UINT64_MAX >> shift)
        return false;
    *end = shift ? at + 1 : at;
    *value = number << shift;

    return true;
}
