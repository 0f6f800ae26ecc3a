/* SPDX-License-Identifier: MIT */
/*
 * Formatted output, to the console and to a buffer.
 *
 * Understands %d %i %u %x %X %c %s %p %%, the lengths h, hh, l, ll, z, flags
 * '-', '0' and '#', a width and a precision, '*' for either. And of our own:
 *
 *   %pS   a code address as function+offset/size, or in hexadecimal if its
 *         function is not known (see <xen/symbols.h>)
 *
 * What it does not understand it prints as it stands, so the slip is seen.
 */
#ifndef XEN_PRINTK_H
#define XEN_PRINTK_H

#include <stdarg.h>

#include <xen/compiler.h>
#include <xen/types.h>

/* How much a message matters. Those above the console's level are dropped. */
enum log_level {
    LOG_ERROR,   /* something is lost, or will not work */
    LOG_WARNING, /* something is odd, and was mended or ignored */
    LOG_INFO,    /* what a user wants to see at each boot */
    LOG_DEBUG,   /* what a developer wants to see */
};

/**
 * printk - print to the console if @level is not above the console's level.
 *
 * Takes console_lock, a leaf: may be called with any lock held but that one.
 * A message is whole on the console, of at most 511 bytes, and ends in '\n'
 * where the caller says so.
 */
void printk(enum log_level level, const char *format, ...) __printf(2, 3);

/* What answers a user's question, whatever the level: the monitor's, TAP. */
void console_printf(const char *format, ...) __printf(1, 2);

/* The console's level; from the start LOG_INFO. */
void console_set_level(enum log_level level);
enum log_level console_level(void);

/**
 * console_force - let whoever prints from now on not wait for console_lock.
 * For arch_bug() alone, whose CPU may be the one that holds it.
 */
void console_force(void);

/**
 * vsnprintf, snprintf - format into the @size bytes at @buffer.
 *
 * As in C: the text always ends in a zero byte if @size is not 0, and the
 * answer is the length that it would have had with room for all of it.
 */
int vsnprintf(char *buffer, size_t size, const char *format, va_list args)
    __printf(3, 0);
int snprintf(char *buffer, size_t size, const char *format, ...) __printf(3, 4);

#endif /* XEN_PRINTK_H */
