/* SPDX-License-Identifier: MIT */
/* Reading text that somebody typed, or that a loader handed over. */
#ifndef XEN_TEXT_H
#define XEN_TEXT_H

#include <xen/types.h>

/**
 * copy_text - copy as much of @from as fits into the @size bytes at @to.
 *
 * Reads at most @from_max bytes of @from and stops at its end; the copy always
 * ends in a zero byte. @size is not 0. Returns true if all of it fitted.
 */
bool copy_text(char *to, size_t size, const char *from, size_t from_max);

/**
 * glob_match - does @text match @pattern, in which '*' is any run of
 * characters and '?' any one character?
 */
bool glob_match(const char *pattern, const char *text);

/**
 * parse_number - read an unsigned number from the start of @text.
 *
 * Decimal, or hexadecimal behind "0x"; as in C a sign is not part of it.
 * Sets *@end behind the last digit. Returns false, and leaves *@value alone,
 * if there is no digit or the number exceeds 64 bits.
 */
bool parse_number(const char *text, const char **end, uint64_t *value);

/**
 * parse_size - as parse_number(), and a letter may follow: K, M, G or T, of
 * either case, for 2^10, 2^20, 2^30 and 2^40.
 */
bool parse_size(const char *text, const char **end, uint64_t *value);

#endif /* XEN_TEXT_H */
