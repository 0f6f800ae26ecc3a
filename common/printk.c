/* SPDX-License-Identifier: MIT */
/*
 * Formatted output.
 *
 * vsnprintf() reads one directive at a time into a struct directive, then
 * prints the argument by it. The console gets whole messages, one at a time.
 */
#include <xen/arch.h>
#include <xen/printk.h>
#include <xen/spinlock.h>
#include <xen/string.h>
#include <xen/symbols.h>

/* The longest message, its final zero byte included. */
#define MESSAGE_SIZE 512

/* As many digits as 64 bits have in octal would do; nothing here is longer. */
#define MAX_DIGITS 24

static spinlock_t console_lock = SPINLOCK_INIT(LOCK_RANK_CONSOLE);
static enum log_level max_level = LOG_INFO;
static bool forced; /* see console_force() */

/* Where the text goes; what does not fit is counted all the same. */
struct output {
    char *buffer;
    size_t size;
    size_t length;
};

struct directive {
    bool left, zeroes, alternate; /* the flags '-', '0', '#' */
    int width;                    /* at least so many characters */
    int precision;                /* -1: none given */
    unsigned int size;            /* of the argument, in bytes */
    char conversion;
};

static void put(struct output *out, char character)
{
    if (out->length + 1 < out->size)
        out->buffer[out->length] = character;
    out->length++;
}

static void put_many(struct output *out, char character, int nr)
{
    while (nr-- > 0)
        put(out, character);
}

static void put_text(struct output *out, const struct directive *d,
                     const char *text)
{
    size_t max = d->precision < 0 ? SIZE_MAX : (size_t)d->precision;
    size_t length = strnlen(text ? text : "(null)", max);
    int padding = d->width - (int)length;

    if (!text)
        text = "(null)";
    if (!d->left)
        put_many(out, ' ', padding);
    for (size_t i = 0; i < length; i++)
        put(out, text[i]);
    if (d->left)
        put_many(out, ' ', padding);
}

/* Write the digits of @value backwards; returns how many there are. */
static int digits_of(char digits[MAX_DIGITS], uint64_t value, unsigned int base,
                     char conversion)
{
    const char *set =
        conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    int nr = 0;

    for (; value; value /= base)
        digits[nr++] = set[value % base];

    return nr;
}

static const char *number_prefix(const struct directive *d, uint64_t value,
                                 bool negative)
{
    if (negative)
        return "-";
    if (!d->alternate || value == 0)
        return "";

    return d->conversion == 'X' ? "0X" : "0x";
}

static void put_number(struct output *out, const struct directive *d,
                       uint64_t value, bool negative)
{
    bool hexadecimal = d->conversion != 'd' && d->conversion != 'u';
    const char *prefix = number_prefix(d, value, negative);
    char digits[MAX_DIGITS];
    int nr = digits_of(digits, value, hexadecimal ? 16 : 10, d->conversion);
    int prefix_length = (int)strlen(prefix);
    int zeroes = (d->precision < 0 ? 1 : d->precision) - nr;

    if (d->zeroes && !d->left && d->precision < 0)
        zeroes = d->width - nr - prefix_length > zeroes
                     ? d->width - nr - prefix_length
                     : zeroes;
    if (zeroes < 0)
        zeroes = 0;

    if (!d->left)
        put_many(out, ' ', d->width - prefix_length - zeroes - nr);
    while (*prefix)
        put(out, *prefix++);
    put_many(out, '0', zeroes);
    for (int i = nr - 1; i >= 0; i--)
        put(out, digits[i]);
    if (d->left)
        put_many(out, ' ', d->width - prefix_length - zeroes - nr);
}

/* %pS: function+offset/size, or the bare address. */
static void put_symbol(struct output *out, struct directive *d,
                       uintptr_t address)
{
    char text[128];
    size_t offset, size;
    const char *name = symbol_lookup(address, &offset, &size);

    if (name)
        snprintf(text, sizeof(text), "%.80s+%#zx/%#zx", name, offset, size);
    else
        snprintf(text, sizeof(text), "%#lx", address);
    put_text(out, d, text);
}

/* Read a number of the format, or take it from the arguments for a '*'. */
static const char *read_count(const char *at, int *count, va_list *args)
{
    if (*at == '*') {
        *count = va_arg(*args, int);
        return at + 1;
    }
    *count = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        *count = *count * 10 + (*at - '0');

    return at;
}

static const char *read_flags(const char *at, struct directive *d)
{
    for (;; at++) {
        if (*at == '-')
            d->left = true;
        else if (*at == '0')
            d->zeroes = true;
        else if (*at == '#')
            d->alternate = true;
        else
            return at;
    }
}

