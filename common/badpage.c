/* SPDX-License-Identifier: MIT */
/*
 * badpage=LIST of the command line: frames that are never used.
 *
 * The list is read where it is, however long: the command line's own words are
 * as long as one may be.
 */
#include <xen/badpage.h>
#include <xen/bootmem.h>
#include <xen/offline.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/warn_limit.h>

static const char name[] = "badpage=";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What ends an element; a list may stand in quotes. */
static bool ends_element(char c)
{
    return !c || c == ',' || c == '"' || is_blank(c);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;

    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A frame number in hexadecimal, with 0x or without; false: there is none. */
static bool read_frame(const char **text, unsigned long *frame)
{
    const char *at = *text, *first;

    if (at[0] == '0' && (at[1] | 0x20) == 'x')
        at += 2;
    first = at;
    for (*frame = 0; digit_of(*at) >= 0; at++) {
        if (*frame >= PADDR_MAX >> PAGE_SHIFT >> 4)
            return false;
        *frame = *frame << 4 | (unsigned long)digit_of(*at);
    }
    *text = at;

    return at > first;
}

static bool reserve_element(const char *at)
{
    unsigned long first, last;

    if (!read_frame(&at, &first))
        return false;
    last = first;
    if (*at == '-') {
        at++;
        if (!read_frame(&at, &last) || last < first)
            return false;
    }
    if (!ends_element(*at))
        return false;
    if (bootmem_reserve(first << PAGE_SHIFT, (last + 1) << PAGE_SHIFT,
                        BAD_PAGE_KEEPER))
        printk(LOG_WARNING, "badpage=: [%#lx, %#lx] cannot be kept: %s\n",
               first, last, "there are too many reservations");

    return true;
}

/* Returns what is behind the list. */
static const char *reserve_list(const char *at, unsigned int *nr_warnings)
{
    const char *start = at;

    for (;; at++) {
        if (!ends_element(*at))
            continue;
        if (!reserve_element(start) && may_warn(nr_warnings, "badpage="))
            printk(LOG_WARNING,
                   "badpage=: \"%.*s\": ignored: it is not a frame number in "
                   "hexadecimal, or two with a '-' between\n",
                   (int)(at - start < 40 ? at - start : 40), start);
        start = at + 1;
        if (*at != ',')
            return at;
    }
}

void badpage_reserve(const char *text)
{
    bool quoted = false, begins = true;
    unsigned int nr_warnings = 0;

    while (*text) {
        if (begins && strncmp(text, name, sizeof(name) - 1) == 0) {
            text = reserve_list(text + sizeof(name) - 1, &nr_warnings);
            begins = false;
            continue;
        }
        if (*text == '"')
            quoted = !quoted;
        begins = *text == '"' ? begins && quoted : !quoted && is_blank(*text);
        text++;
    }
}
