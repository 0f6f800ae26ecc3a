/* SPDX-License-Identifier: MIT */
/* badpage= of the command line. */
#ifndef XEN_BADPAGE_H
#define XEN_BADPAGE_H

/**
 * badpage_reserve - keep the frames that badpage= names from everybody.
 *
 * @text is the whole command line. A list has frame numbers in hexadecimal, and
 * ranges as in 1f00-1fff, with commas between; there may be several. What is
 * neither is named in a warning, and the rest counts. Boot only, before the
 * boot allocator gets the RAM.
 */
void badpage_reserve(const char *text);

#endif /* XEN_BADPAGE_H */