static const char *read_size(const char *at, struct directive *d)
{
    d->size = sizeof(int);
    if (*at == 'z') {
        d->size = sizeof(size_t);
        return at + 1;
    }
    for (; *at == 'h'; at++)
        d->size /= 2;
    for (; *at == 'l'; at++)
        d->size = sizeof(long);

    return at;
}

/* Read the directive behind a '%'; returns what follows it. */
static const char *read_directive(const char *at, struct directive *d,
                                  va_list *args)
{
    *d = (struct directive){ .precision = -1 };
    at = read_flags(at, d);
    at = read_count(at, &d->width, args);
    if (d->width < 0) {
        d->left = true;
        d->width = -d->width;
    }
    if (*at == '.')
        at = read_count(at + 1, &d->precision, args);
    at = read_size(at, d);
    d->conversion = *at == 'i' ? 'd' : *at;

    return *at ? at + 1 : at;
}

static void put_signed(struct output *out, const struct directive *d,
                       va_list *args)
{
    int64_t value =
        d->size == sizeof(long) ? va_arg(*args, long) : va_arg(*args, int);

    if (d->size == sizeof(short))
        value = (short)value;
    else if (d->size == sizeof(char))
        value = (signed char)value;
    put_number(out, d, value < 0 ? -(uint64_t)value : (uint64_t)value,
               value < 0);
}

static void put_unsigned(struct output *out, const struct directive *d,
                         va_list *args)
{
    uint64_t value = d->size == sizeof(long) ? va_arg(*args, unsigned long)
                                             : va_arg(*args, unsigned int);

    if (d->size < sizeof(int))
        value &= (1UL << (d->size * 8)) - 1;
    put_number(out, d, value, false);
}

/* Print the argument of @d; false if there is no such conversion. */
static bool put_argument(struct output *out, struct directive *d,
                         const char **at, va_list *args)
{
    char one[2] = "";

    switch (d->conversion) {
    case 'd': put_signed(out, d, args); return true;
    case 'u':
    case 'x':
    case 'X': put_unsigned(out, d, args); return true;
    case 's': put_text(out, d, va_arg(*args, const char *)); return true;
    case '%': put(out, '%'); return true;
    case 'c':
        one[0] = (char)va_arg(*args, int);
        put_text(out, d, one);
        return true;
    case 'p':
        if (**at == 'S') {
            (*at)++;
            put_symbol(out, d, va_arg(*args, uintptr_t));
            return true;
        }
        d->alternate = true;
        put_number(out, d, va_arg(*args, uintptr_t), false);
        return true;
    }

    return false;
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list args)
{
    struct output out = { .buffer = buffer, .size = size };
    struct directive d;
    va_list rest;

    va_copy(rest, args);
    while (*format) {
        const char *start = format;

        if (*format++ != '%') {
            put(&out, *start);
            continue;
        }
        format = read_directive(format, &d, &rest);
        if (!put_argument(&out, &d, &format, &rest)) {
            while (start < format)
                put(&out, *start++);
        }
    }
    va_end(rest);
    if (size > 0)
        buffer[out.length < size ? out.length : size - 1] = '\0';

    return (int)out.length;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(buffer, size, format, args);
    va_end(args);

    return length;
}

/* Whoever is stopping the machine prints in any case. */
__no_lock_analysis
static void console_write(const char *text)
{
    bool lock = !forced;

    if (lock)
        spin_lock(&console_lock);
    arch_console_write(text, strlen(text));
    if (lock)
        spin_unlock(&console_lock);
}

static void print_message(const char *prefix, const char *format, va_list args)
{
    char message[MESSAGE_SIZE];
    size_t length = strlen(prefix);

    memcpy(message, prefix, length);
    length += (size_t)vsnprintf(message + length, sizeof(message) - length,
                                format, args);
    if (length >= sizeof(message))
        memcpy(message + sizeof(message) - 5, "...\n", 5);
    console_write(message);
}

void printk(enum log_level level, const char *format, ...)
{
    va_list args;

    if (level > console_level())
        return;
    va_start(args, format);
    print_message(level == LOG_ERROR     ? "error: "
                  : level == LOG_WARNING ? "warning: "
                                         : "",
                  format, args);
    va_end(args);
}

void console_printf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_message("", format, args);
    va_end(args);
}

void console_set_level(enum log_level level)
{
    __atomic_store_n(&max_level, level, __ATOMIC_RELAXED);
}

enum log_level console_level(void)
{
    return __atomic_load_n(&max_level, __ATOMIC_RELAXED);
}

void console_force(void)
{
    __atomic_store_n(&forced, true, __ATOMIC_RELAXED);
}
